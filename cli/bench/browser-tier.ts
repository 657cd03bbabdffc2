/**
 * The browser tier is a program of its own (e2e/bench), as it needs Playwright: it is started, its remarks are passed on,
 * and what it hands in is read from a file.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { BenchPart } from "#core/benchmark/report.ts";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { BenchPartSchema } from "#wire/contract/bench-report.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { remark } from "../print.ts";
import { serversFolder } from "../processes.ts";
import type { BenchMode } from "./bench-modes.ts";

export interface BrowserAsk {
  readonly mode: BenchMode;
  readonly seed: number;
  readonly folder: string;
  readonly traces?: string | undefined;
  readonly scenario?: readonly string[] | undefined;
  readonly strategy?: readonly string[] | undefined;
  readonly seeds?: number | undefined;
  readonly seconds?: number | undefined;
}

/** The longest form is bounded by this; a program that hangs must not hang its caller. */
const MAX_MINUTES: Readonly<Record<BenchMode, number>> = { smoke: 2, ci: 8, full: 90, custom: 90 };

/** @returns null when there is no browser tier here, or it failed: its rows are then shown as not measured */
export async function runBrowserTier(ask: BrowserAsk, signal: AbortSignal): Promise<BenchPart | null> {
  const program = fileURLToPath(new URL(`file://${join(serversFolder(), "..", "..", "e2e", "bench", "main.ts")}`));
  if (!existsSync(program)) {
    remark("The browser tier is not here: it needs the sources (e2e/bench)");
    return null;
  }
  const file = join(ask.folder, "browser-part.json");
  const words = [
    ...["--mode", ask.mode, "--seed", String(ask.seed), "--out", file],
    ...(ask.traces === undefined ? [] : ["--traces", ask.traces]),
    ...(ask.scenario === undefined ? [] : ["--scenario", ...ask.scenario]),
    ...(ask.strategy === undefined ? [] : ["--strategy", ...ask.strategy]),
    ...(ask.seeds === undefined ? [] : ["--seeds", String(ask.seeds)]),
    ...(ask.seconds === undefined ? [] : ["--seconds", String(ask.seconds)]),
  ];
  const deadline = AbortSignal.any([signal, deadlineSignal(MAX_MINUTES[ask.mode] * 60_000)]);
  const child = spawn(process.execPath, ["--import", "tsx", program, ...words], {
    stdio: ["ignore", 2, 2],
    signal: deadline,
    killSignal: "SIGTERM",
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => {
      resolve(null);
    });
    child.once("exit", resolve);
  });
  signal.throwIfAborted();
  if (code !== 0) {
    remark(`The browser tier ended with ${code ?? "an error"}: its rows were not measured`);
    return null;
  }
  const parsed = v.safeParse(BenchPartSchema, JSON.parse(await readFile(file, "utf8")));
  if (parsed.success) return parsed.output;
  throw new VStackError("bad-answer", `Cannot read the browser's part of the benchmark: ${v.summarize(parsed.issues)}`);
}
