/** The keys of a group in their order, page by page. Keys only come; they are put in order when somebody looks. */

export class KeyPages {
  readonly #keys = new Set<string>();
  #sorted: string[] = [];

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    this.#keys.add(key);
  }

  /** Keys behind `after`, `limit` at most, by code units as everywhere in the protocol. */
  page(after: string, limit: number): readonly string[] {
    if (this.#sorted.length !== this.#keys.size) this.#sorted = [...this.#keys].sort();
    const first = firstBehind(this.#sorted, after);
    return this.#sorted.slice(first, first + limit);
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
