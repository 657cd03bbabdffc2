/**
 * What nobody could have beaten: the clairvoyant bound of a session, which knows the whole network, future included, and
 * takes everything it gives (scheduling note, section 4). Strategies are shown as shares of it.
 */
import type { NetworkPlan } from "../network/conditions.ts";
import type { VideoModel } from "../playback/video-model.ts";
import { MAX_SEGMENTS_AHEAD } from "../schedule/segments-ahead.ts";
import type { PlayerSettings } from "./player-model.ts";
import type { SessionResult } from "./session-result.ts";
import { Supply } from "./supply.ts";

/** The supply at which product.md asks for no stall beyond the bound. */
const PROMISED_SUPPLY = 0.9;

export interface SessionBound {
  /** Least time to the header and the first segment, of the rendition that was begun with. Null when nothing was shown. */
  readonly startupMs: number | null;
  /** Bound over measured, 0..1. */
  readonly startupShare: number | null;
  /** Least stall with the segments that were played, after the startup that was measured. */
  readonly stallMs: number;
  /** The same with 0.9 of the supply. */
  readonly stallMsAtPromisedSupply: number;
  /** Measured stall beyond that, >= 0. */
  readonly excessStallMs: number;
  /** What the network could have delivered while something was asked for. */
  readonly busyBytes: number;
  /** Useful bytes over that, 0..1. */
  readonly throughputShare: number;
  /** Places where the session beat the bound: then bound or network is wrong. Empty when all is well. */
  readonly beaten: readonly string[];
}

export interface BoundInput {
  readonly plan: NetworkPlan;
  readonly video: VideoModel;
  readonly player: PlayerSettings;
}

/** Rounding over a session. */
const TOLERANCE_BYTES = 64;
const TOLERANCE_MS = 0.01;

const supplies = new WeakMap<NetworkPlan, Supply>();

export function boundOf(input: BoundInput, result: SessionResult): SessionBound {
  const supply = supplyOf(input.plan);
  const startupMs = startupBoundMs(supply, input.video, result);
  const stallMs = leastStallMs(supply, input, result, 1);
  const stallMsAtPromisedSupply = leastStallMs(supply, input, result, PROMISED_SUPPLY);
  const limits = result.busyIntervals.map(({ fromMs, toMs }) => {
    const all = supply.bytesBy(toMs) - supply.bytesBy(fromMs);
    return all - supply.bytesBeforeAnswers(fromMs, toMs, fromMs === 0);
  });
  const busyBytes = limits.reduce((total, bytes) => total + bytes, 0);
  const beaten: string[] = [];
  if (startupMs !== null && startupMs > (result.startupMs ?? 0) + TOLERANCE_MS) {
    beaten.push(`startup of ${result.startupMs ?? 0} ms against ${startupMs} ms`);
  }
  if (stallMs > result.stallMs + TOLERANCE_MS) beaten.push(`stall of ${result.stallMs} ms against ${stallMs} ms`);
  if (result.usefulBytes > busyBytes + TOLERANCE_BYTES) {
    beaten.push(`${result.usefulBytes} useful bytes against ${busyBytes}`);
  }
  return {
    startupMs,
    startupShare: startupMs === null ? null : startupMs / Math.max(TOLERANCE_MS, result.startupMs ?? 0),
    ...{ stallMs, stallMsAtPromisedSupply },
    excessStallMs: Math.max(0, result.stallMs - stallMsAtPromisedSupply),
    busyBytes,
    throughputShare: busyBytes > 0 ? result.usefulBytes / busyBytes : 0,
    beaten,
  };
}

/** What the whole network gives over the first `seconds` of a session. */
export function meanSupplyBytesPerSecond(plan: NetworkPlan, seconds: number): number {
  return supplyOf(plan).bytesBy(seconds * 1000) / seconds;
}

/** The least time in which so many bytes can be here that were first asked for at the start, over new connections. */
export function leastArrivalMs(plan: NetworkPlan, bytes: number): number {
  return arrivalMs(supplyOf(plan), bytes, 0);
}

/** All strategies of a pair share one plan. */
function supplyOf(plan: NetworkPlan): Supply {
  const supply = supplies.get(plan) ?? new Supply(plan);
  supplies.set(plan, supply);
  return supply;
}

function startupBoundMs(supply: Supply, video: VideoModel, { played, startupMs }: SessionResult): number | null {
  const [first] = played;
  if (first === undefined || startupMs === null) return null;
  return arrivalMs(supply, video.initBytes + first.bytes, 0);
}

/** When so many bytes can be here that were first asked for at the start, over new connections. */
function arrivalMs(supply: Supply, bytes: number, fromMs: number): number {
  const missed = supply.bytesBeforeAnswers(fromMs, Infinity, true);
  const allAnswered = supply.timeOf(missed + bytes);
  // A is only short of `missed` from the last first byte on; before it, the exact time is found by halving.
  let [low, high] = [fromMs, allAnswered];
  if (high === Infinity) return Infinity;
  const got = (atMs: number) => supply.bytesBy(atMs) - supply.bytesBeforeAnswers(fromMs, atMs, true);
  for (let round = 0; round < 50 && high - low > TOLERANCE_MS / 10; round += 1) {
    const middle = (low + high) / 2;
    if (got(middle) >= bytes) high = middle;
    else low = middle;
  }
  return low;
}

/**
 * Plays the same segments again with everything that the network gave: each begins as soon as the player (and what may be
 * begun ahead of it) has room for it, and playback goes on as soon as it can.
 */
function leastStallMs(supply: Supply, input: BoundInput, result: SessionResult, share: number): number {
  const { played, startupMs } = result;
  if (startupMs === null) return 0;
  const segmentMs = input.video.segmentSeconds * 1000;
  const goalMs = input.player.bufferGoalSeconds * 1000;
  const endsMs: number[] = [];
  let arrivedMs = 0;
  let stallMs = 0;
  for (const [at, { bytes }] of played.entries()) {
    const endBefore = endsMs[at - 1 - MAX_SEGMENTS_AHEAD];
    const roomMs = endBefore === undefined ? 0 : endBefore - goalMs;
    const fromMs = Math.max(arrivedMs, roomMs);
    arrivedMs = supply.timeOf(supply.bytesBy(fromMs) + bytes / share);
    const dueMs = endsMs[at - 1] ?? startupMs;
    // The measured start is given: what 0.9 of the supply could not have had by then is a stall.
    stallMs += Math.max(0, arrivedMs - dueMs);
    endsMs.push(Math.max(dueMs, arrivedMs) + segmentMs);
  }
  return stallMs;
}
