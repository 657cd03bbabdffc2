/** The report as one page. */
import type { BenchReport } from "../report.ts";

export function htmlReport(report: BenchReport): string {
  return `<!doctype html><title>${report.run.id}</title>`;
}
