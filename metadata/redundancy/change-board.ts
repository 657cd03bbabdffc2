/** What changes are under way and lately ended, for people: the numbers beside are of all since the program started. */
import type { Outcome } from "#core/redundancy/transition.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { ChangeKind } from "./plan-store.ts";

export interface BoardEntry {
  readonly kind: ChangeKind;
  /** Text of the position. */
  readonly key: string;
  /** To write. */
  readonly bytes: number;
  readonly lossesLeft: number | null;
  readonly reason: string;
}

export interface RunningEntry extends BoardEntry {
  readonly step: string;
  readonly writtenBytes: number;
  readonly sinceSeconds: number;
}

export interface EndedEntry extends BoardEntry {
  readonly outcome: Outcome;
  readonly atSeconds: number;
  readonly tookSeconds: number;
}

/** Ended changes that are remembered. */
const MAX_ENDED = 50;
/** Between two words to a listener. */
const TELL_MS = 250;
/** Nobody waits for the sleep itself. */
const NEVER = new AbortController().signal;

export class ChangeBoard {
  readonly #clock: Clock;
  readonly #running = new Map<string, RunningEntry>();
  readonly #ended: EndedEntry[] = [];
  readonly #listeners = new Set<() => void>();
  /** Changes that became what they were to be, and the bytes that they wrote. */
  readonly totals = new Map<ChangeKind, { readonly changes: number; readonly bytes: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get running(): readonly RunningEntry[] {
    return [...this.#running.values()];
  }

  /** The newest first. */
  get ended(): readonly EndedEntry[] {
    return this.#ended;
  }

  isRunning(key: string): boolean {
    return this.#running.has(key);
  }

  /** Shows a change; `end` with null takes it away without a word. */
  begin(entry: BoardEntry) {
    const sinceSeconds = this.#nowSeconds();
    let running: RunningEntry = { ...entry, step: "noting", writtenBytes: 0, sinceSeconds };
    this.#running.set(entry.key, running);
    this.#tell();
    return {
      step: (step: string, writtenBytes: number) => {
        running = { ...running, step, writtenBytes };
        if (this.#running.has(entry.key)) this.#running.set(entry.key, running);
        this.#tell();
      },
      end: (outcome: Outcome | null) => {
        this.#running.delete(entry.key);
        if (outcome !== null) {
          const atSeconds = this.#nowSeconds();
          this.#ended.unshift({ ...entry, outcome, atSeconds, tookSeconds: atSeconds - sinceSeconds });
          this.#ended.length = Math.min(this.#ended.length, MAX_ENDED);
          if (outcome === "changed") this.#count(running);
        }
        this.#tell();
      },
    };
  }

  /** Calls back soon after a change, a few times a second at most. @returns ends it */
  watch(onChange: () => void): () => void {
    let isDue = false;
    const listener = () => {
      if (isDue) return;
      isDue = true;
      void this.#clock.sleep(TELL_MS, NEVER).then(() => {
        isDue = false;
        if (this.#listeners.has(listener)) onChange();
      });
    };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #count({ kind, writtenBytes }: RunningEntry): void {
    const { changes, bytes } = this.totals.get(kind) ?? { changes: 0, bytes: 0 };
    this.totals.set(kind, { changes: changes + 1, bytes: bytes + writtenBytes });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #nowSeconds(): number {
    return this.#clock.wallMs() / 1000;
  }
}
