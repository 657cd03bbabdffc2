/**
 * The heat of many things within bounded memory. When it is full, what is coldest by the long half-life is forgotten: it
 * would be cold without being remembered. Views are forgotten with it, so who needs them for ever counts them elsewhere.
 */
import type { HalfLives, Heat, Served } from "./demand.ts";
import { cooled, heated, mergedHeat, NO_HEAT } from "./demand.ts";

/** About 100 bytes each: 5 MB, and 50,000 videos are more than a handful of servers has. */
const MAX_BOOK_ENTRIES = 50_000;
/** Of the entries, forgotten at once: looking for the coldest costs a pass over all, which then pays for many. */
const FORGOTTEN_SHARE = 1 / 16;

export class DemandBook {
  readonly #halfLives: HalfLives;
  readonly #maxEntries: number;
  readonly #heats = new Map<string, Heat>();

  constructor(halfLives: HalfLives, maxEntries = MAX_BOOK_ENTRIES) {
    this.#halfLives = halfLives;
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#heats.size;
  }

  heatOf(key: string): Heat {
    return this.#heats.get(key) ?? NO_HEAT;
  }

  add(key: string, served: Served, atSeconds: number): void {
    this.#set(key, heated(this.heatOf(key), served, this.#halfLives, atSeconds));
  }

  /** Adds what another book has seen. */
  merge(key: string, heat: Heat): void {
    this.#set(key, mergedHeat(this.heatOf(key), heat, this.#halfLives));
  }

  remove(key: string): void {
    this.#heats.delete(key);
  }

  entries(): IterableIterator<[string, Heat]> {
    return this.#heats.entries();
  }

  #set(key: string, heat: Heat): void {
    this.#heats.set(key, heat);
    if (this.#heats.size > this.#maxEntries) this.#forgetColdest();
  }

  #forgetColdest(): void {
    let latest = 0;
    for (const heat of this.#heats.values()) latest = Math.max(latest, heat.atSeconds);
    const coldest = [...this.#heats]
      .map(([key, heat]) => ({ key, bytes: cooled(heat, this.#halfLives, latest).longBytes }))
      .sort((a, b) => a.bytes - b.bytes || (a.key < b.key ? -1 : 1));
    const kept = this.#maxEntries - Math.floor(this.#maxEntries * FORGOTTEN_SHARE);
    for (const { key } of coldest.slice(0, coldest.length - kept)) this.#heats.delete(key);
  }
}
