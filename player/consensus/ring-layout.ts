/**
 * Where things stand in the ring: nodes on a circle, the programs that ask in its middle, and messages on the straight line
 * between their ends, as far along as their time. Lengths are those of the drawing, 0..RING_SIZE.
 */
import type { SimulationEvent } from "#core/simulation/consensus/events.ts";
import type { MessageView, PlayView } from "#core/simulation/consensus/playground.ts";

export const RING_SIZE = 400;
const MIDDLE = RING_SIZE / 2;
export const NODE_RADIUS = 142;
const PROGRAM_RADIUS = 46;
/** Messages keep clear of the middle of what they leave and reach. */
const CLEAR = 40;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface FlyingPoint extends Point {
  readonly message: MessageView;
  /** 0 where it left, 1 where it arrives. */
  readonly ratio: number;
  readonly from: Point;
  readonly to: Point;
}

/** The place of everybody by name. Those who only appear in messages (coordinators) are programs. */
export function ringPlaces(
  view: Pick<PlayView, "nodes" | "programs" | "flying">,
  others: readonly string[] = [],
): ReadonlyMap<string, Point> {
  const nodes = view.nodes.map(({ nodeId }) => nodeId);
  const ends = [
    ...view.programs.map(({ name }) => name),
    ...others,
    ...view.flying.flatMap(({ from, to }) => [from, to]),
  ];
  const programs = [...new Set(ends)].filter((name) => !nodes.includes(name));
  const places = new Map<string, Point>();
  nodes.forEach((name, at) => places.set(name, onCircle(at, nodes.length, NODE_RADIUS)));
  programs.forEach((name, at) => {
    places.set(name, programs.length === 1 ? { x: MIDDLE, y: MIDDLE } : onCircle(at, programs.length, PROGRAM_RADIUS));
  });
  return places;
}

/** The first stands at the top, the others follow clockwise. */
function onCircle(at: number, count: number, radius: number): Point {
  const angle = (at / count) * 2 * Math.PI - Math.PI / 2;
  return { x: MIDDLE + radius * Math.cos(angle), y: MIDDLE + radius * Math.sin(angle) };
}

/** Where every message in flight is. */
export function flyingPoints(
  view: Pick<PlayView, "flying" | "atMs">,
  places: ReadonlyMap<string, Point>,
  events: readonly SimulationEvent[],
): readonly FlyingPoint[] {
  return view.flying.flatMap((message) => {
    const [start, end] = [places.get(message.from), places.get(message.to)];
    const sent = events[message.cause ?? -1];
    if (start === undefined || end === undefined || sent === undefined) return [];
    const wholeMs = message.arrivesAtMs - sent.atMs;
    const ratio = wholeMs <= 0 ? 1 : Math.min(1, Math.max(0, (view.atMs - sent.atMs) / wholeMs));
    const lengthPx = Math.hypot(end.x - start.x, end.y - start.y);
    const clear = lengthPx === 0 ? 0 : Math.min(0.4, CLEAR / lengthPx);
    const along = clear + ratio * (1 - 2 * clear);
    const [x, y] = [start.x + (end.x - start.x) * along, start.y + (end.y - start.y) * along];
    return [{ x, y, ratio, message, from: start, to: end }];
  });
}
