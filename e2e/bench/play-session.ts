/** One session: a fresh browser profile, a network of its own set just before it plays, and what became of it. */
import type { Browser, Page } from "playwright";
import * as v from "valibot";
import { measuredSession } from "#core/benchmark/measured-session.ts";
import type { BenchSession } from "#core/benchmark/report.ts";
import type { NetworkPlan } from "#core/network/conditions.ts";
import { HLS_DEFAULT, HLS_TUNED } from "#core/simulation/native-source.ts";
import type { BenchAsk } from "#wire/contract/bench-player.ts";
import { WatchedPlaybackSchema } from "#wire/contract/bench-player.ts";
import { planToWords } from "#wire/contract/emulation-api.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import type { StoredVideo } from "./bench-media.ts";
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
  /** While it plays. */
  readonly meanwhile?: (page: Page, session: string) => Promise<void>;
  /** Handed all traces at the end; of the product's player alone. */
  readonly onTraces?: (traces: readonly SegmentTrace[]) => void;
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
  const context = await browser.newContext({ serviceWorkers: by.player === "ours" ? "allow" : "block" });
  try {
    const page = await context.newPage();
    await page.goto(`${cluster.url}/bench-player.html`);
    const ask: BenchAsk = { videoId: video.videoId, session, by, limitMs: mostMs };
    await page.evaluate((words) => window.benchPlayer.prepare(words), ask);
    const plan = extras.plan ?? (await setNetwork(cluster, { scenario, seed, session, traces }, nodeCount));
    if (extras.plan !== undefined) await putPlan(cluster, session, planToWords(extras.plan), seed);
    const played = inTime(
      page.evaluate(() => window.benchPlayer.play()),
      mostMs + PAGE_MS,
    );
    const [watched] = await Promise.all([played, extras.meanwhile?.(page, session)]);
    const seen = v.parse(WatchedPlaybackSchema, watched);
    const traced = by.player === "ours" ? await tracesOf(page) : null;
    if (traced !== null) extras.onTraces?.(traced);
    const { requests, paces, forgotten } = await readLogs(cluster, session, seen.startedAtMs);
    return measuredSession({
      ...{ scenario, strategy, seed, quality: "abr", plan, paces, requests, pageLateMsP99: seen.pageLateMsP99 },
      ...{ video: video.measured, seen, attempts: traced === null ? null : countAttempts(traced) },
      nodeIds: Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`),
      violations: forgotten === 0 ? [] : [`the nodes' logs were too short by ${forgotten} requests`],
    });
  } finally {
    await context.close();
    await clearNetwork(cluster, session);
  }
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
