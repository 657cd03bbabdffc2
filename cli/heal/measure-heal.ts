/**
 * How long a node that lost its disk takes to have everything again, and what viewers notice of it. Quiet times and heals take
 * turns, so that what changes on the machine meanwhile is in both; a fetch belongs to the time in which it was asked for.
 */
import { quantile } from "#core/benchmark/statistics.ts";
import type { RenditionId, VideoId } from "#core/ids.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { LoadFigures } from "../load/run-players.ts";
import { runPlayers } from "../load/run-players.ts";
import type { HealCluster, NodeContent } from "./heal-cluster.ts";

/** Viewers come within this time, and have full buffers after it. */
const ARRIVAL_SECONDS = 15;
const WARM_UP_SECONDS = 40;
/** Longer than this no heal of a few gigabytes takes, at the least rate of repairs too. */
const HEAL_SECONDS = 1800;
const POLL_MS = 500;
/** Of a heal, how much is told at once. */
const PLAY_SECONDS = 6 * 3600;

export interface HealAsk {
  readonly videos: readonly { readonly videoId: VideoId; readonly rendition: RenditionId }[];
  readonly players: number;
  readonly bitsPerSecond: number;
  readonly rounds: number;
  readonly quietSeconds: number;
  readonly nodes: number;
  readonly seed: number;
}

/** What viewers waited, from ask to last byte. */
export interface Latency {
  readonly segments: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface HealRound {
  readonly nodeId: string;
  readonly lost: NodeContent;
  /** From the kill to the moment when the node had as much as before. */
  readonly seconds: number;
  readonly bytesPerSecond: number;
  readonly latency: Latency;
}

export interface HealFigures {
  readonly rounds: readonly HealRound[];
  /** Each of the quiet times between heals, and all of them. */
  readonly quietTimes: readonly Latency[];
  readonly quiet: Latency;
  /** All heals together. */
  readonly healing: Latency;
  readonly load: LoadFigures;
}

type Say = (label: string, share: number, detail: string) => void;
interface Fetched {
  readonly askedMs: number;
  readonly tookMs: number;
}

/** @throws VStackError `timeout` when a node is not healed in time; the signal's reason */
export async function measureHeal(cluster: HealCluster, ask: HealAsk, say: Say, signal: AbortSignal) {
  const fetched: Fetched[] = [];
  const ends = new AbortController();
  const playing = runPlayers(
    {
      ...{ url: cluster.url, videos: ask.videos, players: ask.players, seed: ask.seed, strategy: "smart" },
      ...{ seconds: PLAY_SECONDS, arrivalSeconds: ARRIVAL_SECONDS, paceBitsPerSecond: ask.bitsPerSecond },
      onSegment: (one) => fetched.push(one),
    },
    AbortSignal.any([signal, ends.signal]),
  );
  try {
    say("Viewers come", 0, `${ask.players} of them`);
    await liveClock.sleep(WARM_UP_SECONDS * 1000, signal);
    const times = await takeTurns(cluster, ask, say, signal);
    signal.throwIfAborted();
    ends.abort();
    return figuresOf(fetched, times, await playing);
  } finally {
    ends.abort();
    await playing.catch(() => undefined);
  }
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}
type Times = { readonly quiet: readonly Span[]; readonly heals: readonly (Omit<HealRound, "latency"> & Span)[] };

async function takeTurns(cluster: HealCluster, ask: HealAsk, say: Say, signal: AbortSignal): Promise<Times> {
  const quiet: Span[] = [];
  const heals: (Omit<HealRound, "latency"> & Span)[] = [];
  const beQuiet = async () => {
    const fromMs = liveClock.nowMs();
    say("Quiet", quiet.length / (ask.rounds + 1), `${ask.quietSeconds} s`);
    await liveClock.sleep(ask.quietSeconds * 1000, signal);
    signal.throwIfAborted();
    quiet.push({ fromMs, toMs: liveClock.nowMs() });
  };
  for (let round = 0; round < ask.rounds; round += 1) {
    await beQuiet();
    heals.push(await healOnce(cluster, `n${(round % ask.nodes) + 1}`, say, signal));
  }
  await beQuiet();
  return { quiet, heals };
}

async function healOnce(cluster: HealCluster, nodeId: string, say: Say, signal: AbortSignal) {
  const lost = await cluster.contentOf(nodeId, signal);
  const fromMs = liveClock.nowMs();
  await cluster.wipe(nodeId, signal);
  for (;;) {
    const now = await cluster.contentOf(nodeId, signal);
    const seconds = (liveClock.nowMs() - fromMs) / 1000;
    say(`Healing ${nodeId}`, now.bytes / Math.max(1, lost.bytes), `${Math.round(seconds)} s`);
    const isWhole = now.replicas >= lost.replicas && now.shards >= lost.shards && now.bytes >= lost.bytes;
    if (isWhole && (await isIdle(cluster, signal))) {
      return { nodeId, lost, seconds, bytesPerSecond: lost.bytes / seconds, fromMs, toMs: liveClock.nowMs() };
    }
    if (seconds > HEAL_SECONDS) {
      throw new VStackError("timeout", `${nodeId} has ${now.bytes} of ${lost.bytes} bytes after ${HEAL_SECONDS} s`);
    }
    await liveClock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
  }
}

async function isIdle({ url }: HealCluster, signal: AbortSignal): Promise<boolean> {
  const { repair, runningCount, waitingCount } = await redundancyClient(url).queue(signal);
  return !repair.isRunning && runningCount === 0 && waitingCount === 0;
}

function figuresOf(fetched: readonly Fetched[], { quiet, heals }: Times, load: LoadFigures): HealFigures {
  const during = (spans: readonly Span[]) =>
    latencyOf(fetched.filter(({ askedMs }) => spans.some(({ fromMs, toMs }) => askedMs >= fromMs && askedMs < toMs)));
  return {
    rounds: heals.map(({ fromMs, toMs, ...heal }) => ({ ...heal, latency: during([{ fromMs, toMs }]) })),
    quietTimes: quiet.map((span) => during([span])),
    ...{ quiet: during(quiet), healing: during(heals), load },
  };
}

function latencyOf(fetched: readonly Fetched[]): Latency {
  const rising = Float64Array.from(fetched.map(({ tookMs }) => tookMs)).sort();
  if (rising.length === 0) return { segments: 0, p50Ms: Number.NaN, p99Ms: Number.NaN };
  return { segments: rising.length, p50Ms: quantile(rising, 0.5), p99Ms: quantile(rising, 0.99) };
}
