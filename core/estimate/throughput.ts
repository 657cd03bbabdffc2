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
import { leftAfter } from "../half-life.ts";
import { blend, copyOfEwma, ewmaValue, fade, newEwma } from "./ewma.ts";

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

/** Nothing measured yet. */
export function newThroughput(): Throughput {
  return {
    fast: newEwma(),
    slow: newEwma(),
    deviation: newEwma(),
    floorBytesPerSecond: null,
    openBodies: 0,
    lastEventMs: 0,
    gatheredBytes: 0,
    gatheredBusyMs: 0,
    skipsNextRead: false,
  };
}

/** A body began to arrive. Changes the state that is given, as all events here do. */
export function bodyOpened(state: Draft<Throughput>, atMs: number): void {
  timePasses(state, atMs);
  state.skipsNextRead ||= state.openBodies === 0;
  state.openBodies += 1;
}

/** Bytes of an open body arrived. */
export function bytesArrived(state: Draft<Throughput>, bytes: number, atMs: number): void {
  timePasses(state, atMs);
  if (!state.skipsNextRead) state.gatheredBytes += bytes;
  state.skipsNextRead = false;
  takeSample(state);
}

/** A body ended, whole or not. */
export function bodyClosed(state: Draft<Throughput>, atMs: number): void {
  timePasses(state, atMs);
  // A body that came in one read, the skipped one, has time but no bytes: that is no rate of zero.
  if (state.gatheredBytes === 0) state.gatheredBusyMs = 0;
  else takeSample(state);
  state.openBodies = Math.max(0, state.openBodies - 1);
  state.skipsNextRead &&= state.openBodies > 0;
}

/**
 * An attempt is over: `receivedBytes` in `elapsedMs` from its start. Short bodies that arrive in one read have no busy
 * interval at all; this bound is what is known of their node.
 */
export function attemptMeasured(state: Draft<Throughput>, receivedBytes: number, elapsedMs: number): void {
  if (receivedBytes < MIN_GATHERED_BYTES || elapsedMs <= 0) return;
  const rate = (receivedBytes * 1000) / elapsedMs;
  const floor = state.floorBytesPerSecond;
  state.floorBytesPerSecond = floor === null ? rate : (floor + rate) / 2;
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

/**
 * Bytes per second of the newest second alone, null when nothing was measured: what a node that has recovered delivers,
 * long before it may be counted on again.
 */
export function newestRate(state: Throughput): number | null {
  return ewmaValue(state.fast);
}

/** How far the rate usually is from what it is believed to be; 0 while too little is known. Bytes per second. */
export function rateDeviation(state: Throughput): number {
  return ewmaValue(state.deviation) ?? 0;
}

/** Time passes, busy or idle, up to `atMs`. */
function timePasses(state: Draft<Throughput>, atMs: number): void {
  if (atMs === state.lastEventMs) return;
  const passedMs = Math.max(0, atMs - state.lastEventMs);
  state.lastEventMs = atMs;
  if (state.openBodies > 0) {
    state.gatheredBusyMs += passedMs;
    return;
  }
  const idleHalfLives = passedMs / IDLE_HALF_LIFE_MS;
  fade(state.fast, idleHalfLives);
  fade(state.slow, idleHalfLives);
}

/** Turns what was gathered into a sample when it is enough for one. */
function takeSample(state: Draft<Throughput>): void {
  const { gatheredBytes, gatheredBusyMs } = state;
  const isBurst = gatheredBytes >= SAMPLE_BYTES && gatheredBusyMs >= MIN_GATHERED_BUSY_MS;
  if (gatheredBusyMs < SAMPLE_BUSY_MS && !isBurst) return;
  const rate = (gatheredBytes * 1000) / gatheredBusyMs;
  const usual = ewmaValue(state.slow);
  const halfLives = Math.max(gatheredBusyMs / SLOW_HALF_LIFE_MS, gatheredBytes / SLOW_HALF_LIFE_BYTES);
  const fastHalfLives = Math.max(gatheredBusyMs / FAST_HALF_LIFE_MS, gatheredBytes / FAST_HALF_LIFE_BYTES);
  const kept = leftAfter(halfLives);
  if (usual !== null) blend(state.deviation, Math.abs(rate - usual), kept);
  blend(state.fast, rate, leftAfter(fastHalfLives));
  blend(state.slow, rate, kept);
  state.gatheredBytes = 0;
  state.gatheredBusyMs = 0;
}

export function copyOfThroughput(state: Throughput): Throughput {
  return {
    fast: copyOfEwma(state.fast),
    slow: copyOfEwma(state.slow),
    deviation: copyOfEwma(state.deviation),
    floorBytesPerSecond: state.floorBytesPerSecond,
    openBodies: state.openBodies,
    lastEventMs: state.lastEventMs,
    gatheredBytes: state.gatheredBytes,
    gatheredBusyMs: state.gatheredBusyMs,
    skipsNextRead: state.skipsNextRead,
  };
}
