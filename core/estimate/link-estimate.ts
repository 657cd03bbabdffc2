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
import { addSample, copyOfEwma, ewmaValue, fade, newEwma } from "./ewma.ts";

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
  readonly open: Map<NodeId, number>;
  readonly spellStartMs: number;
  readonly spellBytes: number;
  /** Bytes per second of all nodes, while exactly one delivered. */
  readonly alone: Ewma;
  /** The same while several did. */
  readonly together: Ewma;
  readonly fadedAtMs: number;
}

/** Nothing measured, nothing open. */
export function newLink(): LinkEstimate {
  return { open: new Map(), spellStartMs: 0, spellBytes: 0, alone: newEwma(), together: newEwma(), fadedAtMs: 0 };
}

/** A body of the node began to arrive. Changes the link that is given, as all events here do. */
export function linkOpened(link: Draft<LinkEstimate>, nodeId: NodeId, atMs: number): void {
  const count = link.open.get(nodeId) ?? 0;
  if (count === 0) beginSpell(link, atMs);
  link.open.set(nodeId, count + 1);
}

/** Bytes of an open body arrived. */
export function linkBytes(link: Draft<LinkEstimate>, bytes: number, atMs: number): void {
  link.spellBytes += bytes;
  if (atMs - link.spellStartMs >= MAX_SPELL_MS) beginSpell(link, atMs);
}

/** A body of the node ended. */
export function linkClosed(link: Draft<LinkEstimate>, nodeId: NodeId, atMs: number): void {
  const count = link.open.get(nodeId) ?? 0;
  if (count === 1) beginSpell(link, atMs);
  if (count > 1) link.open.set(nodeId, count - 1);
  else link.open.delete(nodeId);
}

/** Bytes per second that all nodes together brought lately; null when nothing was measured. */
export function linkRate(link: LinkEstimate): number | null {
  return ewmaValue(link.together) ?? ewmaValue(link.alone);
}

/** Whether more nodes at once bring nothing. Without news of both, no. */
export function sharesBottleneck(link: LinkEstimate, nowMs: number): boolean {
  // Asked at every decision: most have no news of both, and fading makes nothing weigh more.
  if (link.alone.weight < MIN_WEIGHT || link.together.weight < MIN_WEIGHT) return false;
  const [alone, together] = [copyOfEwma(link.alone), copyOfEwma(link.together)];
  const halfLives = idleHalfLives(link, nowMs);
  fade(alone, halfLives);
  fade(together, halfLives);
  if (alone.weight < MIN_WEIGHT || together.weight < MIN_WEIGHT) return false;
  return (ewmaValue(together) ?? Infinity) <= (ewmaValue(alone) ?? 0) * SHARED_FACTOR;
}

/** Ends the spell, learns from it when it was long enough, and begins the next. */
function beginSpell(link: Draft<LinkEstimate>, atMs: number): void {
  const { open, spellStartMs, spellBytes } = link;
  const lastedMs = atMs - spellStartMs;
  link.spellStartMs = atMs;
  link.spellBytes = 0;
  if (open.size === 0 || lastedMs < MIN_SPELL_MS) return;
  const halfLives = idleHalfLives(link, atMs);
  fade(link.alone, halfLives);
  fade(link.together, halfLives);
  link.fadedAtMs = Math.max(atMs, link.fadedAtMs);
  const rate = (spellBytes * 1000) / lastedMs;
  addSample(open.size === 1 ? link.alone : link.together, rate, Math.min(lastedMs, MAX_SPELL_MS) / HALF_LIFE_MS);
}

/** How far the rates have faded since they last did. */
function idleHalfLives({ fadedAtMs }: LinkEstimate, nowMs: number): number {
  return Math.max(0, nowMs - fadedAtMs) / IDLE_HALF_LIFE_MS;
}

export function copyOfLink(link: LinkEstimate): Draft<LinkEstimate> {
  return {
    open: new Map(link.open),
    spellStartMs: link.spellStartMs,
    spellBytes: link.spellBytes,
    alone: copyOfEwma(link.alone),
    together: copyOfEwma(link.together),
    fadedAtMs: link.fadedAtMs,
  };
}
