/** One delivery as it goes: how far it is, and the trace of what happens outside the driver (cache, gateway, no record). */
import type { Clock } from "#wire/client/live-clock.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { TRACE_SCHEMA } from "#wire/contract/segment-trace.ts";
import type { MediaRequest } from "./intercept.ts";
import type { ChunkPlace, LocatedChunk } from "./manifest-cache.ts";

/** A request for a segment or an init segment. */
export type SegmentAsk = MediaRequest & { readonly place: ChunkPlace };

export interface Story {
  readonly ask: SegmentAsk;
  readonly clock: Clock;
  /** Fires when the player gives up. */
  readonly signal: AbortSignal;
  /** Monotonic and Unix milliseconds at the request. */
  readonly startedMs: number;
  readonly startedAtMs: number;
  chunk: LocatedChunk | undefined;
  /** Bytes given to the player so far, from the front of the chunk. */
  releasedBytes: number;
  firstReleaseMs: number | null;
  /** Trace of the last fetch from nodes, when it failed. */
  driverTrace: SegmentTrace | undefined;
  /** What that fetch failed with; when the delivery fails with the same, the driver's own trace tells it all. */
  driverError: unknown;
}

export function beginStory(ask: SegmentAsk, clock: Clock, signal: AbortSignal): Story {
  return {
    ask,
    clock,
    signal,
    startedMs: clock.nowMs(),
    startedAtMs: clock.wallMs(),
    chunk: undefined,
    releasedBytes: 0,
    firstReleaseMs: null,
    driverTrace: undefined,
    driverError: undefined,
  };
}

/** Milliseconds since the request. */
export function elapsedMs(story: Story): number {
  return story.clock.nowMs() - story.startedMs;
}

/** Notes bytes that are given to the player. */
export function noteRelease(story: Story, bytes: number): void {
  story.releasedBytes += bytes;
  story.firstReleaseMs ??= elapsedMs(story);
}

/**
 * The trace of a delivery that ends now, outside the driver. It goes on from the trace of a driver that failed.
 *
 * @param freshId its name, unless it goes on from another
 */
export function storyTrace(
  story: Story,
  freshId: string,
  end: Pick<SegmentTrace, "outcome" | "failure"> & Partial<Pick<SegmentTrace, "servedFrom">>,
): SegmentTrace {
  const { ask, chunk, driverTrace } = story;
  return {
    schema: TRACE_SCHEMA,
    id: driverTrace?.id ?? freshId,
    session: ask.session,
    strategy: ask.strategy,
    driver: "worker",
    videoId: ask.place.videoId,
    rendition: ask.place.rendition,
    slot: ask.place.slot,
    seq: ask.place.seq,
    hash: chunk?.entry.record.hash ?? null,
    sizeBytes: chunk?.entry.record.sizeBytes ?? story.releasedBytes,
    servedFrom: "nodes",
    startedAtMs: story.startedAtMs,
    firstReleaseMs: story.firstReleaseMs,
    endedMs: elapsedMs(story),
    deliveredBytes: story.releasedBytes,
    wastedBytes: driverTrace?.wastedBytes ?? 0,
    attempts: driverTrace?.attempts ?? [],
    decisions: driverTrace?.decisions ?? [],
    decodes: driverTrace?.decodes ?? [],
    ...end,
  };
}
