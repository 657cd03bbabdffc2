/** Every trial as a measurement of the report; one that breaks is said to be not run. */
import type { Measurement } from "#core/benchmark/report.ts";
import { median } from "#core/simulation/matrix-summary.ts";
import { prefetchedAbrError, warmStartupShare, workerFigures } from "./page-trials.ts";
import type { Stage } from "./play-session.ts";
import { accessLinkShare, lies, playAndDo, playWith, segmentShares } from "./trials.ts";

/** Generated networks of independent paths; each from the state that an earlier session left. */
const STARTUP_NETWORKS = ["s1-broadband-3", "s2-weak-node", "s5-mobile-paths", "s7-fast-bursty"];

type Found = Omit<Measurement, "interval">;
interface Trial {
  readonly name: string;
  readonly run: (stage: Stage, seed: number) => Promise<readonly Found[]>;
}

/** The longest comes last: when the time is up, no more is lost than it. */
const TRIALS: readonly Trial[] = [
  { name: "throughput over equal nodes", run: (stage) => throughput(stage, "throughput-equal", [4, 4, 4, 4]) },
  { name: "throughput over unequal nodes", run: (stage) => throughput(stage, "throughput-unequal", [1, 2, 4, 9]) },
  { name: "access link", run: accessLink },
  { name: "failover", run: failover },
  { name: "a lying node", run: liar },
  { name: "load on equal nodes", run: loadSpread },
  { name: "estimate with everything prefetched", run: prefetched },
  { name: "the worker on a network without limits", run: worker },
  { name: "startup of a returning viewer", run: startups },
];

export interface Measured {
  readonly measurements: readonly Measurement[];
  readonly notRun: readonly string[];
}

/** @param isTimeUp asked before each trial; what is left is then not run */
export async function measurePromises(
  stage: Stage,
  seed: number,
  { say, isTimeUp }: { say: (words: string) => void; isTimeUp: () => boolean },
): Promise<Measured> {
  const measurements: Measurement[] = [];
  const notRun: string[] = [];
  for (const { name, run } of TRIALS) {
    if (isTimeUp()) {
      notRun.push(`not run: ${name}, as the time was up`);
      continue;
    }
    say(name);
    try {
      measurements.push(...(await run(stage, seed)).map((found) => ({ ...found, interval: null })));
    } catch (error) {
      notRun.push(`not run: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { measurements, notRun };
}

async function throughput(stage: Stage, id: string, megabits: readonly number[]): Promise<Found[]> {
  const shares = await segmentShares(stage, megabits);
  const detail = `single segments of 4 MB over ${megabits.join(", ")} Mbit/s, median of ${shares.length}`;
  return [{ id, measured: median(shares), detail }];
}

async function accessLink(stage: Stage): Promise<Found[]> {
  const measured = Math.abs((await accessLinkShare(stage)) - 1);
  return [{ id: "access-link", measured, detail: "12 MiB, 3 MiB of each node at once, from the first byte on" }];
}

async function failover(stage: Stage): Promise<Found[]> {
  const refused = (await playWith(stage, { refuses: "n1" })).session.metrics;
  const hung = (await playWith(stage, { hangs: "n1" })).session.metrics;
  const detail = "one session, by the nodes' logs";
  const detected = [refused.detectedAfterMs, hung.detectedAfterMs].filter((value) => value !== null);
  return [
    { id: "failover-refuse", measured: refused.detectedAfterMs, detail },
    { id: "failover-hang", measured: hung.detectedAfterMs, detail },
    { id: "failover-stall", measured: refused.stallMs + hung.stallMs, detail: "both sessions" },
    {
      ...{ id: "ancestor-failover", measured: detected.length < 2 ? null : Math.max(...detected) },
      detail: "the slower of a node that refuses and one that hangs",
    },
  ];
}

async function liar(stage: Stage): Promise<Found[]> {
  const trial = await playWith(stage, { lies: "n2" });
  const wrong = trial.traces.filter(({ outcome }) => outcome === "failed").length;
  return [
    {
      ...{ id: "corrupt-blocks", measured: lies(trial, "n2").caught },
      detail: "one of four nodes lies from its first byte on",
    },
    {
      ...{ id: "wrong-bytes", measured: wrong },
      detail: "segments that were not delivered as they are; delivered blocks are verified",
    },
  ];
}

async function loadSpread(stage: Stage): Promise<Found[]> {
  const { session } = await playAndDo(stage, () => Promise.resolve());
  const bytes = session.nodes.map(({ receivedBytes }) => receivedBytes);
  const mean = bytes.reduce((sum, one) => sum + one, 0) / bytes.length;
  const measured = mean > 0 ? (Math.max(...bytes) - Math.min(...bytes)) / mean : null;
  const detail = "four nodes of 4 Mbit/s, one session: most and least bytes of a node apart, over the mean";
  return [{ id: "ancestor-load", measured, detail }];
}

async function startups(stage: Stage, seed: number): Promise<Found[]> {
  const shares: { readonly name: string; readonly share: number }[] = [];
  for (const name of STARTUP_NETWORKS) {
    shares.push({ name, share: (await warmStartupShare(stage, name, seed)) ?? 0 });
  }
  const worst = shares.reduce((least, one) => (one.share < least.share ? one : least));
  const detail = shares.map(({ name, share }) => `${name} ${(share * 100).toFixed(0)} %`).join(", ");
  return [
    { id: "startup-median", measured: median(shares.map(({ share }) => share)), detail },
    { id: "startup-worst", measured: worst.share, detail: worst.name },
  ];
}

async function prefetched(stage: Stage): Promise<Found[]> {
  return [{ id: "abr-error", ...(await prefetchedAbrError(stage)) }];
}

async function worker(stage: Stage): Promise<Found[]> {
  const { bitsPerSecond, costMsPerMiB } = await workerFigures(stage);
  const detail = `segments of 1 MB beside the same straight from one node, median of ${costMsPerMiB.length}`;
  return [
    { id: "worker-cost", measured: median(costMsPerMiB), detail },
    { id: "ancestor-throughput", measured: bitsPerSecond, detail: "segments of 4 MB one by one, nothing emulated" },
  ];
}
