/**
 * Lamport's space-time diagram of a log: a line of life for each process, time to the right, a slanted line for each
 * message. Time is drawn unevenly, so that a quiet stretch takes little room and things of one moment stand apart; the
 * ticks say the milliseconds. Lengths are pixels.
 *
 * Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 1978.
 */
import type { EventKind, SimulationEvent } from "#core/simulation/consensus/events.ts";

const ROW_PX = 44;
const TOP_PX = 40;
const LEFT_PX = 16;
const RIGHT_PX = 56;
/** Width of a millisecond, and the least and most that a pause between two moments takes. */
const PX_PER_MS = 5;
const LEAST_GAP_PX = 9;
const MOST_GAP_PX = 46;
/** Between two marks of one moment on one line. */
const SLOT_PX = 13;
const LEAST_TICK_PX = 64;
/** A short log is stretched to the room that there is, so much at most. */
const MOST_STRETCH = 2.4;

export interface Mark {
  readonly event: SimulationEvent;
  readonly x: number;
  readonly y: number;
}

export interface Arrow {
  readonly message: number;
  /** The event that sent it. */
  readonly sent: SimulationEvent;
  /** The event that ended it; null while it is under way. */
  readonly ended: SimulationEvent | null;
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
}

/** Something that concerns everybody. */
export interface Moment {
  readonly event: SimulationEvent;
  readonly x: number;
}

/** A stretch of a line of life during which its owner is down. */
export interface Down {
  readonly name: string;
  readonly fromX: number;
  readonly toX: number;
  readonly y: number;
}

export interface SpaceTime {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rows: readonly { readonly name: string; readonly y: number; readonly isNode: boolean }[];
  readonly ticks: readonly { readonly x: number; readonly atMs: number }[];
  readonly marks: readonly Mark[];
  readonly arrows: readonly Arrow[];
  readonly moments: readonly Moment[];
  readonly downs: readonly Down[];
  /** Where the present is. */
  readonly nowX: number;
}

/** Kinds that stand on a line of life; messages are arrows, and what has no place is a moment. */
const MARKED: readonly EventKind[] = [
  ...(["begin", "write", "flush", "lost", "pause", "outcome", "crash", "restart", "wipe"] as const),
  ...(["reconfigure", "activate", "reconfigured"] as const),
];

/**
 * @param events the whole log: places do not move while time goes on
 * @param eventCount events that have happened; what comes later is not drawn
 * @param roomPx a short log is stretched to it
 */
export function spaceTimeOf(
  events: readonly SimulationEvent[],
  eventCount: number,
  nodeIds: readonly string[],
  roomPx = 0,
): SpaceTime {
  const names = lifelines(events, nodeIds);
  const yOf = new Map(names.map((name, at) => [name, TOP_PX + at * ROW_PX + ROW_PX / 2]));
  const { xs, widthPx } = stretched(placeEvents(events), roomPx);
  const at = (event: SimulationEvent) => ({ x: xs[event.index] ?? 0, y: yOf.get(event.node) ?? 0 });
  const past = events.slice(0, eventCount);
  const last = past.at(-1);
  const nowX = last === undefined ? LEFT_PX : at(last).x;
  return {
    widthPx,
    heightPx: TOP_PX + names.length * ROW_PX + 8,
    rows: names.map((name) => ({ name, y: yOf.get(name) ?? 0, isNode: nodeIds.includes(name) })),
    ticks: ticksOf(events, xs),
    marks: past.flatMap((event) =>
      MARKED.includes(event.kind) && yOf.has(event.node) ? [{ event, ...at(event) }] : [],
    ),
    arrows: arrowsOf(past, events, { at, yOf, nowX }),
    moments: past.flatMap((event) => (event.node === "" ? [{ event, x: at(event).x }] : [])),
    downs: downsOf(past, nodeIds, { at, yOf, nowX }),
    nowX,
  };
}

/** Programs in the order in which they appear, then the nodes. */
function lifelines(events: readonly SimulationEvent[], nodeIds: readonly string[]): readonly string[] {
  const programs = new Set<string>();
  for (const { node, peer } of events) {
    for (const name of [node, peer]) if (name !== null && name !== "" && !nodeIds.includes(name)) programs.add(name);
  }
  return [...programs, ...nodeIds];
}

/** The x of every event, by its index. */
interface Spread {
  readonly xs: readonly number[];
  readonly widthPx: number;
}

function stretched({ xs, widthPx }: Spread, roomPx: number): Spread {
  const factor = Math.min(MOST_STRETCH, Math.max(1, roomPx / widthPx));
  return { xs: xs.map((x) => LEFT_PX + (x - LEFT_PX) * factor), widthPx: Math.max(widthPx, Math.floor(roomPx)) };
}

function placeEvents(events: readonly SimulationEvent[]): Spread {
  const xs: number[] = [];
  let momentX = LEFT_PX;
  let momentMs = events[0]?.atMs ?? 0;
  let usedPx = 0;
  let slots = new Map<string, number>();
  for (const { atMs, node, kind } of events) {
    if (atMs > momentMs) {
      const gapPx = Math.min(MOST_GAP_PX, Math.max(LEAST_GAP_PX, (atMs - momentMs) * PX_PER_MS));
      momentX += usedPx + gapPx;
      momentMs = atMs;
      usedPx = 0;
      slots = new Map();
    }
    const takesRoom = node === "" || MARKED.includes(kind);
    const slot = slots.get(node) ?? 0;
    if (takesRoom) slots.set(node, slot + 1);
    const offsetPx = slot * SLOT_PX;
    usedPx = Math.max(usedPx, offsetPx);
    xs.push(momentX + offsetPx);
  }
  return { xs, widthPx: momentX + usedPx + RIGHT_PX };
}

function ticksOf(events: readonly SimulationEvent[], xs: readonly number[]): SpaceTime["ticks"] {
  const ticks: { x: number; atMs: number }[] = [];
  for (const { index, atMs } of events) {
    const x = xs[index] ?? 0;
    const before = ticks.at(-1);
    if (before === undefined || (atMs > before.atMs && x - before.x >= LEAST_TICK_PX)) ticks.push({ x, atMs });
  }
  return ticks;
}

interface Places {
  readonly at: (event: SimulationEvent) => { readonly x: number; readonly y: number };
  readonly yOf: ReadonlyMap<string, number>;
  readonly nowX: number;
}

/** Share of the way that a message makes which is lost at once. */
const LOST_RATIO = 0.45;
const LOST_PX = 18;
/** Share of the way that is drawn of a message whose end the log does not have. */
const OPEN_RATIO = 0.6;

function arrowsOf(past: readonly SimulationEvent[], events: readonly SimulationEvent[], places: Places): Arrow[] {
  const { at, yOf, nowX } = places;
  const arrows = new Map<number, Arrow>();
  for (const event of past) {
    const { kind, message } = event;
    if (message === null) continue;
    if (kind === "send" || kind === "answer") {
      const { x: fromX, y: fromY } = at(event);
      const peerY = yOf.get(event.peer ?? "") ?? fromY;
      const arrivedX = xOfEnd(events, event.index, message, at);
      const ratio = Math.min(1, Math.max(0, (nowX - fromX) / Math.max(1, (arrivedX ?? nowX) - fromX)));
      const share = arrivedX === null ? OPEN_RATIO : 1;
      const toX = fromX + ((arrivedX ?? nowX) - fromX) * ratio * share;
      const toY = fromY + (peerY - fromY) * ratio * share;
      arrows.set(message, { message, sent: event, ended: null, fromX, fromY, toX, toY });
    }
    if (kind !== "deliver" && kind !== "drop") continue;
    const sent =
      events[kind === "deliver" ? (event.cause ?? -1) : (arrows.get(message)?.sent.index ?? event.cause ?? -1)];
    if (sent === undefined || (sent.kind !== "send" && sent.kind !== "answer")) continue;
    const { x: fromX, y: fromY } = at(sent);
    const peerY = yOf.get(sent.peer ?? "") ?? fromY;
    const isLostAtOnce = kind === "drop" && event.atMs === sent.atMs;
    const toX = isLostAtOnce ? fromX + LOST_PX : Math.max(fromX, at(event).x);
    const toY = kind === "deliver" ? peerY : fromY + (peerY - fromY) * (isLostAtOnce ? LOST_RATIO : 0.85);
    arrows.set(message, { message, sent, ended: event, fromX, fromY, toX, toY });
  }
  return [...arrows.values()];
}

/** Null when the log ends before the message does. */
function xOfEnd(events: readonly SimulationEvent[], from: number, message: number, at: Places["at"]): number | null {
  for (let index = from + 1; index < events.length; index += 1) {
    const event = events[index];
    if (event?.message === message && (event.kind === "deliver" || event.kind === "drop")) return at(event).x;
  }
  return null;
}

function downsOf(past: readonly SimulationEvent[], nodeIds: readonly string[], { at, yOf, nowX }: Places): Down[] {
  const downs: Down[] = [];
  const open = new Map<string, number>();
  const close = (name: string, toX: number) => {
    const fromX = open.get(name);
    if (fromX !== undefined) downs.push({ name, fromX, toX, y: yOf.get(name) ?? 0 });
    open.delete(name);
  };
  for (const event of past) {
    const { kind, node } = event;
    if (kind === "crash") open.set(node, at(event).x);
    if (kind === "restart" || kind === "wipe") close(node, at(event).x);
    if (kind === "quiet") for (const nodeId of nodeIds) close(nodeId, at(event).x);
  }
  for (const name of [...open.keys()]) close(name, nowX);
  return downs;
}
