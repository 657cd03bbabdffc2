/**
 * Many sessions: scenarios x seeds x qualities x competitors. Paired: the same scenario and seed mean the same network,
 * video and chance for every competitor, whatever the order, so that differences are the competitors' own.
 */
import type { BookSnapshot } from "../estimate/book-snapshot.ts";
import type { NetworkPlan } from "../network/conditions.ts";
import { ANOTHER_TIME_SEEDS } from "../network/drawn-plans.ts";
import type { VideoOptions } from "../playback/video-model.ts";
import { videoModel } from "../playback/video-model.ts";
import { STRATEGIES_BY_NAME } from "../schedule/strategies.ts";
import type { Strategy } from "../schedule/strategy.ts";
import { boundOf, meanSupplyBytesPerSecond } from "./bound.ts";
import type { NativePolicy } from "./native-source.ts";
import { HLS_DEFAULT, HLS_TUNED } from "./native-source.ts";
import type { SessionInput } from "./run-session.ts";
import { ABR_PLAYER, fixedPlayer, runSession } from "./run-session.ts";
import type { NodeShare, SessionResult } from "./session-result.ts";

export type Competitor = Strategy | NativePolicy;

/** Everything that can play a session, by name. */
export const COMPETITORS: ReadonlyMap<string, Competitor> = new Map<string, Competitor>([
  ...Object.entries(STRATEGIES_BY_NAME),
  [HLS_DEFAULT.name, HLS_DEFAULT],
  [HLS_TUNED.name, HLS_TUNED],
]);

/** `abr`: hls.js chooses. `fixed`: the best rendition that the network carries with a margin, always. */
export const QUALITIES = ["abr", "fixed"] as const;
export type Quality = (typeof QUALITIES)[number];

/** A fixed rendition takes no more of what the network can give on average. */
const FIXED_SHARE = 0.8;
/** The session before, from which estimates are remembered; long enough to hear of every node. */
const EARLIER_SECONDS = 40;

export interface MatrixOptions {
  readonly scenarios: readonly string[];
  readonly planOf: (scenario: string, seed: number) => NetworkPlan;
  readonly competitors: readonly Competitor[];
  readonly qualities: readonly Quality[];
  readonly seeds: readonly number[];
  readonly video: Omit<VideoOptions, "seed">;
  /** Estimates come from an earlier session; without, every session begins knowing nothing. */
  readonly remembers: boolean;
}

/** One session of the matrix. */
export interface MatrixRow {
  readonly scenario: string;
  readonly kind: NetworkPlan["kind"];
  readonly competitor: string;
  readonly quality: Quality;
  readonly seed: number;
  readonly outcome: SessionResult["outcome"];
  /** Null when nothing was ever shown. */
  readonly startupMs: number | null;
  readonly startupShare: number | null;
  readonly stallMs: number;
  readonly stallCount: number;
  readonly playedSeconds: number;
  readonly excessStallMs: number;
  readonly meanBitsPerSecond: number;
  readonly switches: number;
  readonly bufferMeanSeconds: number;
  readonly throughputShare: number;
  readonly goodputBytesPerSecond: number;
  readonly receivedBytes: number;
  readonly duplicateBytes: number;
  readonly lostBytes: number;
  readonly requests: number;
  readonly hedges: number;
  readonly nodes: readonly NodeShare[];
  /** The slowest; null when no fault hit anything under way. */
  readonly detectedAfterMs: number | null;
  /** Broken rules, and bounds that were beaten. */
  readonly violations: readonly string[];
}

/** Runs the sessions one by one; the caller may rest between them. */
export function* runMatrix(options: MatrixOptions): Generator<MatrixRow> {
  const { scenarios, planOf, competitors, qualities, seeds } = options;
  for (const scenario of scenarios) {
    for (const seed of seeds) {
      const plan = planOf(scenario, seed);
      for (const competitor of competitors) {
        const book = options.remembers ? earlierBook(options, { scenario, seed, competitor }) : undefined;
        for (const quality of qualities) {
          yield { scenario, ...runOne(options, { plan, seed, competitor, quality, book }) };
        }
      }
    }
  }
}

/** One session of the matrix again, with everything that happened in it. */
export function replaySession(
  options: MatrixOptions,
  { scenario, seed, competitor, quality }: Pick<Cell, "seed" | "competitor" | "quality"> & { scenario: string },
): { readonly plan: NetworkPlan; readonly result: SessionResult } {
  const plan = options.planOf(scenario, seed);
  const book = options.remembers ? earlierBook(options, { scenario, seed, competitor }) : undefined;
  return { plan, result: runSession(inputOf(options, { plan, seed, competitor, quality, book })) };
}

/** How many rows there will be. */
export function matrixSize({ scenarios, seeds, qualities, competitors }: MatrixOptions): number {
  return scenarios.length * seeds.length * qualities.length * competitors.length;
}

interface Cell {
  readonly plan: NetworkPlan;
  readonly seed: number;
  readonly competitor: Competitor;
  readonly quality: Quality;
  readonly book: BookSnapshot | undefined;
}

function inputOf(matrix: MatrixOptions, { plan, seed, competitor, quality, book }: Cell): SessionInput {
  const { video: options } = matrix;
  const player = quality === "abr" ? ABR_PLAYER : fixedPlayer(levelThatFits(plan, options));
  const input = { plan, video: videoModel({ ...options, seed }), strategy: competitor, player, seed };
  return book === undefined ? input : { ...input, warmBook: book };
}

function runOne(options: MatrixOptions, cell: Cell): Omit<MatrixRow, "scenario"> {
  const { plan, seed, competitor, quality } = cell;
  const input = inputOf(options, cell);
  const result = runSession(input);
  const bound = boundOf(input, result);
  const { detections, nodes } = result;
  const { startupShare, excessStallMs, throughputShare } = bound;
  const { outcome, startupMs, stallMs, stallCount, playedSeconds, meanBitsPerSecond, switches } = result;
  const { bufferMeanSeconds, goodputBytesPerSecond, receivedBytes, duplicateBytes, lostBytes } = result;
  return {
    ...{ kind: plan.kind, competitor: competitor.name, quality, seed, outcome, startupMs, startupShare, stallMs },
    ...{ stallCount, playedSeconds, excessStallMs, meanBitsPerSecond, switches, bufferMeanSeconds, throughputShare },
    ...{ goodputBytesPerSecond, receivedBytes, duplicateBytes, lostBytes, requests: result.requests },
    hedges: result.hedges,
    nodes,
    detectedAfterMs: detections.length === 0 ? null : Math.max(...detections.map((one) => one.detectedAfterMs)),
    violations: [...result.violations, ...bound.beaten],
  };
}

/** Plain hls.js remembers nothing. */
function earlierBook(
  { planOf, video }: MatrixOptions,
  { scenario, seed, competitor }: { scenario: string; seed: number; competitor: Competitor },
): BookSnapshot | undefined {
  if ("errorRetries" in competitor) return undefined;
  const earlierSeed = seed + ANOTHER_TIME_SEEDS;
  const { book } = runSession({
    plan: { ...planOf(scenario, earlierSeed), changes: [] },
    video: videoModel({ ...video, seconds: EARLIER_SECONDS, seed: earlierSeed }),
    ...{ strategy: competitor, player: ABR_PLAYER, seed: earlierSeed },
  });
  return book;
}

/** The highest level that the network carries with a margin over the length of the video; the lowest when none is. */
function levelThatFits(plan: NetworkPlan, { ladderBitsPerSecond, seconds }: Omit<VideoOptions, "seed">): number {
  const usable = meanSupplyBytesPerSecond(plan, seconds) * 8 * FIXED_SHARE;
  return Math.max(
    0,
    ladderBitsPerSecond.findLastIndex((bits) => bits <= usable),
  );
}
