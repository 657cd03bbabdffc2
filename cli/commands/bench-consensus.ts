/**
 * `vstack bench consensus`: our acceptors beside a three-node etcd on the same machine, in one run, by the same client: making
 * registers that do not exist. It prints both sides, the ratio with its interval, and which of the comparisons is fair.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { PairedRatio } from "#core/benchmark/paired-ratio.ts";
import { pairedRatio } from "#core/benchmark/paired-ratio.ts";
import { quantile } from "#core/benchmark/statistics.ts";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import type { Random } from "#core/random.ts";
import { seededRandom } from "#core/random.ts";
import { liveFetch } from "#wire/client/http.ts";
import { pooledFetch } from "#wire/server/pooled-fetch.ts";
import { startAcceptorSide } from "../bench/consensus/acceptor-side.ts";
import { etcdVersion, startEtcd } from "../bench/consensus/etcd-side.ts";
import { registerSource } from "../bench/consensus/register-side.ts";
import type { Load, Measuring, Round, Sides, Slice } from "../bench/consensus/slices.ts";
import { measure, outageMs } from "../bench/consensus/slices.ts";
import type { Links } from "../bench/links/start-links.ts";
import { startLinks } from "../bench/links/start-links.ts";
import { machineFacts } from "../bench/run-facts.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, printLine, printTable, remark, startProgress } from "../print.ts";

export interface BenchConsensusOptions {
  readonly rounds: number;
  readonly sliceSeconds: number;
  readonly warmSeconds: number;
  readonly kills: number;
  readonly acceptors: number;
  readonly etcd: string;
  readonly seed: number;
  readonly out?: string;
  readonly json: boolean;
}

/** What a row of the table measures. */
interface Wanted extends Load {
  readonly id: string;
  /** Why the two sides may be compared, or how they differ. */
  readonly note: string;
}

const BATCH = 60;
const ROUND_TRIPS_MS = [0, 10] as const;
const FAIR = "fair: one register a request on both sides";
const WANTED: readonly Wanted[] = [
  { id: "1 client", clients: 1, batch: 1, bundling: "single", note: FAIR },
  { id: "32 clients", clients: 32, batch: 1, bundling: "single", note: FAIR },
  {
    ...{ id: "32 clients, as shipped", clients: 32, batch: 1, bundling: "bundled" },
    note: "both as shipped: our proposer bundles what its clients ask for at once; etcd's leader bundles, its client does not",
  },
  {
    ...{ id: `1 client, ${BATCH} at once`, clients: 1, batch: BATCH, bundling: "bundled" },
    note: `fair in messages: one each; etcd's transaction is all ${BATCH} or none, ours are ${BATCH} decisions`,
  },
  {
    ...{ id: `32 clients, ${BATCH} at once`, clients: 32, batch: BATCH, bundling: "bundled" },
    note: "as above; ours also bundles what several clients make at once",
  },
];

/** Compilers of running programs need some thousand calls before servers are as fast as they stay. */
const WARMING: Load = { clients: 32, batch: 1, bundling: "single" };

/** The promises, on figures of rows above. */
const PROMISES = [
  { id: "p50 at 10 ms", roundTripMs: 10, row: "1 client", of: "p50", is: "at-most", value: 0.6 },
  { id: "throughput of 32 clients", roundTripMs: 0, row: "32 clients", of: "throughput", is: "at-least", value: 2 },
  {
    id: "throughput of 32 clients, as shipped",
    roundTripMs: 0,
    row: "32 clients, as shipped",
    of: "throughput",
    is: "at-least",
    value: 2,
  },
] as const;

interface Row {
  readonly roundTripMs: number;
  readonly load: Wanted;
  readonly rounds: readonly Round[];
  /** Ours to theirs; null when theirs did not run. */
  readonly p50: PairedRatio | null;
  readonly throughput: PairedRatio | null;
}

interface Outages {
  readonly oursMs: readonly number[];
  readonly theirsMs: readonly number[];
}

/** @returns exit code: 1 when a promise is not kept */
export async function benchConsensus(options: BenchConsensusOptions): Promise<number> {
  const signal = interrupted();
  const version = await etcdVersion(options.etcd);
  const notRun = version === null ? `not run: there is no program "${options.etcd}" here` : null;
  const startedAt = new Date().toISOString();
  const random = seededRandom(options.seed);
  const progress = startProgress({ quiet: options.json });
  const rows: Row[] = [];
  let outages: Outages = { oursMs: [], theirsMs: [] };
  for (const roundTripMs of ROUND_TRIPS_MS) {
    await withSides({ options, roundTripMs, hasEtcd: version !== null, signal }, async (sides) => {
      const registers = registerSource(holderIds());
      const { rounds } = options;
      const measuring = { sides, rounds, sliceMs: options.sliceSeconds * 1000, registers, random, signal };
      progress.show(`${roundTripMs} ms, warming up`, 0, `load ${loadText()}`);
      await measure(WARMING, { ...measuring, rounds: 1, sliceMs: (options.warmSeconds * 1000) / 2 });
      for (const [at, load] of WANTED.entries()) {
        progress.show(`${roundTripMs} ms, ${load.id}`, at / WANTED.length, `load ${loadText()}`);
        rows.push(rowOf(roundTripMs, load, await measure(load, measuring), random));
      }
      if (roundTripMs === 0) outages = await killSome(options.kills, measuring);
    });
  }
  progress.end();
  const verdicts = PROMISES.map((promise) => verdictOf(promise, rows));
  const report = {
    ...{
      schema: 1,
      startedAt,
      machine: machineFacts(null),
      loadAverage: loadavg()[0],
      options,
      etcd: version ?? notRun,
    },
    ...{ rows, outages, verdicts },
  };
  const folder = options.out ?? join("bench-results", startedAt.replace(/[:.]/g, "-"));
  await mkdir(folder, { recursive: true });
  const file = join(folder, "consensus.json");
  await writeFile(file, `${JSON.stringify(report)}\n`);
  if (!options.json) printReport({ rows, outages, verdicts, etcd: version ?? notRun ?? "" });
  const count = (verdict: string) => verdicts.filter((one) => one.verdict === verdict).length;
  remark(`Report in ${file}`);
  remark(`${count("pass")} passed, ${count("fail")} failed`);
  const verdict = count("fail") > 0 ? "fail" : count("not run") > 0 ? "not run" : "pass";
  printJson({ verdict, etcd: version ?? notRun, loadAverage: loadavg()[0], verdicts, report: file });
  return verdict === "fail" ? 1 : 0;
}

interface Setting {
  readonly options: BenchConsensusOptions;
  readonly roundTripMs: number;
  readonly hasEtcd: boolean;
  readonly signal: AbortSignal;
}

async function withSides(setting: Setting, use: (sides: Sides) => Promise<void>): Promise<void> {
  const { options, roundTripMs, hasEtcd, signal } = setting;
  const folder = await mkdtemp(join(tmpdir(), "vstack-bench-consensus-"));
  const links: Links | null = roundTripMs === 0 ? null : startLinks(process.argv[1] ?? "");
  const common = { folder, roundTripMs, links, fetch: pooledFetch(liveFetch), signal };
  const started: Sides["ours"][] = [];
  try {
    const ours = await startAcceptorSide({ ...common, count: options.acceptors });
    started.push(ours);
    const theirs = hasEtcd ? await startEtcd({ ...common, program: options.etcd }) : null;
    if (theirs !== null) started.push(theirs);
    await use({ ours, theirs });
  } finally {
    await Promise.all(started.map((side) => side.stop()));
    links?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Three homes, as every new record names. */
function holderIds(): NodeId[] {
  return ["n1", "n2", "n3"].flatMap((name) => parseNodeId(name) ?? []);
}

function rowOf(roundTripMs: number, load: Wanted, rounds: readonly Round[], random: Random): Row {
  const pairs = (figure: (slice: Slice) => number) =>
    rounds.flatMap(({ ours, theirs }): [number, number][] => {
      const pair: [number, number] = [figure(ours), theirs === null ? NaN : figure(theirs)];
      return pair.every((each) => each > 0) ? [pair] : [];
    });
  const ratio = (figure: (slice: Slice) => number) => {
    const counted = pairs(figure);
    return counted.length === 0 ? null : pairedRatio(counted, random);
  };
  return {
    ...{ roundTripMs, load, rounds },
    p50: ratio(({ p50Ms }) => p50Ms),
    throughput: ratio(({ registersPerSecond }) => registersPerSecond),
  };
}

async function killSome(kills: number, measuring: Measuring): Promise<Outages> {
  const { ours, theirs } = measuring.sides;
  const [oursMs, theirsMs]: [number[], number[]] = [[], []];
  for (let kill = 0; kill < kills; kill += 1) {
    oursMs.push(await outageMs(ours, measuring));
    if (theirs !== null) theirsMs.push(await outageMs(theirs, measuring));
  }
  return { oursMs, theirsMs };
}

function verdictOf({ id, roundTripMs, row: name, of, is, value }: (typeof PROMISES)[number], rows: readonly Row[]) {
  const row = rows.find((each) => each.roundTripMs === roundTripMs && each.load.id === name);
  const measured = row?.[of] ?? null;
  const promise = { id, is, value };
  if (measured === null) return { ...promise, measured: null, interval: null, verdict: "not run" as const };
  const isKept = is === "at-most" ? measured.ratio <= value : measured.ratio >= value;
  const verdict = isKept ? ("pass" as const) : ("fail" as const);
  return { ...promise, measured: measured.ratio, interval: measured.interval, verdict };
}

interface Printed {
  readonly rows: readonly Row[];
  readonly outages: Outages;
  readonly verdicts: readonly ReturnType<typeof verdictOf>[];
  readonly etcd: string;
}

function printReport({ rows, outages, verdicts, etcd }: Printed): void {
  printLine(`Making registers that do not exist; etcd: ${etcd}; load average ${loadText()}`);
  printTable(
    ["round trip", "load", "ours p50 / p99", "etcd p50 / p99", "p50 ratio", "ours/s", "etcd/s", "ratio"],
    rows.map(({ roundTripMs, load, rounds, p50, throughput }) => [
      ...[`${roundTripMs} ms`, load.id, latencyText(rounds.map(({ ours }) => ours))],
      ...[latencyText(rounds.flatMap(({ theirs }) => theirs ?? [])), ratioText(p50)],
      ...[rateText(rounds.map(({ ours }) => ours)), rateText(rounds.flatMap(({ theirs }) => theirs ?? []))],
      ratioText(throughput),
    ]),
  );
  printLine("");
  for (const { id, note } of WANTED) printLine(`${id}: ${note}`);
  printLine(
    "Not comparable in kind: etcd orders everything that it is told, and tells watchers; ours orders each register alone",
  );
  printLine("Ratios: ours to etcd, geometric mean over the rounds, 95 % bootstrap interval");
  printLine("");
  printLine(`Until the next commit after kill -9: an acceptor of ours ${outageText(outages.oursMs)};`);
  printLine(
    `  the leader of etcd ${outageText(outages.theirsMs)} (its default election timeout of 1 s; ours has no leader)`,
  );
  for (const { id, is, value, measured, verdict } of verdicts) {
    const figure = measured === null ? "-" : `${measured.toFixed(2)} x`;
    printLine(`${verdict.toUpperCase()}  ${id}: ${figure}, ${is === "at-most" ? "at most" : "at least"} ${value} x`);
  }
}

const loadText = (): string => (loadavg()[0] ?? 0).toFixed(1);

function median(values: readonly number[]): number {
  return values.length === 0
    ? NaN
    : quantile(
        values.toSorted((a, b) => a - b),
        0.5,
      );
}

function latencyText(slices: readonly Slice[]): string {
  if (slices.length === 0) return "not run";
  return `${median(slices.map(({ p50Ms }) => p50Ms)).toFixed(1)} / ${median(slices.map(({ p99Ms }) => p99Ms)).toFixed(1)} ms`;
}

function rateText(slices: readonly Slice[]): string {
  return slices.length === 0 ? "not run" : median(slices.map(({ registersPerSecond: rate }) => rate)).toFixed(0);
}

function ratioText(ratio: PairedRatio | null): string {
  if (ratio === null) return "-";
  return `${ratio.ratio.toFixed(2)} (${ratio.interval[0].toFixed(2)} to ${ratio.interval[1].toFixed(2)})`;
}

function outageText(gapsMs: readonly number[]): string {
  if (gapsMs.length === 0) return "not run";
  return `${median(gapsMs).toFixed(1)} ms (${gapsMs.map((gap) => gap.toFixed(1)).join(", ")})`;
}
