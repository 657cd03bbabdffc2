/**
 * The page that the benchmark drives (`/bench-player.html`): one player, watched by the same code whoever chooses the
 * nodes. `window.benchPlayer.play(ask)` resolves to a {@link WatchedPlayback} when the video is over or time is up.
 */
import * as v from "valibot";
import { SessionNameSchema } from "./emulation-api.ts";
import { CountSchema, RenditionIdSchema, VideoIdSchema } from "./schemas.ts";
import { STRATEGIES } from "./segment-trace.ts";

const AmountSchema = v.pipe(v.number(), v.minValue(0));

/** Words of hls.js' fragLoadPolicy. */
const NativePolicySchema = v.object({
  maxFirstByteMs: AmountSchema,
  maxLoadMs: AmountSchema,
  timeoutRetries: CountSchema,
  errorRetries: CountSchema,
  errorDelayMs: AmountSchema,
  maxErrorDelayMs: AmountSchema,
});

export const BenchAskSchema = v.object({
  videoId: VideoIdSchema,
  session: SessionNameSchema,
  /** `ours`: the product's player, through the worker. `native`: plain hls.js, the nodes as redundant variants. */
  by: v.variant("player", [
    v.object({ player: v.literal("ours"), strategy: v.picklist(STRATEGIES) }),
    v.object({ player: v.literal("native"), policy: NativePolicySchema }),
  ]),
  /** The session is over then, wherever it stands. */
  limitMs: AmountSchema,
});
export type BenchAsk = v.InferOutput<typeof BenchAskSchema>;

export const BenchSegmentsSchema = v.array(v.object({ rendition: RenditionIdSchema, seq: CountSchema }));

/** Times are milliseconds since the wish to play. */
export const WatchedPlaybackSchema = v.object({
  /** `ended`: all of it was played. `left`: time was up. `failed`: the player gave up. */
  outcome: v.picklist(["ended", "left", "failed"]),
  /** Unix milliseconds of the wish. */
  startedAtMs: AmountSchema,
  endMs: AmountSchema,
  /** First frame on the screen; null when there was none. */
  startupMs: v.nullable(AmountSchema),
  stalls: v.array(v.object({ fromMs: AmountSchema, toMs: AmountSchema })),
  playedSeconds: AmountSchema,
  /** Time-weighted over playing and stalling. */
  bufferMeanSeconds: v.nullable(AmountSchema),
  buffer: v.array(v.object({ atMs: AmountSchema, bufferedSeconds: AmountSchema })),
  /** In the order of loading; of one number the last one counts. */
  segments: BenchSegmentsSchema,
  droppedFrames: CountSchema,
  /** Longest that the page's own loop was held up: a busy machine decodes and measures badly. */
  pageLateMsP99: v.nullable(AmountSchema),
  /** What hls.js believed of the network at the end; null when it had measured nothing. */
  estimateBitsPerSecond: v.nullable(AmountSchema),
  failure: v.nullable(v.string()),
});
export type WatchedPlayback = v.InferOutput<typeof WatchedPlaybackSchema>;
