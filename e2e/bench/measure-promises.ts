/** Every trial as a measurement of the report; one that breaks is said to be not run. */
import type { PageStartup } from "#core/benchmark/page-startup.ts";
import type { Measurement } from "#core/benchmark/report.ts";
import { median } from "#core/simulation/matrix-summary.ts";
import { prefetchedAbrError, warmStartup, workerFigures } from "./page-trials.ts";
import type { Stage } from "./play-session.ts";
import type { PlayedTrial } from "./trials.ts";
import { accessLinkShare, lies, playAndDo, playWith, segmentShares } from "./trials.ts";

/** Generated networks of independent paths; each from the state that an earlier session left. */
const STARTUP_NETWORKS = ["s1-broadband-3", "s2-weak-node", "s5-mobile-paths", "s7-fast-bursty"];

type Found = Omit<Measurement, "interval">;
interface Trial {
  readonly name: string;
  /** Of the targets that it measures. */
  readonly ids: readonly string[];
  readonly run: (stage: Stage, options: TrialOptions) => Promise<readonly Found[]>;
}

/** The longest comes last: when the time is up, no more is lost than it. */
const TRIALS: readonly Trial[] = [
  {
    ...{ name: "throughput over equal nodes", ids: ["throughput-equal"] },
    run: (stage) => throughput(stage, "throughput-equal", [4, 4, 4, 4]),
  },
  {
    ...{ name: "throughput over unequal nodes", ids: ["throughput-unequal"] },
    run: (stage) => throughput(stage, "throughput-unequal", [1, 2, 4, 9]),
  },
  { name: "access link", ids: ["access-link"], run: accessLink },
  {
    ...{ name: "failover", ids: ["failover-refuse", "failover-hang", "failover-stall", "ancestor-failover"] },
    run: failover,
  },
  { name: "a lying node", ids: ["corrupt-blocks", "wrong-bytes"], run: liar },
  { name: "load on equal nodes", ids: ["ancestor-load"], run: loadSpread },
  { name: "estimate with everything prefetched", ids: ["abr-error"], run: prefetched },
  {
    ...{ name: "the worker on a network without limits", ids: ["worker-cost", "ancestor-throughput"] },
    run: worker,
  },
  { name: "startup of a returning viewer", ids: ["startup-median", "startup-worst"], run: startups },
];

export interface TrialOptions {
  readonly seed: number;
  /** What the page itself takes, when it is known. */
  readonly page: PageStartup | undefined;
  readonly say: (words: string) => void;
  /** Asked before each trial; what is left is then not run. */
  readonly isTimeUp: () => boolean;
}

export async function measurePromises(stage: Stage, options: TrialOptions): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const trial of TRIALS) {
    measurements.push(...(await resultsOf(trial, stage, options)).map((found) => ({ ...found, interval: null })));
  }
  return measurements;
}

async function resultsOf({ name, ids, run }: Trial, stage: Stage, options: TrialOptions): Promise<readonly Found[]> {
  const notRun = (why: string) => ids.map((id) => ({ id, measured: null, detail: `not run: ${why}` }));
  if (options.isTimeUp()) return notRun("the time was up");
  options.say(name);
  try {
    return await run(stage, options);
  } catch (error) {
    return notRun(error instanceof Error ? error.message : String(error));
  }
}

async function throughput(stage: Stage, id: string, megabits: readonly number[]): Promise<Found[]> {
  const { shares, nodesLateMsP99 } = await segmentShares(stage, megabits);
  const each = shares.map((share) => percent(share)).join(", ");
  const late = `timers of the nodes up to ${nodesLateMsP99.toFixed(0)} ms late (p99)`;
  const detail = `single segments of 4 MB over ${megabits.join(", ")} Mbit/s, median of ${each}; ${late}`;
  return [{ id, measured: median(shares), detail }];
}

async function accessLink(stage: Stage): Promise<Found[]> {
  const measured = Math.abs((await accessLinkShare(stage)) - 1);
  return [{ id: "access-link", measured, detail: "8 MiB, 2 MiB of each node at once, from the first byte on" }];
}

async function failover(stage: Stage): Promise<Found[]> {
  const first = await counting(() => playWith(stage, { refuses: "n1" }));
  const second = await counting(() => playWith(stage, { hangs: "n1" }));
  const [refused, hung] = [first.session.metrics, second.session.metrics];
  const told = ({ session }: PlayedTrial) =>
    session.metrics.detectedAfterMs === null ? "nothing was under way at the node" : "one session, by the nodes' logs";
  const detected = [refused.detectedAfterMs, hung.detectedAfterMs].filter((value) => value !== null);
  return [
    { id: "failover-refuse", measured: refused.detectedAfterMs, detail: told(first) },
    { id: "failover-hang", measured: hung.detectedAfterMs, detail: told(second) },
    { id: "failover-stall", measured: refused.stallMs + hung.stallMs, detail: "both sessions" },
    {
      ...{ id: "ancestor-failover", measured: detected.length < 2 ? null : Math.max(...detected) },
      detail: "the slower of a node that refuses and one that hangs",
    },
  ];
}

async function liar(stage: Stage): Promise<Found[]> {
  const trial = await counting(() => playWith(stage, { lies: "n2" }));
  const wrong = trial.traces.filter(({ outcome }) => outcome === "failed").length;
  return [
    {
      ...{ id: "corrupt-blocks", measured: lies(trial, "n2").caught },
      detail: "one of four nodes lies from its first byte on; header and first segment are fetched side by side",
    },
    {
      ...{ id: "wrong-bytes", measured: wrong },
      detail: "segments that were not delivered as they are; delivered blocks are verified",
    },
  ];
}

async function loadSpread(stage: Stage): Promise<Found[]> {
  const { session } = await counting(() => playAndDo(stage, () => Promise.resolve()));
  const bytes = session.nodes.map(({ receivedBytes }) => receivedBytes);
  const mean = bytes.reduce((sum, one) => sum + one, 0) / bytes.length;
  const measured = mean > 0 ? (Math.max(...bytes) - Math.min(...bytes)) / mean : null;
  const detail = "four nodes of 4 Mbit/s, one session: most and least bytes of a node apart, over the mean";
  return [{ id: "ancestor-load", measured, detail }];
}

async function startups(stage: Stage, { seed, page }: TrialOptions): Promise<Found[]> {
  const found: { readonly name: string; readonly share: number; readonly words: string }[] = [];
  for (const name of STARTUP_NETWORKS) {
    const startup = await warmStartup(stage, name, seed);
    const share = startup === null ? 0 : startup.boundMs / startup.startupMs;
    const words = startup === null ? "nothing shown" : `${percent(share)} of ${startup.startupMs.toFixed(0)} ms`;
    found.push({ name, share, words: `${name} ${words}` });
  }
  const worst = found.reduce((least, one) => (one.share < least.share ? one : least));
  // The bound is the network's alone; who reads a share of a fast network needs to know what the page takes anyway.
  const ofPage = page === undefined ? "" : `; the page itself takes ${page.workerMs.toFixed(0)} ms in a new browser`;
  const detail = `${found.map(({ words }) => words).join(", ")}${ofPage}`;
  return [
    { id: "startup-median", measured: median(found.map(({ share }) => share)), detail },
    { id: "startup-worst", measured: worst.share, detail: `${worst.words}${ofPage}` },
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

/** A session that counts, of two. @throws Error why neither does, such as a machine that was too busy */
async function counting(play: () => Promise<PlayedTrial>): Promise<PlayedTrial> {
  const first = await play();
  if (first.session.invalidReason === null) return first;
  const second = await play();
  if (second.session.invalidReason === null) return second;
  throw new Error(second.session.invalidReason);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
