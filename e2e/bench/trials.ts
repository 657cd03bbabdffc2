/**
 * Single promises of the scheduler, measured in Chromium: used by the benchmark as measurements (measure-promises.ts), by
 * e2e/flows/scheduler.spec.ts as tests. Each on four nodes that hold everything, with a network made for it.
 */
import type { Browser, Page } from "playwright";
import type { BenchSession } from "#core/benchmark/report.ts";
import type { NetworkPlan, ScheduledChange } from "#core/network/conditions.ts";
import { FREE_PATH } from "#core/network/path-phases.ts";
import { constantRate, UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import { PATHS, QUERY } from "#wire/contract/paths.ts";
import type { RenditionId } from "#core/ids.ts";
import { parseRenditionId } from "#core/ids.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { StoredVideo } from "./bench-media.ts";
import { clearNetwork, putPlan, readLogs } from "./lab.ts";
import type { Stage } from "./play-session.ts";
import { playSession } from "./play-session.ts";

export const TRIAL_NODES = 4;
/** Six segments of 4 MB: two to learn from, four to measure. */
export const TRIAL_SECONDS = 24;
const LEARNING_SEGMENTS = 2;
const MEGABIT = 1_000_000 / 8;
const ROUND_TRIP_MS = 10;
const FAULT_AT_MS = 3_000;
/** Long enough for whatever happens at three seconds to be seen; the rest would be more of the same. */
const TRIAL_MS = 10_000;
/** Of each node behind the access link. */
const LINK_BYTES = 2 * 1024 * 1024;
const LINK_BYTES_PER_SECOND = 10 * MEGABIT;

/** @param megabits of each node, in order */
export function planOf(id: string, megabits: readonly number[], rest: Partial<NetworkPlan> = {}): NetworkPlan {
  return {
    ...{ id, expect: "", kind: "independent", access: constantRate(UNLIMITED_BYTES_PER_SECOND), changes: [] },
    nodes: megabits.map((megabit, index) => ({
      nodeId: `n${index + 1}`,
      path: { ...FREE_PATH, rate: constantRate(megabit * MEGABIT), roundTripMs: ROUND_TRIP_MS },
    })),
    ...rest,
  };
}

/** Of single segments: the share of what the nodes have together. */
export interface SegmentShares {
  readonly shares: readonly number[];
  /** How late the nodes' own timers came meanwhile: a busy machine shows as a slow network. */
  readonly nodesLateMsP99: number;
}

/**
 * Single segments through the worker. Backwards, so that none was begun ahead.
 *
 * @param enough no more are fetched once one has reached this
 */
export async function segmentShares(stage: Stage, megabits: readonly number[], enough = 1): Promise<SegmentShares> {
  const { cluster, video, browser } = stage;
  const session = `trial-${megabits.join("-")}`;
  const total = megabits.reduce((sum, megabit) => sum + megabit, 0) * MEGABIT;
  const segments = segmentsOf(video, "largest");
  await putPlan(cluster, session, planOf("trial-rates", megabits));
  return await withPage(browser, `${cluster.url}/bench-player.html`, async (page) => {
    await prepareWorker(page, stage, session);
    const shares: number[] = [];
    for (const segment of segments.toReversed()) {
      const tookMs = await timedFetch(page, workerPath(segment, video, session), segment.sizeBytes);
      shares.push((segment.sizeBytes * 1000) / tookMs / total);
      const measured = shares.slice(LEARNING_SEGMENTS);
      if (measured.some((share) => share >= enough)) break;
    }
    const { paces } = await readLogs(cluster, session, 0);
    await clearNetwork(cluster, session);
    const nodesLateMsP99 = Math.max(0, ...paces.map(({ lateMsP99 }) => lateMsP99 ?? 0));
    return { shares: shares.slice(LEARNING_SEGMENTS), nodesLateMsP99 };
  });
}

/** What four nodes send together to Chromium behind one link, as a share of the link's rate. */
export async function accessLinkShare({ cluster, video, browser }: Stage): Promise<number> {
  const session = "trial-access-link";
  const access = constantRate(LINK_BYTES_PER_SECOND);
  await putPlan(cluster, session, planOf("trial-access", [10, 10, 10, 10], { access }));
  const [hash] = [...video.measured.chunks].find(([, { sizeBytes }]) => sizeBytes > LINK_BYTES) ?? [];
  const { nodes } = await cluster.status();
  const urls = nodes.map(({ url }) => `${url}/chunks/${hash ?? ""}?${QUERY.session}=${session}`);
  return await withPage(browser, cluster.url, async (page) => {
    const { bytes, tookMs } = await page.evaluate(
      async ({ addresses, end }) => {
        let [firstMs, lastMs, bytes] = [Infinity, 0, 0];
        // Without a name: what compiles this file adds calls to named functions that the page does not have.
        await Promise.all(
          addresses.map(async (url) => {
            const answer = await fetch(url, { cache: "no-store", headers: { range: `bytes=0-${end - 1}` } });
            const reader = answer.body?.getReader();
            for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
              lastMs = performance.now();
              // From the first piece on: how long answers take is not the link's rate.
              if (firstMs === Infinity) firstMs = lastMs;
              else bytes += part.value.length;
            }
          }),
        );
        return { bytes, tookMs: lastMs - firstMs };
      },
      { addresses: urls, end: LINK_BYTES },
    );
    await clearNetwork(cluster, session);
    return (bytes * 1000) / tookMs / LINK_BYTES_PER_SECOND;
  });
}

export interface PlayedTrial {
  readonly session: BenchSession;
  readonly traces: readonly SegmentTrace[];
}

/** What is wrong with which node. */
export interface Troubles {
  /** While its bytes are under way. */
  readonly refuses?: string;
  readonly hangs?: string;
  /** Sends wrong bytes, from the first on. */
  readonly lies?: string;
}

/** Plays by `smart` from nodes that fail. */
export async function playWith(stage: Stage, { refuses, hangs, lies: liar }: Troubles): Promise<PlayedTrial> {
  const faultOf = (nodeId: string | undefined, kind: "refuse" | "hang"): ScheduledChange[] =>
    nodeId === undefined ? [] : [{ atMs: FAULT_AT_MS, nodeId, change: { fault: { kind } } }];
  const changes = [...faultOf(refuses, "refuse"), ...faultOf(hangs, "hang")];
  const plan = planOf("trial-troubles", [5, 5, 5, 5], { changes });
  const nodes = plan.nodes.map((node) =>
    node.nodeId === liar ? { ...node, path: { ...node.path, fault: { kind: "corrupt" as const } } } : node,
  );
  return await playTrial(stage, { ...plan, nodes });
}

/** Nothing is wrong with the network; something happens to the page. */
export async function playAndDo(
  stage: Stage,
  meanwhile: (page: Page, session: string) => Promise<void>,
): Promise<PlayedTrial> {
  return await playTrial(stage, planOf("trial-calm", [4, 4, 4, 4]), meanwhile);
}

async function playTrial(
  stage: Stage,
  plan: NetworkPlan,
  meanwhile?: (page: Page, session: string) => Promise<void>,
): Promise<PlayedTrial> {
  let traces: readonly SegmentTrace[] = [];
  const session = await playSession(
    stage,
    { scenario: plan.id, strategy: "smart", seed: 1 },
    {
      ...{ plan, limitMs: TRIAL_MS },
      onSeen: (seen) => {
        traces = seen.traces;
      },
      ...(meanwhile === undefined ? {} : { meanwhile }),
    },
  );
  return { session, traces };
}

export interface Lies {
  /** Blocks that a node lied about before it was believed no more. */
  readonly caught: number;
  /** Requests that it got afterwards. */
  readonly askedAfter: number;
}

/** Traces begin at whole milliseconds of the wall clock. */
const ROUNDED_MS = 1;

/** A bad block ends all that a fetch has under way there, each attempt with the same reason. */
export function lies({ traces }: PlayedTrial, nodeId: string): Lies {
  const attempts = traces.flatMap(({ id: traceId, startedAtMs, attempts: all }) =>
    all.map((one) => ({
      ...{ ...one, traceId },
      fromMs: startedAtMs + one.startedMs,
      toMs: startedAtMs + (one.endedMs ?? Infinity),
    })),
  );
  const own = attempts.filter((one) => one.nodeId === nodeId);
  const caught = own.filter(({ outcome }) => outcome === "corrupt");
  const caughtMs = Math.min(...caught.map(({ toMs }) => toMs));
  const fetches = [...new Set(caught.map(({ traceId }) => traceId))].map(
    (traceId) => new Set(caught.filter((one) => one.traceId === traceId).map(({ reason }) => reason)).size,
  );
  return {
    caught: fetches.reduce((sum, blocks) => sum + blocks, 0),
    askedAfter: own.filter(({ fromMs }) => fromMs > caughtMs + ROUNDED_MS).length,
  };
}

/** A segment as it is stored. */
export interface StoredSegment {
  readonly rendition: RenditionId;
  readonly seq: number;
  readonly hash: string;
  readonly sizeBytes: number;
}

/** All segments of one rendition, in the order of playing. */
export function segmentsOf({ measured }: StoredVideo, which: "smallest" | "largest"): StoredSegment[] {
  const [smallest, ...larger] = [...measured.bitsPerSecond].sort(([, a], [, b]) => a - b);
  const chosen = which === "smallest" ? smallest : (larger.at(-1) ?? smallest);
  const rendition = parseRenditionId(chosen?.[0] ?? "");
  if (rendition === undefined) throw new Error("The video has no rendition");
  return [...measured.chunks]
    .flatMap(([hash, chunk]) => (chunk.rendition === rendition ? [{ ...chunk, rendition, hash }] : []))
    .sort((a, b) => a.seq - b.seq);
}

/** Where the worker answers for a segment. */
export function workerPath({ rendition, seq }: StoredSegment, { videoId }: StoredVideo, session: string): string {
  return `${PATHS.segment(videoId, rendition, seq)}?${QUERY.session}=${session}&${QUERY.strategy}=smart`;
}

/** How long the page takes to fetch all of it, in milliseconds. @throws Error when it is not as long as it must be */
export async function timedFetch(page: Page, url: string, sizeBytes: number): Promise<number> {
  const { bytes, tookMs } = await page.evaluate(async (address) => {
    const startedMs = performance.now();
    const body = await (await fetch(address, { cache: "no-store" })).arrayBuffer();
    return { bytes: body.byteLength, tookMs: performance.now() - startedMs };
  }, url);
  if (bytes !== sizeBytes) throw new Error(`${url} came with ${bytes} bytes and not ${sizeBytes}`);
  return tookMs;
}

export async function prepareWorker(page: Page, { video }: Stage, session: string): Promise<void> {
  const ask = { videoId: video.videoId, session, by: { player: "ours", strategy: "smart" }, limitMs: 1 };
  await page.evaluate((words) => window.benchPlayer.prepare(words), ask);
}

export async function withPage<T>(browser: Browser, url: string, act: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ serviceWorkers: "allow" });
  try {
    const page = await context.newPage();
    await page.goto(url);
    return await act(page);
  } finally {
    await context.close();
  }
}
