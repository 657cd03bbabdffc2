/**
 * What all nodes deliver together, and whether one link that they share holds them back: when two or more nodes bring no
 * more than one brought alone, more of them will not help either.
 *
 * Time is cut into spells in which the number of delivering nodes does not change; a spell counts when it was long enough
 * to be more than scheduling noise. MP-TCP finds shared bottlenecks by correlated loss (RFC 8382); a browser sees no loss,
 * it sees sums.
 */
import type { Draft } from "../draft.ts";
import type { NodeId } from "../ids.ts";
import type { Ewma } from "./ewma.ts";
import { addSample, EMPTY_EWMA, ewmaValue, fade } from "./ewma.ts";

/** Shorter spells say nothing. */
const MIN_SPELL_MS = 100;
/** Longer ones are cut, so that the estimate follows. */
const MAX_SPELL_MS = 500;
/** Busy time in which a rate loses half its weight. */
const HALF_LIFE_MS = 4_000;
/** Time in which it does so without being measured again: alone and together must be news of the same network. */
const IDLE_HALF_LIFE_MS = 15_000;
/** Weight that both rates must have to be compared: about a second of measurement each, lately. */
const MIN_WEIGHT = 0.15;
/** Together no more than this factor above alone: they share a bottleneck. */
const SHARED_FACTOR = 1.1;

export interface LinkEstimate {
  /** Bodies open per node. */
  readonly open: ReadonlyMap<NodeId, number>;
  readonly spellStartMs: number;
  readonly spellBytes: number;
  /** Bytes per second of all nodes, while exactly one delivered. */
  readonly alone: Ewma;
  /** The same while several did. */
  readonly together: Ewma;
  readonly fadedAtMs: number;
}

export const EMPTY_LINK: LinkEstimate = {
  open: new Map(),
  spellStartMs: 0,
  spellBytes: 0,
  alone: EMPTY_EWMA,
  together: EMPTY_EWMA,
  fadedAtMs: 0,
};

/** A body of the node began to arrive. */
export function linkOpened(link: LinkEstimate, nodeId: NodeId, atMs: number): LinkEstimate {
  const count = link.open.get(nodeId) ?? 0;
  const next = draftOf(link);
  if (count === 0) beginSpell(next, atMs);
  next.open = new Map(link.open).set(nodeId, count + 1);
  return next;
}

/** Bytes of an open body arrived. */
export function linkBytes(link: LinkEstimate, bytes: number, atMs: number): LinkEstimate {
  const next = draftOf(link);
  next.spellBytes += bytes;
  if (atMs - link.spellStartMs >= MAX_SPELL_MS) beginSpell(next, atMs);
  return next;
}

/** A body of the node ended. */
export function linkClosed(link: LinkEstimate, nodeId: NodeId, atMs: number): LinkEstimate {
  const count = link.open.get(nodeId) ?? 0;
  const next = draftOf(link);
  if (count === 1) beginSpell(next, atMs);
  const open = new Map(link.open);
  if (count > 1) open.set(nodeId, count - 1);
  else open.delete(nodeId);
  next.open = open;
  return next;
}

/** Bytes per second that all nodes together brought lately; null when nothing was measured. */
export function linkRate(link: LinkEstimate): number | null {
  return ewmaValue(link.together) ?? ewmaValue(link.alone);
}

/** Whether more nodes at once bring nothing. Without news of both, no. */
export function sharesBottleneck(link: LinkEstimate, nowMs: number): boolean {
  // Asked at every decision: most have no news of both, and fading makes nothing weigh more.
  if (link.alone.weight < MIN_WEIGHT || link.together.weight < MIN_WEIGHT) return false;
  const now = draftOf(link);
  fadeTo(now, nowMs);
  const { alone, together } = now;
  if (alone.weight < MIN_WEIGHT || together.weight < MIN_WEIGHT) return false;
  return (ewmaValue(together) ?? Infinity) <= (ewmaValue(alone) ?? 0) * SHARED_FACTOR;
}

/** Ends the spell, learns from it when it was long enough, and begins the next. */
function beginSpell(next: Draft<LinkEstimate>, atMs: number): void {
  const { open, spellStartMs, spellBytes } = next;
  const lastedMs = atMs - spellStartMs;
  next.spellStartMs = atMs;
  next.spellBytes = 0;
  if (open.size === 0 || lastedMs < MIN_SPELL_MS) return;
  fadeTo(next, atMs);
  const rate = (spellBytes * 1000) / lastedMs;
  const which = open.size === 1 ? "alone" : "together";
  next[which] = addSample(next[which], rate, Math.min(lastedMs, MAX_SPELL_MS) / HALF_LIFE_MS);
}

function fadeTo(next: Draft<LinkEstimate>, nowMs: number): void {
  const halfLives = Math.max(0, nowMs - next.fadedAtMs) / IDLE_HALF_LIFE_MS;
  next.alone = fade(next.alone, halfLives);
  next.together = fade(next.together, halfLives);
  next.fadedAtMs = Math.max(nowMs, next.fadedAtMs);
}

function draftOf(link: LinkEstimate): Draft<LinkEstimate> {
  return {
    open: link.open,
    spellStartMs: link.spellStartMs,
    spellBytes: link.spellBytes,
    alone: link.alone,
    together: link.together,
    fadedAtMs: link.fadedAtMs,
  };
}
