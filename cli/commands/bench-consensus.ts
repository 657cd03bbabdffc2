/**
 * `vstack bench consensus`: our acceptors beside a three-node etcd on the same machine, in one run, by the same client: making
 * registers that do not exist. It prints both sides, the ratio with its interval, and which of the comparisons is fair.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import { seededRandom } from "#core/random.ts";
import { liveFetch } from "#wire/client/http.ts";
import { pooledFetch } from "#wire/server/pooled-fetch.ts";
import { startAcceptorSide } from "../bench/consensus/acceptor-side.ts";
import type { Outages, Row } from "../bench/consensus/comparison.ts";
import { PROMISES, rowOf, verdictOf, WANTED } from "../bench/consensus/comparison.ts";
import { etcdVersion, startEtcd } from "../bench/consensus/etcd-side.ts";
import { loadText, printComparison } from "../bench/consensus/print-comparison.ts";
import { registerSource } from "../bench/consensus/register-side.ts";
import type { Load, Measuring, Sides } from "../bench/consensus/slices.ts";
import { measure, outageMs } from "../bench/consensus/slices.ts";
import type { Links } from "../bench/links/start-links.ts";
import { startLinks } from "../bench/links/start-links.ts";
import { machineFacts } from "../bench/run-facts.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, remark, startProgress } from "../print.ts";

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

const ROUND_TRIPS_MS = [0, 10] as const;

/** Compilers of running programs need some thousand calls before servers are as fast as they stay. */
const WARMING: Load = { clients: 32, batch: 1, bundling: "single" };

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
  if (!options.json) printComparison({ rows, outages, verdicts, etcd: version ?? notRun ?? "" });
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

async function killSome(kills: number, measuring: Measuring): Promise<Outages> {
  const { ours, theirs } = measuring.sides;
  const [oursMs, theirsMs]: [number[], number[]] = [[], []];
  for (let kill = 0; kill < kills; kill += 1) {
    oursMs.push(await outageMs(ours, measuring));
    if (theirs !== null) theirsMs.push(await outageMs(theirs, measuring));
  }
  return { oursMs, theirsMs };
}
