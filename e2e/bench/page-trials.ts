/**
 * Promises about the whole page, measured in Chromium: how soon a returning viewer sees something, what the page itself takes,
 * what hls.js believes of the network when all was prefetched, what the worker costs. As trials.ts, on four nodes that hold
 * everything.
 */
import type { PageStartup } from "#core/benchmark/page-startup.ts";
import type { Measurement } from "#core/benchmark/report.ts";
import type { NetworkPlan } from "#core/network/conditions.ts";
import { planFor } from "#core/network/named-plans.ts";
import { FREE_PATH } from "#core/network/path-phases.ts";
import { constantRate, UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import { leastArrivalMs } from "#core/simulation/bound.ts";
import { median } from "#core/simulation/matrix-summary.ts";
import { QUERY } from "#wire/contract/paths.ts";
import type { SessionSight, Stage } from "./play-session.ts";
import { playSession } from "./play-session.ts";
import { planOf, prepareWorker, segmentsOf, timedFetch, TRIAL_NODES, withPage, workerPath } from "./trials.ts";

const NODE_IDS = Array.from({ length: TRIAL_NODES }, (_, index) => `n${index + 1}`);
/** What a viewer saw of the earlier video: enough to hear of every node. */
const EARLIER_MS = 6_000;
/** Its network: the same at another time. */
const EARLIER_SEED = 1_000_003;
/** Nobody waits longer for a first frame. */
const STARTUP_MS = 5_000;
const PREFETCHED_MS = 8_000;
const PAGE_SESSIONS = 3;
/** On a busy machine too. */
const PAGE_MS = 2_500;
const EQUAL_MEGABITS = [10, 10, 10, 10];
const MEGABIT = 1_000_000 / 8;

/** What a viewer waits who was here before, and the least that the network allows. */
export interface WarmStartup {
  readonly startupMs: number;
  readonly boundMs: number;
}

/** @returns null when nothing was shown in time */
export async function warmStartup(stage: Stage, scenario: string, seed: number): Promise<WarmStartup | null> {
  const plan = planFor(scenario, { seed, nodeIds: NODE_IDS });
  const earlier = planFor(scenario, { seed: seed + EARLIER_SEED, nodeIds: NODE_IDS });
  if (plan === undefined || earlier === undefined) throw new Error(`No network is called "${scenario}"`);
  const profile = await stage.browser.newContext({ serviceWorkers: "allow" });
  try {
    const before = { scenario, strategy: "smart", seed: seed + EARLIER_SEED };
    await playSession(stage, before, { plan: { ...earlier, changes: [] }, limitMs: EARLIER_MS, profile });
    const seen: SessionSight[] = [];
    await playSession(stage, { ...before, seed }, sightOf(seen, { plan, limitMs: STARTUP_MS, profile }));
    const [{ watched } = {}] = seen;
    const first = watched?.segments[0];
    if (watched === undefined || first === undefined || watched.startupMs === null) return null;
    const { measured, initBytes } = stage.video;
    const { sizeBytes = 0 } =
      [...measured.chunks.values()].find(({ rendition, seq }) => rendition === first.rendition && seq === first.seq) ??
      {};
    const boundMs = leastArrivalMs(plan, (initBytes.get(first.rendition) ?? 0) + sizeBytes);
    return { startupMs: watched.startupMs, boundMs };
  } finally {
    await profile.close();
  }
}

/** What the page itself takes to its first frame; undefined when it showed none. */
export async function pageStartup(stage: Stage): Promise<PageStartup | undefined> {
  const startups = async (strategy: string): Promise<number | null> => {
    const seen: SessionSight[] = [];
    const wish = { scenario: "free", strategy, seed: 1 };
    for (let at = 0; at < PAGE_SESSIONS; at += 1) {
      await playSession(stage, wish, sightOf(seen, { plan: freePlan(stage.nodeCount), limitMs: PAGE_MS }));
    }
    return median(seen.flatMap(({ watched }) => watched.startupMs ?? []));
  };
  const [workerMs, plainMs] = [await startups("smart"), await startups("hls-tuned")];
  return workerMs === null || plainMs === null ? undefined : { workerMs, plainMs };
}

/** How far hls.js is from what the network gives, with everything that it plays prefetched by the worker. */
export async function prefetchedAbrError(stage: Stage): Promise<Omit<Measurement, "id">> {
  const { video } = stage;
  const plan = planOf("trial-prefetched", EQUAL_MEGABITS);
  const seen: SessionSight[] = [];
  // hls.js begins with the smallest rendition and goes on with what it believes the network to carry: the largest.
  const prefetched = [...segmentsOf(video, "largest"), ...segmentsOf(video, "smallest")];
  await playSession(
    stage,
    { scenario: plan.id, strategy: "smart", seed: 1 },
    sightOf(seen, {
      ...{ plan, limitMs: PREFETCHED_MS },
      before: async (page, session) => {
        for (const one of prefetched) await timedFetch(page, workerPath(one, video, session), one.sizeBytes);
      },
    }),
  );
  const [{ watched, traces } = {}] = seen;
  const believed = watched?.estimateBitsPerSecond ?? null;
  const ordered = EQUAL_MEGABITS.reduce((sum, megabits) => sum + megabits, 0) * MEGABIT * 8;
  const cached = traces?.filter(({ slot, servedFrom }) => slot === "segment" && servedFrom === "cache").length ?? 0;
  const detail = `${cached} of ${watched?.segments.length ?? 0} segments played out of the worker's cache; believed ${megabitText(believed)} of ${megabitText(ordered)}`;
  return { measured: believed === null ? null : Math.abs(believed / ordered - 1), interval: null, detail };
}

/** What goes through the worker on a network without limits, and what it costs beside a fetch straight from a node. */
export async function workerFigures(stage: Stage): Promise<{ bitsPerSecond: number; costMsPerMiB: readonly number[] }> {
  const { cluster, video, browser } = stage;
  const { nodes } = await cluster.status();
  const session = "trial-worker";
  return await withPage(browser, `${cluster.url}/bench-player.html`, async (page) => {
    await prepareWorker(page, stage, session);
    const costMsPerMiB: number[] = [];
    // Backwards, so that none was begun ahead; the first one opens connections.
    for (const [at, segment] of segmentsOf(video, "smallest").reverse().entries()) {
      const node = nodes[at % nodes.length];
      const direct = `${node?.url ?? ""}/chunks/${segment.hash}?${QUERY.session}=${session}`;
      const directMs = await timedFetch(page, direct, segment.sizeBytes);
      const workerMs = await timedFetch(page, workerPath(segment, video, session), segment.sizeBytes);
      if (at > 0) costMsPerMiB.push((workerMs - directMs) / (segment.sizeBytes / 2 ** 20));
    }
    let [bytes, tookMs] = [0, 0];
    for (const segment of segmentsOf(video, "largest").reverse()) {
      tookMs += await timedFetch(page, workerPath(segment, video, session), segment.sizeBytes);
      bytes += segment.sizeBytes;
    }
    return { bitsPerSecond: (bytes * 8000) / tookMs, costMsPerMiB };
  });
}

function freePlan(nodeCount: number): NetworkPlan {
  const access = constantRate(UNLIMITED_BYTES_PER_SECOND);
  const nodes = Array.from({ length: nodeCount }, (_, index) => ({ nodeId: `n${index + 1}`, path: FREE_PATH }));
  return { id: "free", expect: "", kind: "independent", access, nodes, changes: [] };
}

function sightOf(seen: SessionSight[], extras: Parameters<typeof playSession>[2]): Parameters<typeof playSession>[2] {
  return { ...extras, onSeen: (sight) => seen.push(sight) };
}

function megabitText(bitsPerSecond: number | null): string {
  return bitsPerSecond === null ? "nothing" : `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}
