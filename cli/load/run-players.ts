/** Many virtual players at once on one cluster, and what they have seen together. */
import { setMaxListeners } from "node:events";
import { quantile } from "#core/benchmark/statistics.ts";
import type { RenditionId, VideoId } from "#core/ids.ts";
import { seededRandom } from "#core/random.ts";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import { pieceReports } from "#wire/exchange/piece-reports.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import type { PlayerFigures } from "./virtual-player.ts";
import { noFigures, playVirtually } from "./virtual-player.ts";

export interface LoadAsk {
  readonly url: string;
  readonly videos: readonly { readonly videoId: VideoId; readonly rendition: RenditionId }[];
  readonly players: number;
  readonly seconds: number;
  readonly strategy: StrategyName;
  /** Null: each segment lasts as long as its media. */
  readonly paceBitsPerSecond: number | null;
  readonly seed: number;
  /** Viewers come one after the other in this time; a third of all when left out. */
  readonly arrivalSeconds?: number;
  /** Is told of each segment that came. Monotonic milliseconds. */
  readonly onSegment?: (fetch: { readonly askedMs: number; readonly tookMs: number }) => void;
}

export interface LoadFigures {
  readonly players: number;
  readonly segments: number;
  readonly bytes: number;
  /** Segments that came behind the end of the buffer, and how long all viewers together stood still. */
  readonly late: number;
  readonly stalledSeconds: number;
  readonly failedReads: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly wrongChunks: number;
  readonly relocated: number;
  /** From ask to last byte; null before the first segment. */
  readonly fetchMsP50: number | null;
  readonly fetchMsP99: number | null;
}

/** A read of a segment and one of a page listen each. */
const LISTENERS_EACH = 4;
/** Of the time in which they come: each fills its buffer as fast as it can when it comes. */
const ARRIVAL_SHARE = 1 / 3;

/**
 * @param onFigures called each second
 */
export async function runPlayers(
  ask: LoadAsk,
  signal: AbortSignal,
  onFigures: (figures: LoadFigures) => void = () => undefined,
): Promise<LoadFigures> {
  const metadata = metadataClient(ask.url);
  const ends = AbortSignal.any([signal, deadlineSignal(ask.seconds * 1000)]);
  const { saw: onBadPiece } = pieceReports(
    { clock: liveClock, send: (piece, stop) => redundancyClient(ask.url).report(piece, stop) },
    ends,
  );
  setMaxListeners(ask.players * LISTENERS_EACH, ends);
  const all: PlayerFigures[] = [];
  const told = setInterval(() => {
    onFigures(together(all));
  }, 1000);
  try {
    await Promise.all(
      Array.from({ length: ask.players }, async (_, at) => {
        const video = ask.videos[at % ask.videos.length];
        if (video === undefined) return;
        const random = seededRandom(ask.seed * 100_003 + at);
        const figures = noFigures();
        all.push(figures);
        const { strategy, paceBitsPerSecond, onSegment, arrivalSeconds = ask.seconds * ARRIVAL_SHARE } = ask;
        await liveClock.sleep(random() * arrivalSeconds * 1000, ends);
        const viewing = { ...video, strategy, paceBitsPerSecond, onSegment };
        await playVirtually(viewing, { metadata, clock: liveClock, random, onBadPiece }, ends, figures);
      }),
    );
  } finally {
    clearInterval(told);
  }
  return together(all);
}

function together(all: readonly PlayerFigures[]): LoadFigures {
  const sum = (of: (figures: PlayerFigures) => number) => all.reduce((total, one) => total + of(one), 0);
  const rising = Float64Array.from(all.flatMap(({ fetchMs }) => fetchMs)).sort();
  const failures: Record<string, number> = {};
  for (const one of all)
    for (const [code, count] of Object.entries(one.failures)) failures[code] = (failures[code] ?? 0) + count;
  return {
    ...{ players: all.length, segments: sum(({ segments }) => segments), bytes: sum(({ bytes }) => bytes) },
    late: sum(({ play }) => play.late),
    stalledSeconds: sum(({ play }) => play.stalledMs) / 1000,
    failedReads: Object.values(failures).reduce((total, count) => total + count, 0),
    failures,
    wrongChunks: sum(({ wrongChunks }) => wrongChunks),
    relocated: sum(({ relocated }) => relocated),
    fetchMsP50: rising.length === 0 ? null : quantile(rising, 0.5),
    fetchMsP99: rising.length === 0 ? null : quantile(rising, 0.99),
  };
}
