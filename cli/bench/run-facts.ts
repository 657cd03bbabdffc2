/** What a report says about where and on what a benchmark ran. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import type { BenchInputs, Machine } from "#core/benchmark/report.ts";

export function machineFacts(chromium: string | null): Machine {
  return {
    cpus: availableParallelism(),
    cpuModel: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
    platform: `${type()} ${release()} ${arch()}`,
    node: process.version,
    chromium,
  };
}

/** The files of a folder of traces with their digests, by name; the folder's own name is nobody's business. */
export async function traceFiles(folder: string | undefined): Promise<BenchInputs["files"]> {
  if (folder === undefined) return [];
  const names = (await readdir(folder)).filter((name) => /\.(csv|json)$/.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(folder, name));
      return { name, sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
  );
}
