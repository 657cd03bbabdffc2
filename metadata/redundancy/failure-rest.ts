/** What failed lately rests before it is tried again, longer each time: it must not stand before what would work. */
const FIRST_REST_MS = 2000;
const MAX_REST_MS = 60_000;
/** Things that rest; the one that rests longest is tried again when there are more. */
const MAX_RESTING = 10_000;

export class FailureRest {
  readonly #nowMs: () => number;
  readonly #resting = new Map<string, { readonly untilMs: number; readonly restMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#resting.size;
  }

  isResting(key: string): boolean {
    const rest = this.#resting.get(key);
    return rest !== undefined && rest.untilMs > this.#nowMs();
  }

  failed(key: string): void {
    const before = this.#resting.get(key)?.restMs ?? FIRST_REST_MS / 2;
    const restMs = Math.min(MAX_REST_MS, before * 2);
    this.#resting.delete(key);
    this.#resting.set(key, { untilMs: this.#nowMs() + restMs, restMs });
    const [oldest] = this.#resting.keys();
    if (this.#resting.size > MAX_RESTING && oldest !== undefined) this.#resting.delete(oldest);
  }

  worked(key: string): void {
    this.#resting.delete(key);
  }

  /** Everything may be tried again now. */
  wake(): void {
    this.#resting.clear();
  }
}
