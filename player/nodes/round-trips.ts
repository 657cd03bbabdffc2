/**
 * How far each node is from this browser: its smallest answer (`GET /ping`) asked every two seconds, one request to a node at
 * a time. The first answer of a connection is left out, as opening the connection is in it.
 */
import { windowOf } from "#core/estimate/quantiles.ts";
import { ask } from "#wire/client/http.ts";
import { ROUTES } from "#wire/contract/paths.ts";

/** Questions that are remembered of each node: a minute. */
export const MAX_ASKED = 30;
const PAUSE_MS = 2000;
/** Longer than membership takes to suspect a node; then it is no latency but an absence. */
const DEADLINE_MS = 4000;

/** Milliseconds of an answer, null for a question without one; the oldest first. */
export type Asked = readonly (number | null)[];

export interface RoundTripFigures {
  /** Null without any answer. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly answered: number;
  readonly lost: number;
}

export function roundTripFigures(asked: Asked): RoundTripFigures {
  const answers = asked.filter((ms) => ms !== null);
  const { p50, p95 } = windowOf(answers);
  return { p50Ms: p50, p95Ms: p95, answered: answers.length, lost: asked.length - answers.length };
}

export function withAnswer(asked: Asked, ms: number | null): Asked {
  return [...asked, ms].slice(-MAX_ASKED);
}

interface Place {
  readonly id: string;
  readonly url: string;
}

export class RoundTrips {
  readonly #places: () => readonly Place[];
  readonly #onChange: (asked: ReadonlyMap<string, Asked>) => void;
  readonly #asked = new Map<string, Asked>();
  /** Nodes with an open connection. */
  readonly #connected = new Set<string>();
  readonly #waiting = new Set<string>();

  /** @param places nodes that are worth asking now */
  constructor(
    places: () => readonly Place[],
    onChange: (asked: ReadonlyMap<string, Asked>) => void,
    signal: AbortSignal,
  ) {
    this.#places = places;
    this.#onChange = onChange;
    const timer = setInterval(() => this.#askAll(signal), PAUSE_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  #askAll(signal: AbortSignal): void {
    // A hidden page's timers are late, and its figures would be too.
    if (document.visibilityState === "hidden") return;
    for (const place of this.#places()) if (!this.#waiting.has(place.id)) void this.#ask(place, signal);
  }

  async #ask({ id, url }: Place, signal: AbortSignal): Promise<void> {
    this.#waiting.add(id);
    const wasConnected = this.#connected.has(id);
    const startedMs = performance.now();
    try {
      const answer = await ask(`${url}${ROUTES.ping}`, { signal, deadlineMs: DEADLINE_MS });
      const tookMs = performance.now() - startedMs;
      await answer.text();
      this.#connected.add(id);
      if (wasConnected) this.#take(id, tookMs);
    } catch {
      this.#connected.delete(id);
      this.#take(id, null);
    } finally {
      this.#waiting.delete(id);
    }
    if (!signal.aborted) this.#onChange(new Map(this.#asked));
  }

  #take(id: string, ms: number | null): void {
    this.#asked.set(id, withAnswer(this.#asked.get(id) ?? [], ms));
  }
}
