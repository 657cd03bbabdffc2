/** One session: a fresh browser profile, a network of its own set just before it plays, and what became of it. */
import type { Browser, BrowserContext, Page } from "playwright";
import * as v from "valibot";
import type { SentRequest } from "#core/benchmark/measured-session.ts";
import { measuredSession } from "#core/benchmark/measured-session.ts";
import type { BenchSession } from "#core/benchmark/report.ts";
import type { NetworkPlan } from "#core/network/conditions.ts";
import { HLS_DEFAULT, HLS_TUNED } from "#core/simulation/native-source.ts";
import type { BenchAsk, WatchedPlayback } from "#wire/contract/bench-player.ts";
import { WatchedPlaybackSchema } from "#wire/contract/bench-player.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import type { StoredVideo } from "./bench-media.ts";
import type { NetworkSet } from "./lab.ts";
import { clearNetwork, putPlan, readLogs, setNetwork } from "./lab.ts";

/** Whoever has watched for so many lengths of the video leaves, as in the simulator. */
const MAX_LENGTHS = 2;
const MAX_EXTRA_MS = 20_000;
/** A page that does not even say that its time is up. */
const PAGE_MS = 20_000;

export interface Stage {
  readonly cluster: Cluster;
  readonly nodeCount: number;
  readonly video: StoredVideo;
  readonly browser: Browser;
  readonly traces: string | undefined;
}

/** What a trial looks at besides. */
export interface SessionExtras {
  /** Leaves earlier. */
  readonly limitMs?: number;
  /** Instead of the network that the scenario's name stands for. */
  readonly plan?: NetworkPlan;
  /** The browser profile of an earlier session, with what it learnt; whoever opened it closes it. */
  readonly profile?: BrowserContext;
  /** The network is set, and nothing plays yet. */
  readonly before?: (page: Page, session: string) => Promise<void>;
  /** While it plays. */
  readonly meanwhile?: (page: Page, session: string) => Promise<void>;
  /** Handed everything that was seen, at the end. */
  readonly onSeen?: (sight: SessionSight) => void;
}

export interface SessionSight {
  readonly watched: WatchedPlayback;
  /** Empty where no worker played. */
  readonly traces: readonly SegmentTrace[];
  /** By the nodes' own logs. */
  readonly requests: readonly SentRequest[];
}

export interface SessionWish {
  readonly scenario: string;
  readonly strategy: string;
  readonly seed: number;
}

/** Undefined for a name that no player has. */
export function playerOf(strategy: string): BenchAsk["by"] | undefined {
  const policy = [HLS_DEFAULT, HLS_TUNED].find(({ name }) => name === strategy);
  if (policy !== undefined) return { player: "native", policy };
  const ours = STRATEGIES.find((name) => name === strategy);
  return ours === undefined ? undefined : { player: "ours", strategy: ours };
}

export async function playSession(stage: Stage, wish: SessionWish, extras: SessionExtras = {}): Promise<BenchSession> {
  const { cluster, nodeCount, video, browser, traces } = stage;
  const { scenario, strategy, seed } = wish;
  const by = playerOf(strategy);
  if (by === undefined) throw new Error(`Nothing plays as "${strategy}"`);
  const session = `bench-${strategy}-${seed}-${crypto.randomUUID().slice(0, 8)}`;
  const mostMs = extras.limitMs ?? video.facts.seconds * 1000 * MAX_LENGTHS + MAX_EXTRA_MS;
  const context = extras.profile ?? (await openProfile(browser, by));
  const page = await context.newPage();
  try {
    await page.goto(`${cluster.url}/bench-player.html`);
    const ask: BenchAsk = { videoId: video.videoId, session, by, limitMs: mostMs };
    await page.evaluate((words) => window.benchPlayer.prepare(words), ask);
    const network =
      extras.plan === undefined
        ? await setNetwork(cluster, { scenario, seed, session, traces }, nodeCount)
        : await putPlan(cluster, session, extras.plan, seed);
    await extras.before?.(page, session);
    const played = inTime(
      page.evaluate(() => window.benchPlayer.play()),
      mostMs + PAGE_MS,
    );
    const [watched] = await Promise.all([played, extras.meanwhile?.(page, session)]);
    const seen = v.parse(WatchedPlaybackSchema, watched);
    const traced = by.player === "ours" ? await tracesOf(page) : null;
    const { requests, paces, forgotten } = await readLogs(cluster, session, seen.startedAtMs);
    extras.onSeen?.({ watched: seen, traces: traced ?? [], requests });
    return measuredSession({
      ...{ scenario, strategy, seed, quality: "abr", paces, requests, pageLateMsP99: seen.pageLateMsP99 },
      plan: { kind: network.kind, changes: changesSince(network, seen.startedAtMs) },
      ...{ video: video.measured, seen, attempts: traced === null ? null : countAttempts(traced) },
      nodeIds: Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`),
      violations: forgotten === 0 ? [] : [`the nodes' logs were too short by ${forgotten} requests`],
    });
  } finally {
    await (extras.profile === undefined ? context : page).close();
    await clearNetwork(cluster, session);
  }
}

/** The worker is for the product's player alone. */
async function openProfile(browser: Browser, by: BenchAsk["by"]): Promise<BrowserContext> {
  return await browser.newContext({ serviceWorkers: by.player === "ours" ? "allow" : "block" });
}

/** The network began a moment before the wish to play, which everything else is counted from. */
function changesSince({ changes, startedAtMs }: NetworkSet, wishedAtMs: number): NetworkSet["changes"] {
  return changes.map((change) => ({ ...change, atMs: change.atMs + startedAtMs - wishedAtMs }));
}

async function tracesOf(page: Page): Promise<SegmentTrace[]> {
  return await page.evaluate(async () => {
    const { vstack } = window as unknown as { vstack: { traces(): Promise<SegmentTrace[]> } };
    return await vstack.traces();
  });
}

function countAttempts(traces: readonly SegmentTrace[]) {
  const attempts = traces.flatMap((trace) => trace.attempts);
  const faultsOf = new Map<string, number>();
  for (const { nodeId, outcome } of attempts) {
    if (outcome !== "failed" && outcome !== "stalled" && outcome !== "corrupt") continue;
    faultsOf.set(nodeId, (faultsOf.get(nodeId) ?? 0) + 1);
  }
  return { hedges: attempts.filter(({ because }) => because === "hedge").length, faultsOf };
}

async function inTime<T>(promise: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The page said nothing for ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
