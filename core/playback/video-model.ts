/** A video to simulate: a ladder of renditions whose segments vary in size around their mean, as encoders make them. */
import { invariant } from "../invariant.ts";
import { seededRandom } from "../random.ts";

export interface VideoOptions {
  /** Mean bits per second of the renditions, rising. */
  readonly ladderBitsPerSecond: readonly number[];
  readonly segmentSeconds: number;
  /** Length of the video, a multiple of the segment's. */
  readonly seconds: number;
  /** Spread of segment sizes: standard deviation of their logarithm. All renditions of a scene are large together. */
  readonly spread: number;
  readonly seed: number;
  /** Of a video that exists, each segment of each rendition, in the order of the ladder: instead of `spread` and `seed`. */
  readonly segmentBytes?: readonly (readonly number[])[];
}

export interface Rendition {
  readonly meanBitsPerSecond: number;
  /** Of the largest segment: what a playlist calls BANDWIDTH. */
  readonly peakBitsPerSecond: number;
  readonly segmentBytes: readonly number[];
}

export interface VideoModel {
  readonly segmentSeconds: number;
  readonly segmentCount: number;
  readonly initBytes: number;
  /** Rising. */
  readonly renditions: readonly Rendition[];
}

export const DEFAULT_VIDEO: VideoOptions = {
  ladderBitsPerSecond: [400_000, 800_000, 1_500_000, 3_000_000, 5_000_000, 8_000_000],
  segmentSeconds: 4,
  seconds: 180,
  spread: 0.2,
  seed: 1,
};

/** A CMAF header with one track. */
const INIT_BYTES = 1_000;
/** Encoders bound what a segment may differ from the mean. */
const LEAST_FACTOR = 0.4;
const MOST_FACTOR = 2.5;

/** The same options give the same video. */
export function videoModel(options: VideoOptions): VideoModel {
  const { ladderBitsPerSecond, segmentSeconds, seconds, segmentBytes } = options;
  const segmentCount = Math.round(seconds / segmentSeconds);
  invariant(segmentCount > 0 && ladderBitsPerSecond.length > 0, "Cannot model a video without segments or renditions");
  const renditions =
    segmentBytes === undefined ? drawnRenditions(options, segmentCount) : knownRenditions(options, segmentBytes);
  return { segmentSeconds, segmentCount, initBytes: INIT_BYTES, renditions };
}

function knownRenditions(
  { ladderBitsPerSecond, segmentSeconds, seconds }: VideoOptions,
  segmentBytes: readonly (readonly number[])[],
): Rendition[] {
  return ladderBitsPerSecond.map((meanBitsPerSecond, level) => {
    const own = segmentBytes[level] ?? [];
    invariant(
      own.length === Math.round(seconds / segmentSeconds),
      `Cannot model rendition ${level} of ${own.length} segments as the video has ${seconds} s`,
    );
    return { meanBitsPerSecond, peakBitsPerSecond: (Math.max(...own) * 8) / segmentSeconds, segmentBytes: own };
  });
}

function drawnRenditions(options: VideoOptions, segmentCount: number): Rendition[] {
  const { ladderBitsPerSecond, segmentSeconds, spread, seed } = options;
  const random = seededRandom(seed);
  const drawn = Array.from({ length: segmentCount }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.min(MOST_FACTOR, Math.max(LEAST_FACTOR, Math.exp(spread * normal)));
  });
  const mean = drawn.reduce((sum, factor) => sum + factor, 0) / segmentCount;
  return ladderBitsPerSecond.map((meanBitsPerSecond): Rendition => {
    const meanBytes = (meanBitsPerSecond * segmentSeconds) / 8;
    const segmentBytes = drawn.map((factor) => Math.max(1, Math.round((meanBytes * factor) / mean)));
    const peakBitsPerSecond = (Math.max(...segmentBytes) * 8) / segmentSeconds;
    return { meanBitsPerSecond, peakBitsPerSecond, segmentBytes };
  });
}
