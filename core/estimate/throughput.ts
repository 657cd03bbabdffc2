/**
 * What a node delivers while it has work: bytes received, divided by the time in which at least one of its bodies was
 * open. Requests that run side by side share a link, so a rate per request would halve with two of them
 * (p2p-media-loader measures the same way).
 *
 * Two memories, 1 s and 12 s of busy time; the lower one is believed, so that bad news counts at once. A third remembers
 * how far samples lie from the mean: what must not be late counts on less.
 */
import type { Draft } from "../draft.ts";
import type { Ewma } from "./ewma.ts";
import { addSample, EMPTY_EWMA, ewmaValue, fade } from "./ewma.ts";

const FAST_HALF_LIFE_MS = 1_000;
const SLOW_HALF_LIFE_MS = 12_000;
/** Old knowledge loses half its weight in this time without work: a network changes while nobody looks. */
const IDLE_HALF_LIFE_MS = 30_000;
/** Bytes that count as a half-life too: a quick node is known after a few blocks, long before it was busy for a second. */
const FAST_HALF_LIFE_BYTES = 256 * 1024;
const SLOW_HALF_LIFE_BYTES = 2 * 1024 * 1024;
/** Busy time that makes one sample; shorter ones are mostly scheduling noise, unless many bytes came in them. */
const SAMPLE_BUSY_MS = 50;
const SAMPLE_BYTES = 64 * 1024;
/** Below these, what has gathered so far says nothing about the link. */
const MIN_GATHERED_BUSY_MS = 5;
const MIN_GATHERED_BYTES = 32 * 1024;

export interface Throughput {
  /** Bytes per second. */
  readonly fast: Ewma;
  readonly slow: Ewma;
  /** Mean distance of samples from the slow memory, bytes per second. */
  readonly deviation: Ewma;
  /** Lower bound from whole attempts, first byte included; used until something better is known. */
  readonly floorBytesPerSecond: number | null;
  readonly openBodies: number;
  readonly lastEventMs: number;
  readonly gatheredBytes: number;
  readonly gatheredBusyMs: number;
  /** The first read of a busy interval came with the first byte: its bytes were under way before the interval began. */
  readonly skipsNextRead: boolean;
}

export const EMPTY_THROUGHPUT: Throughput = {
  fast: EMPTY_EWMA,
  slow: EMPTY_EWMA,
  deviation: EMPTY_EWMA,
  floorBytesPerSecond: null,
  openBodies: 0,
  lastEventMs: 0,
  gatheredBytes: 0,
  gatheredBusyMs: 0,
  skipsNextRead: false,
};

/** A body began to arrive. */
export function bodyOpened(state: Throughput, atMs: number): Throughput {
  const next = afterTime(state, atMs);
  next.skipsNextRead ||= next.openBodies === 0;
  next.openBodies += 1;
  return next;
}

/** Bytes of an open body arrived. */
export function bytesArrived(state: Throughput, bytes: number, atMs: number): Throughput {
  const next = afterTime(state, atMs);
  if (!next.skipsNextRead) next.gatheredBytes += bytes;
  next.skipsNextRead = false;
  takeSample(next);
  return next;
}

/** A body ended, whole or not. */
export function bodyClosed(state: Throughput, atMs: number): Throughput {
  const next = afterTime(state, atMs);
  // A body that came in one read, the skipped one, has time but no bytes: that is no rate of zero.
  if (next.gatheredBytes === 0) next.gatheredBusyMs = 0;
  else takeSample(next);
  next.openBodies = Math.max(0, next.openBodies - 1);
  next.skipsNextRead &&= next.openBodies > 0;
  return next;
}

/**
 * An attempt is over: `receivedBytes` in `elapsedMs` from its start. Short bodies that arrive in one read have no busy
 * interval at all; this bound is what is known of their node.
 */
export function attemptMeasured(state: Throughput, receivedBytes: number, elapsedMs: number): Throughput {
  if (receivedBytes < MIN_GATHERED_BYTES || elapsedMs <= 0) return state;
  const rate = (receivedBytes * 1000) / elapsedMs;
  const floor = state.floorBytesPerSecond;
  const next = draftOf(state);
  next.floorBytesPerSecond = floor === null ? rate : (floor + rate) / 2;
  return next;
}

/** Bytes per second to count on; null when nothing was measured. */
export function throughputRate(state: Throughput): number | null {
  const fast = ewmaValue(state.fast);
  const slow = ewmaValue(state.slow);
  if (fast !== null && slow !== null) return Math.max(1, Math.min(fast, slow));
  const gatheredEnough = state.gatheredBusyMs >= MIN_GATHERED_BUSY_MS && state.gatheredBytes >= MIN_GATHERED_BYTES;
  if (gatheredEnough) return (state.gatheredBytes * 1000) / state.gatheredBusyMs;
  return state.floorBytesPerSecond;
}

/** How far the rate usually is from what it is believed to be; 0 while too little is known. Bytes per second. */
export function rateDeviation(state: Throughput): number {
  return ewmaValue(state.deviation) ?? 0;
}

/** Time passes, busy or idle, up to `atMs`. */
function afterTime(state: Throughput, atMs: number): Draft<Throughput> {
  const next = draftOf(state);
  if (atMs === state.lastEventMs) return next;
  const passedMs = Math.max(0, atMs - state.lastEventMs);
  next.lastEventMs = atMs;
  if (state.openBodies > 0) {
    next.gatheredBusyMs += passedMs;
    return next;
  }
  const idleHalfLives = passedMs / IDLE_HALF_LIFE_MS;
  next.fast = fade(state.fast, idleHalfLives);
  next.slow = fade(state.slow, idleHalfLives);
  return next;
}

/** Turns what was gathered into a sample when it is enough for one. */
function takeSample(next: Draft<Throughput>): void {
  const { gatheredBytes, gatheredBusyMs } = next;
  const isBurst = gatheredBytes >= SAMPLE_BYTES && gatheredBusyMs >= MIN_GATHERED_BUSY_MS;
  if (gatheredBusyMs < SAMPLE_BUSY_MS && !isBurst) return;
  const rate = (gatheredBytes * 1000) / gatheredBusyMs;
  const usual = ewmaValue(next.slow);
  const halfLives = Math.max(gatheredBusyMs / SLOW_HALF_LIFE_MS, gatheredBytes / SLOW_HALF_LIFE_BYTES);
  const fastHalfLives = Math.max(gatheredBusyMs / FAST_HALF_LIFE_MS, gatheredBytes / FAST_HALF_LIFE_BYTES);
  if (usual !== null) next.deviation = addSample(next.deviation, Math.abs(rate - usual), halfLives);
  next.fast = addSample(next.fast, rate, fastHalfLives);
  next.slow = addSample(next.slow, rate, halfLives);
  next.gatheredBytes = 0;
  next.gatheredBusyMs = 0;
}

function draftOf(state: Throughput): Draft<Throughput> {
  return {
    fast: state.fast,
    slow: state.slow,
    deviation: state.deviation,
    floorBytesPerSecond: state.floorBytesPerSecond,
    openBodies: state.openBodies,
    lastEventMs: state.lastEventMs,
    gatheredBytes: state.gatheredBytes,
    gatheredBusyMs: state.gatheredBusyMs,
    skipsNextRead: state.skipsNextRead,
  };
}
