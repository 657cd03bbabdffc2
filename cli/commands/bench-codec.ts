/**
 * `vstack bench codec`: how fast Reed-Solomon is, in Node and in Chromium, beside the best native codec. All take turns, a
 * round each, so that what else the machine does is shared.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CodecRow, NativeSamples } from "../bench/codec/codec-rows.ts";
import { codecRows, rateOf } from "../bench/codec/codec-rows.ts";
import type { CodecSample } from "../bench/codec/codec-trials.ts";
import { codecTrials } from "../bench/codec/codec-trials.ts";
import type { Contestant, NativeRound } from "../bench/codec/contestants.ts";
import { chromiumContestant, klauspostContestant } from "../bench/codec/contestants.ts";
import { machineFacts } from "../bench/run-facts.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, printLine, printTable, remark } from "../print.ts";

export interface CodecOptions {
  readonly rounds: number;
  readonly out?: string;
  readonly json: boolean;
}

/** Before engines have replaced slow code by fast. */
const WARM_UP_ROUNDS = 3;

interface Measured {
  readonly node: readonly CodecSample[];
  readonly chromium: readonly CodecSample[];
  readonly native: NativeSamples;
  /** Who could not be measured, and why. */
  readonly notRun: readonly { readonly who: string; readonly why: string }[];
}

/** @returns exit code: 1 when what is promised is not kept */
export async function benchCodec(options: CodecOptions): Promise<number> {
  const startedAt = new Date().toISOString();
  const { node, chromium, native, notRun } = await measure(options.rounds, interrupted());
  const rows = [...codecRows("node", node, native), ...codecRows("chromium", chromium, native)];
  const failed = rows.filter(({ verdict }) => verdict === "fail").length;
  const passed = rows.filter(({ verdict }) => verdict === "pass").length;
  if (!options.json) printRows(rows, native, notRun);
  const folder = options.out ?? join("bench-results", startedAt.replace(/[:.]/g, "-"));
  const report = join(folder, "codec.json");
  const verdict = failed > 0 ? "fail" : "pass";
  await mkdir(folder, { recursive: true });
  const content = { startedAt, machine: machineFacts(null), rounds: options.rounds, verdict, rows, native, notRun };
  await writeFile(report, `${JSON.stringify(content, null, 2)}\n`);
  remark(`Report in ${report}`);
  remark(`${passed} passed, ${failed} failed`);
  printJson({ verdict, passed, failed, rows, native: nativeRates(native), notRun, report });
  return failed === 0 ? 0 : 1;
}

async function measure(rounds: number, signal: AbortSignal): Promise<Measured> {
  const own = await codecTrials(() => performance.now());
  const [page, go] = await Promise.all([chromiumContestant(signal), klauspostContestant(signal)]);
  const node: CodecSample[] = [];
  const chromium: CodecSample[] = [];
  const native: NativeRound[] = [];
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
      const [nodeRound, nativeRound, pageRound] = [own.round(), await roundOf(go), await roundOf(page)];
      if (round < WARM_UP_ROUNDS) continue;
      node.push(...nodeRound);
      chromium.push(...(pageRound ?? []));
      if (nativeRound !== undefined) native.push(nativeRound);
    }
  } finally {
    await Promise.all([closed(page), closed(go)]);
  }
  return {
    ...{ node, chromium },
    native: { encode: native.flatMap(({ encodeMs }) => encodeMs), decode: native.flatMap(({ decodeMs }) => decodeMs) },
    notRun: [...absent("chromium", page), ...absent("klauspost", go)],
  };
}

async function roundOf<Round>(who: Contestant<Round>): Promise<Round | undefined> {
  return "notRun" in who ? undefined : await who.round();
}

async function closed(who: Contestant<unknown>): Promise<void> {
  if (!("notRun" in who)) await who.close();
}

function absent(who: string, found: Contestant<unknown>): Measured["notRun"] {
  return "notRun" in found ? [{ who, why: found.notRun }] : [];
}

function nativeRates({ encode, decode }: NativeSamples) {
  if (encode.length === 0 || decode.length === 0) return null;
  return { name: "klauspost", encode: rateOf(encode), decode: rateOf(decode), samples: encode.length };
}

function printRows(rows: readonly CodecRow[], native: NativeSamples, notRun: Measured["notRun"]): void {
  printLine("Reed-Solomon 3+2 of 2 MiB on one core; decode: two data shards lost. Median and middle half.");
  const rates = nativeRates(native);
  const nativeCells = (["encode", "decode"] as const).flatMap((work) => {
    if (rates === null) return [];
    const { bytesPerSecond, quartiles } = rates[work];
    return [
      ["native", "klauspost", work, "in place", rateText(bytesPerSecond), spread(quartiles), "-", "-", "100 %", "-"],
    ];
  });
  printTable(
    ["WHERE", "KERNEL", "WORK", "BYTES", "MEASURED", "MIDDLE HALF", "MUST", "AIM", "SHARE", "VERDICT"],
    [
      ...rows.map((row) => [
        ...[row.platform, row.kernel, row.work, row.memory, rateText(row.bytesPerSecond), spread(row.quartiles)],
        ...[row.mustBytesPerSecond === null ? "-" : rateText(row.mustBytesPerSecond), aimText(row)],
        ...[row.nativeShare === null ? "not run" : shareText(row.nativeShare), verdictText(row)],
      ]),
      ...nativeCells,
    ],
  );
  for (const { who, why } of notRun) printLine(`${who}: not run: ${why}`);
}

function verdictText({ verdict, meetsAim }: CodecRow): string {
  return verdict ?? (meetsAim === null ? "-" : meetsAim ? "aim reached" : "aim missed");
}

function aimText({ aimBytesPerSecond, aimNativeShare }: CodecRow): string {
  if (aimBytesPerSecond === null || aimNativeShare === null) return "-";
  return `${rateText(aimBytesPerSecond)}, ${shareText(aimNativeShare)}`;
}

function rateText(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
}

function spread([low, high]: readonly [number, number]): string {
  return `${(low / 1e9).toFixed(2)} to ${(high / 1e9).toFixed(2)}`;
}

function shareText(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
