/**
 * Tells panels what happens: a snapshot when one subscribes, then numbered deltas, at most four a second. Nobody
 * subscribed, nothing is sent and nothing is collected.
 */
import type { Clock } from "#wire/client/live-clock.ts";
import type { NodeEstimateView, SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";
import type { Background } from "./background.ts";

/** What people can follow; a trace changes a hundred times a second. */
const PUBLISH_EVERY_MS = 250;
/** Panels of one browser. The one that subscribed first is dropped; ports of closed pages go the same way. */
const MAX_SUBSCRIBERS = 32;

/** A place to send to; a MessagePort is one. */
export interface FeedPort {
  postMessage(message: WorkerMessage): void;
}

interface Subscriber {
  /** Only this session's traces; null for all. */
  readonly session: string | null;
  /** Number of the last message. */
  number: number;
  /** Changed since the last message. By id: however often it grew, a trace is sent once. */
  changed: Map<string, SegmentTrace>;
}

export interface TraceFeed {
  /** Sends everything known now, then deltas. */
  subscribe(port: FeedPort, session: string | null): void;
  unsubscribe(port: FeedPort): void;
  /** A trace came or grew. */
  changed(trace: SegmentTrace): void;
}

export interface TraceFeedPorts {
  readonly traces: () => readonly SegmentTrace[];
  readonly estimates: () => NodeEstimateView[];
  readonly clock: Clock;
  readonly background: Background;
}

export function traceFeed({ traces, estimates, clock, background }: TraceFeedPorts): TraceFeed {
  const subscribers = new Map<FeedPort, Subscriber>();
  const forEver = new AbortController().signal;
  let publishing = false;
  let publishedAtMs = Number.NEGATIVE_INFINITY;

  async function publishSoon(): Promise<void> {
    publishing = true;
    await clock.sleep(publishedAtMs + PUBLISH_EVERY_MS - clock.nowMs(), forEver);
    publishing = false;
    publishedAtMs = clock.nowMs();
    const views = estimates();
    for (const [port, subscriber] of subscribers) {
      if (subscriber.changed.size === 0) continue;
      subscriber.number += 1;
      const changed = [...subscriber.changed.values()];
      subscriber.changed = new Map();
      port.postMessage({ kind: "delta", number: subscriber.number, traces: changed, estimates: views });
    }
  }

  return {
    subscribe(port, session) {
      subscribers.delete(port);
      subscribers.set(port, { session, number: 0, changed: new Map() });
      for (const oldest of subscribers.keys()) {
        if (subscribers.size <= MAX_SUBSCRIBERS) break;
        subscribers.delete(oldest);
      }
      const known = traces().filter((trace) => session === null || trace.session === session);
      port.postMessage({ kind: "snapshot", number: 0, traces: known, estimates: estimates() });
    },
    unsubscribe(port) {
      subscribers.delete(port);
    },
    changed(trace) {
      for (const subscriber of subscribers.values()) {
        if (subscriber.session === null || subscriber.session === trace.session) {
          subscriber.changed.set(trace.id, trace);
        }
      }
      if (subscribers.size > 0 && !publishing) background.add("publish traces", publishSoon());
    },
  };
}
