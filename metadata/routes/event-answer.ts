/**
 * Server-sent events of one thing that changes (HTML Living Standard section 9.2): its newest state, at once and then when it
 * has changed, never faster than a person can see. A slow client gets fewer states, not a longer queue.
 */
import type { Clock } from "#wire/client/live-clock.ts";

/** Between two events. */
const SHORTEST_GAP_MS = 200;
/** Looks again without being told, and keeps middle boxes from closing the connection. */
const LONGEST_GAP_MS = 2000;

export interface EventSource<State> {
  /** The state now; undefined ends the stream. */
  readonly read: () => Promise<State | undefined>;
  /** Whether nothing will follow this state. */
  readonly isLast: (state: State) => boolean;
  /** @returns ends the watching */
  readonly watch: (onChange: () => void) => Promise<() => void>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** @param name of the events */
export function eventAnswer<State>(name: string, source: EventSource<State>): Response {
  const gone = new AbortController();
  const signal = AbortSignal.any([source.signal, gone.signal]);
  const events = changes(source, signal);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await events.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value === null ? ":\n\n" : `event: ${name}\ndata: ${value}\n\n`));
      },
      async cancel() {
        gone.abort();
        await events.return();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

/** States as JSON, each different from the one before; null when nothing happened for a while. */
async function* changes<State>(
  source: EventSource<State>,
  signal: AbortSignal,
): AsyncGenerator<string | null, void, void> {
  let told = "";
  let changed = new AbortController();
  const unwatch = await source.watch(() => {
    changed.abort();
  });
  try {
    while (!signal.aborted) {
      changed = new AbortController();
      const state = await source.read();
      if (state === undefined) return;
      const text = JSON.stringify(state);
      yield text === told ? null : text;
      told = text;
      if (source.isLast(state)) return;
      await source.clock.sleep(SHORTEST_GAP_MS, signal);
      await source.clock.sleep(LONGEST_GAP_MS, AbortSignal.any([signal, changed.signal]));
    }
  } finally {
    unwatch();
  }
}
