/**
 * Time that passes without waiting: things to do, ordered by when. What falls on the same moment is done in a seeded
 * order, so that nothing may depend on an order that a real clock would not promise.
 */
import { invariant } from "../invariant.ts";
import type { Random } from "../random.ts";

/** Something to do later. */
export interface Alarm {
  readonly atMs: number;
  /** Never rings after this. */
  cancel(): void;
}

/** A run that has not ended after as many events never will. */
const MAX_EVENTS = 20_000_000;

export class VirtualClock {
  readonly #random: Random;
  /** A binary heap; the first one is next. Cancelled ones stay until they come up. */
  readonly #heap: Entry[] = [];
  #nowMs = 0;
  #eventCount = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Times in the past mean now. */
  at(atMs: number, act: () => void): Alarm {
    const entry = new Entry(Math.max(atMs, this.#nowMs), this.#random(), act);
    push(this.#heap, entry);
    return entry;
  }

  /** Does everything in order until nothing is left, or until `isOver` says so. */
  run(isOver: () => boolean): void {
    while (!isOver() && this.step());
  }

  /** Does the next thing. False: nothing is left. */
  step(): boolean {
    for (;;) {
      const entry = pop(this.#heap);
      if (entry === undefined) return false;
      if (entry.act === null) continue;
      this.#eventCount += 1;
      // Asked first, as making the message for nothing took a tenth of a simulation's time.
      if (this.#eventCount > MAX_EVENTS) {
        invariant(false, `Cannot end a run at ${this.#nowMs} ms after ${MAX_EVENTS} events`);
      }
      this.#nowMs = entry.atMs;
      entry.act();
      return true;
    }
  }
}

class Entry implements Alarm {
  readonly atMs: number;
  readonly lot: number;
  act: (() => void) | null;

  constructor(atMs: number, lot: number, act: () => void) {
    this.atMs = atMs;
    this.lot = lot;
    this.act = act;
  }

  cancel(): void {
    this.act = null;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.lot < other.lot);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const leftAt = 2 * at + 1;
    const [left, right] = [heap[leftAt], heap[leftAt + 1]];
    if (left === undefined) break;
    const rightIsNext = right !== undefined && isBefore(right, left);
    const child = rightIsNext ? right : left;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = rightIsNext ? leftAt + 1 : leftAt;
  }
  heap[at] = last;
  return first;
}
