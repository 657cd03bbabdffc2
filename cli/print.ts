/** What a command says: tables and progress for people, JSON lines for programs. Answers on stdout, the rest on stderr. */
import { oneLine } from "#wire/contract/catalog-api.ts";

/** One line of JSON on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Titles and names come from anybody: what a terminal would obey is taken out. */
export function printLine(text: string): void {
  process.stdout.write(`${oneLine(text)}\n`);
}

/** A remark for people that must not disturb the answer on standard output. */
export function remark(text: string): void {
  process.stderr.write(`${text.split("\n").map(oneLine).join("\n")}\n`);
}

/**
 * Columns as wide as their widest cell, two spaces between them.
 *
 * @param head names of the columns
 * @param rows as many cells each as there are columns
 */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => oneLine(row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => oneLine(cell).padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  for (const row of [head, widths.map((width) => "-".repeat(width)), ...rows]) process.stdout.write(`${line(row)}\n`);
}

/** 1536 -> "1.5 KiB"; binary units, one decimal. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** 75.3 -> "1:15". */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

const BAR_CELLS = 28;
/** A terminal needs no more than ten pictures a second. */
const REDRAW_MS = 100;

/** A progress line: redrawn in place on a terminal, one line per new label elsewhere. */
export interface Progress {
  show(label: string, doneRatio: number, detail: string): void;
  end(): void;
}

/**
 * @param quiet says nothing at all, for `--json`
 * @param shared several of them write at once: one line per new label, nothing is redrawn
 */
export function startProgress({ quiet, shared = false }: { quiet: boolean; shared?: boolean }): Progress {
  if (process.env["VSTACK_PROGRESS"] === "json" && !quiet) return progressForPrograms();
  const live = process.stderr.isTTY && !quiet && !shared;
  let drawnAtMs = -Infinity;
  let lastLabel = "";
  return {
    show(words, doneRatio, detail) {
      if (quiet) return;
      const label = oneLine(words);
      if (!live) {
        if (label !== lastLabel) remark(label);
        lastLabel = label;
        return;
      }
      const nowMs = performance.now();
      if (nowMs - drawnAtMs < REDRAW_MS && label === lastLabel) return;
      drawnAtMs = nowMs;
      lastLabel = label;
      const filled = Math.round(Math.min(1, Math.max(0, doneRatio)) * BAR_CELLS);
      process.stderr.write(`\r\u001b[K${label} [${"#".repeat(filled)}${".".repeat(BAR_CELLS - filled)}] ${detail}`);
    },
    end() {
      if (live && lastLabel !== "") process.stderr.write("\r\u001b[K");
      lastLabel = "";
    },
  };
}

/** A line of JSON twice a second at most, for a program that shows it to people. */
const PROGRAM_MS = 500;

function progressForPrograms(): Progress {
  let saidAtMs = -Infinity;
  return {
    show(label, doneRatio, detail) {
      const nowMs = performance.now();
      if (nowMs - saidAtMs < PROGRAM_MS) return;
      saidAtMs = nowMs;
      const ratio = Math.min(1, Math.max(0, doneRatio));
      process.stderr.write(`${JSON.stringify({ progress: { label, ratio, detail } })}\n`);
    },
    end: () => undefined,
  };
}
