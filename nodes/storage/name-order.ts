/**
 * The names in a map by code units, page by page, without keeping them in order all the time: the first page of a listing puts
 * what came since the last listing in its place. Sorting what is sorted but for a few costs a pass over it.
 */

export class NameOrder {
  readonly #names: { has(name: string): boolean; keys(): Iterable<string> };
  /** Undefined until somebody asks. Names that have gone are dropped with the next listing. */
  #sorted: string[] | undefined;
  /** Came since the order was made; the map bounds them. */
  readonly #added = new Set<string>();

  constructor(names: { has(name: string): boolean; keys(): Iterable<string> }) {
    this.#names = names;
  }

  /** A name has come into the map. */
  add(name: string): void {
    if (this.#sorted !== undefined) this.#added.add(name);
  }

  /** At most `limit` names of the map behind `after`; none when there are no more. */
  page(after: string, limit: number): string[] {
    const sorted = after === "" || this.#sorted === undefined ? this.#order() : this.#sorted;
    const page: string[] = [];
    for (let at = firstBehind(sorted, after); at < sorted.length && page.length < limit; at += 1) {
      const name = sorted[at];
      if (name !== undefined && this.#names.has(name)) page.push(name);
    }
    return page;
  }

  #order(): string[] {
    const before = this.#sorted ?? [...this.#names.keys()];
    for (const name of this.#added) if (this.#names.has(name)) before.push(name);
    this.#added.clear();
    before.sort();
    // A name that went and came again is there twice.
    this.#sorted = before.filter((name, at) => name !== before[at - 1] && this.#names.has(name));
    return this.#sorted;
  }
}

function firstBehind(sorted: readonly string[], after: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
