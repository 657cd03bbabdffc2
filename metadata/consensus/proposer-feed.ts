/**
 * What the proposer says and hears, for whoever watches: each watcher gets whole proposals, so many a second at most, and a
 * queue of bounded length. Without watchers an event costs a look at an empty set.
 */
import type { Clock } from "#wire/client/live-clock.ts";
import type { LiveEvent, LiveSkipped } from "#wire/contract/consensus-live-api.ts";
import type { ProposerEvent } from "#wire/exchange/decide-record.ts";

/** Watchers at a time; each is a page that somebody looks at. */
export const MAX_WATCHERS = 16;
/** Proposals that a watcher begins to follow in a second: a person sees less, and a page must draw them. */
const FOLLOWED_PER_SECOND = 20;
/** Events that wait for a slow watcher: about a hundred proposals. */
const MAX_WAITING = 2000;
/** Keeps middle boxes from closing a quiet connection. */
const KEEP_ALIVE_MS = 15_000;

export class ProposerFeed {
  readonly #clock: Clock;
  readonly #watchers = new Set<Watcher>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** Takes what the proposer's driver tells. */
  observe(event: ProposerEvent): void {
    if (this.#watchers.size === 0) return;
    const live = { ...event, atMs: Math.round(this.#clock.nowMs() * 1000) / 1000 };
    for (const watcher of this.#watchers) watcher.take(live);
  }

  /** Parts of a body of server-sent events, until `signal`. */
  async *watch(signal: AbortSignal): AsyncGenerator<string, void, void> {
    const watcher = new Watcher();
    this.#watchers.add(watcher);
    try {
      yield ":\n\n";
      while (!signal.aborted) {
        const more = watcher.more();
        const text = watcher.drain();
        if (text !== "") {
          yield text;
          continue;
        }
        await this.#clock.sleep(KEEP_ALIVE_MS, AbortSignal.any([signal, more]));
        if (!more.aborted) yield ":\n\n";
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}

class Watcher {
  #waiting: LiveEvent[] = [];
  /** Numbers of proposals that are shown to their end. */
  #followed = new Set<number>();
  #newest = 0;
  #allowance = FOLLOWED_PER_SECOND;
  #refilledMs = Number.NEGATIVE_INFINITY;
  #skipped: LiveSkipped = { proposals: 0, isCut: false };
  #isSkipToTell = false;
  #more = new AbortController();

  take(event: LiveEvent): void {
    // One that had begun before the watcher came is not followed: its first messages would be missing.
    if (event.proposal > this.#newest && event.kind === "send" && event.turn === 1) {
      this.#newest = event.proposal;
      this.#begin(event);
    }
    if (this.#followed.has(event.proposal)) this.#keep(event);
    if (this.#isSkipToTell || this.#waiting.length > 0) this.#more.abort();
  }

  /** Fires when there is something to drain. */
  more(): AbortSignal {
    this.#more = new AbortController();
    return this.#more.signal;
  }

  drain(): string {
    const events = this.#waiting.map((event) => said("proposer", event));
    this.#waiting = [];
    if (!this.#isSkipToTell) return events.join("");
    this.#isSkipToTell = false;
    const skipped = said("skipped", this.#skipped);
    this.#skipped = { ...this.#skipped, isCut: false };
    return skipped + events.join("");
  }

  #begin({ atMs, proposal }: LiveEvent): void {
    if (atMs - this.#refilledMs >= 1000) {
      this.#allowance = FOLLOWED_PER_SECOND;
      this.#refilledMs = atMs;
    }
    this.#allowance -= 1;
    if (this.#allowance >= 0) this.#followed.add(proposal);
    else this.#skip(1, false);
  }

  #keep(event: LiveEvent): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#skip(this.#followed.size, true);
      this.#waiting = [];
      this.#followed = new Set();
      return;
    }
    this.#waiting.push(event);
    if (event.kind === "finish") this.#followed.delete(event.proposal);
  }

  #skip(count: number, isCut: boolean): void {
    this.#skipped = { proposals: this.#skipped.proposals + count, isCut: this.#skipped.isCut || isCut };
    this.#isSkipToTell = true;
  }
}

function said(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
