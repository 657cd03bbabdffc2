/**
 * The bytes of one segment, wherever they come from: what was verified lately, the storage nodes, and only when no node
 * can be reached the gateway. Every delivery leaves a trace.
 */
import type { Clock } from "#wire/client/live-clock.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { SegmentFetch, SegmentRequest } from "#wire/exchange/segment-fetch.ts";
import { ELSEWHERE_MAY_HELP } from "#wire/exchange/segment-fetch.ts";
import { cutToRange } from "./byte-range.ts";
import type { SegmentAsk, Story } from "./delivery-story.ts";
import { beginStory, elapsedMs, noteRelease, storyTrace } from "./delivery-story.ts";
import type { LookAhead, Wanted } from "./look-ahead.ts";
import type { LocatedChunk, ManifestCache } from "./manifest-cache.ts";
import type { SegmentCache } from "./segment-cache.ts";
import { untilAborted, within } from "./waiting.ts";

/** When no node is reachable the server is asked whether they moved; this long, as it may be the next that is dead. */
const RELOCATE_DEADLINE_MS = 1_500;

export type Bytes = Uint8Array<ArrayBuffer>;
/** Blocks one after the other; what it returns is known only at the end. */
type Blocks<End> = AsyncGenerator<Bytes, End, undefined>;

export interface DeliveryPorts {
  readonly clock: Clock;
  readonly newTraceId: () => string;
  readonly manifests: Pick<ManifestCache, "locate" | "relocate">;
  readonly segments: SegmentCache;
  /** Resolves when the driver may start: the estimates are loaded, or took too long. */
  readonly ready: Promise<void>;
  readonly lookAhead: Pick<LookAhead, "asked">;
  /** Starts the driver, which records its own trace as it grows. */
  readonly fetchSegment: (request: SegmentRequest) => SegmentFetch;
  /** Asks the gateway for the media at a path; rejects unless it answers 2xx. */
  readonly askGateway: (path: string, signal: AbortSignal) => Promise<Response>;
  readonly record: (trace: SegmentTrace) => void;
  /** Seconds that the session can still play; null when it did not say. */
  readonly slackSeconds: (session: string) => number | null;
}

/**
 * Yields the segment block by block and in order. It ends only when the segment was whole: every shortage is thrown.
 *
 * @param signal ends every attempt in the same tick
 * @returns the trace, complete but for what the driver still cleans up; undefined when the caller left early
 * @throws VStackError `aborted` by the signal, `not-found` when there is no such segment, else why nobody delivered
 */
export async function* deliver(
  ask: SegmentAsk,
  ports: DeliveryPorts,
  signal: AbortSignal,
): Blocks<SegmentTrace | undefined> {
  const story = beginStory(ask, ports.clock, signal);
  const wanted = ports.lookAhead.asked(ask);
  try {
    story.chunk = await findChunk(story, ports);
    if (story.chunk === undefined) return yield* fromGateway(story, ports);
    return (
      (yield* fromCache(story, story.chunk, ports, wanted)) ??
      (yield* fromNodes(story, story.chunk, ports, wanted)) ??
      (yield* fromElsewhere(story, story.chunk, ports))
    );
  } catch (error) {
    // What failed inside the driver is in its trace; what failed outside of it is told here.
    if (error !== story.driverError) {
      const failure = error instanceof Error ? error.message : String(error);
      ports.record(storyTrace(story, ports.newTraceId(), { outcome: signal.aborted ? "aborted" : "failed", failure }));
    }
    throw error;
  }
}

/**
 * The chunk's record and its nodes. Undefined when the server's answer makes no sense to this worker: it may be newer
 * than the worker, and its gateway then still plays.
 */
async function findChunk({ ask, signal }: Story, ports: DeliveryPorts): Promise<LocatedChunk | undefined> {
  try {
    const [chunk] = await Promise.all([ports.manifests.locate(ask.place, signal), untilAborted(ports.ready, signal)]);
    return chunk;
  } catch (error) {
    if (errorCode(error) === "bad-answer") return undefined;
    throw error;
  }
}

/** @returns undefined when the chunk is not in the cache */
async function* fromCache(
  story: Story,
  chunk: LocatedChunk,
  ports: DeliveryPorts,
  wanted: Wanted,
): Blocks<SegmentTrace | undefined> {
  const parts = ports.segments.get(story.ask.strategy, chunk.entry.record.hash);
  if (parts === undefined) return undefined;
  wanted.isHere();
  yield* onward(parts, story);
  return recorded(story, ports, "cache");
}

/**
 * A fetch that was begun ahead goes on as the player's; its blocks are handed on as they come, those of before at once.
 *
 * @returns undefined when the chunk may be had elsewhere; the story then knows why and how far it came
 */
async function* fromNodes(
  story: Story,
  chunk: LocatedChunk,
  ports: DeliveryPorts,
  wanted?: Wanted,
): Blocks<SegmentTrace | undefined> {
  const { strategy } = story.ask;
  const fetch = wanted?.take() ?? startFetch(story, chunk, ports);
  wanted?.fetching(fetch);
  const cancel = () => fetch.cancel("the player gave up");
  if (story.signal.aborted) cancel();
  else story.signal.addEventListener("abort", cancel, { once: true });
  const parts: Bytes[] = [];
  try {
    yield* onward(collected(readBlocks(fetch.body), parts), story);
  } catch (error) {
    // Awaited, so that the driver's last word does not come after what is recorded of the gateway.
    story.driverTrace = await fetch.done;
    story.driverError = error;
    if (ELSEWHERE_MAY_HELP.includes(errorCode(error))) return undefined;
    throw error;
  } finally {
    story.signal.removeEventListener("abort", cancel);
  }
  requireWhole(story, chunk);
  ports.segments.put(strategy, chunk.entry.record.hash, parts);
  const trace = fetch.trace();
  return { ...trace, endedMs: trace.endedMs ?? elapsedMs(story), outcome: "delivered" };
}

function startFetch({ ask }: Story, { entry, nodeUrls }: LocatedChunk, ports: DeliveryPorts): SegmentFetch {
  const { place, session, strategy } = ask;
  const { videoId, rendition, slot } = place;
  return ports.fetchSegment({
    ...{ traceId: ports.newTraceId(), session, strategy, driver: "worker", videoId, rendition, slot, entry, nodeUrls },
    slackSeconds: ports.slackSeconds(session),
    giveUpWhenAllUnreachable: true,
  });
}

/** The nodes where the server says they are now, if that is elsewhere; else, when no node was reachable, the gateway. */
async function* fromElsewhere(story: Story, chunk: LocatedChunk, ports: DeliveryPorts): Blocks<SegmentTrace> {
  const asked = ports.manifests.relocate(story.ask.place, story.signal).catch(() => undefined);
  const moved = await within(asked, RELOCATE_DEADLINE_MS, ports.clock);
  if (moved !== undefined && isElsewhere(chunk, moved)) {
    const trace = yield* fromNodes(story, moved, ports);
    if (trace !== undefined) return trace;
  }
  // Without its chunk on any node the gateway has it no more than we do.
  if (errorCode(story.driverError) !== "unreachable") throw story.driverError;
  return yield* fromGateway(story, ports);
}

/** Not verified again: the gateway verifies, and its origin serves the manifests and this very program. */
async function* fromGateway(story: Story, ports: DeliveryPorts): Blocks<SegmentTrace> {
  const response = await ports.askGateway(story.ask.path, story.signal);
  if (response.body === null) throw new VStackError("bad-answer", "Cannot play from the gateway as it sent no body");
  yield* onward(readBlocks(response.body), story);
  if (story.chunk !== undefined) requireWhole(story, story.chunk);
  return recorded(story, ports, "gateway");
}

function recorded(story: Story, ports: DeliveryPorts, servedFrom: SegmentTrace["servedFrom"]): SegmentTrace {
  const trace = storyTrace(story, ports.newTraceId(), { servedFrom, outcome: "delivered", failure: null });
  ports.record(trace);
  return trace;
}

function isElsewhere(before: LocatedChunk, now: LocatedChunk): boolean {
  if (before.entry.record.version !== now.entry.record.version) return true;
  return [...now.nodeUrls].some(([nodeId, url]) => before.nodeUrls.get(nodeId) !== url);
}

function requireWhole(story: Story, chunk: LocatedChunk): void {
  const { sizeBytes } = chunk.entry.record;
  if (story.releasedBytes === sizeBytes) return;
  throw new VStackError(
    "bad-answer",
    `Cannot deliver the segment as ${sizeBytes} bytes are needed: ${story.releasedBytes} came`,
  );
}

/** Of bytes that begin at 0, those behind what the player already has: a second source goes on where the first ended. */
async function* onward(blocks: AsyncIterable<Bytes> | Iterable<Bytes>, story: Story): Blocks<void> {
  let offset = 0;
  for await (const block of blocks) {
    const missing = cutToRange(block, offset, { start: story.releasedBytes, end: Number.POSITIVE_INFINITY });
    offset += block.length;
    if (missing === undefined) continue;
    noteRelease(story, missing.length);
    yield missing;
  }
}

async function* collected(blocks: AsyncIterable<Bytes>, into: Bytes[]): Blocks<void> {
  for await (const block of blocks) {
    into.push(block);
    yield block;
  }
}

/** The chunks of a stream; leaving early cancels it. (`for await` on a stream itself is missing in Safari.) */
async function* readBlocks(stream: ReadableStream<Bytes>): Blocks<void> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) await reader.cancel();
  }
}
