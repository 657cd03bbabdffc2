import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { emptyBook } from "#core/estimate/estimate-book.ts";
import type { Outlook } from "#core/schedule/strategy.ts";
import { STRATEGIES_BY_NAME } from "#core/schedule/strategies.ts";
import { ChunkHashSchema, RenditionIdSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { SegmentFetch, SegmentRequest } from "#wire/exchange/segment-fetch.ts";
import type { SegmentAsk } from "./delivery-story.ts";
import { lookAhead, MAX_AHEAD_BYTES } from "./look-ahead.ts";
import type { ChunkPlace, LocatedChunk } from "./manifest-cache.ts";
import { manualClock, settle } from "./manual-clock.contract.ts";
import { sampleBackground, sampleBytes, sampleEntry, sampleTrace, VIDEO_ID } from "./sample-manifest.contract.ts";
import { segmentCache } from "./segment-cache.ts";

/** A fetch that goes on when the test says so. */
interface HandFetch extends SegmentFetch {
  readonly request: SegmentRequest;
  readonly cancelled: string[];
  readonly wants: (number | null)[];
  assign(): void;
  finish(outcome?: SegmentTrace["outcome"]): void;
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settleWith) => {
    resolve = settleWith;
  });
  return { promise, resolve };
}

function handFetch(request: SegmentRequest): HandFetch {
  const assigned = deferred<undefined>();
  const done = deferred<SegmentTrace>();
  const [cancelled, wants]: [string[], (number | null)[]] = [[], []];
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      controller.enqueue(sampleBytes(2));
      controller.close();
    },
  });
  const trace = sampleTrace({ id: request.traceId });
  return {
    ...{ request, cancelled, wants, body, trace: () => trace, done: done.promise, assigned: assigned.promise },
    want: (slackSeconds) => void wants.push(slackSeconds),
    cancel(reason) {
      cancelled.push(reason);
      assigned.resolve(undefined);
      done.resolve({ ...trace, outcome: "aborted" });
    },
    assign: () => assigned.resolve(undefined),
    finish(outcome = "delivered") {
      assigned.resolve(undefined);
      done.resolve({ ...trace, outcome });
    },
  };
}

/** The next one as soon as nodes would idle, three of a fixed quality: what smart does, without its tuning. */
const nextWhenIdle = {
  segmentsAhead: ({ hasMissingBlocks, isQualityFixed }: Outlook) => (hasMissingBlocks ? 0 : isQualityFixed ? 3 : 1),
};

const KINDS: Readonly<Record<string, "video" | "audio">> = { "720p": "video", "480p": "video", "audio-2": "audio" };
const SEGMENTS = 20;

async function setUp({ slackSeconds = 10, isQualityFixed = false, sizeBytes = 3000, inMemory = true } = {}) {
  const clock = manualClock();
  const { work, warnings } = sampleBackground();
  const entry = await sampleEntry(0, sampleBytes(3000));
  const fetches: HandFetch[] = [];
  const segments = segmentCache(100_000);
  const chunkAt = (place: ChunkPlace): LocatedChunk => {
    if (place.seq >= SEGMENTS) throw new VStackError("not-found", "Cannot find the segment");
    const name = `${place.rendition}${place.seq}`.replaceAll(/[^0-9a-f]/g, "").padEnd(64, "0");
    const record = { ...entry.record, hash: v.parse(ChunkHashSchema, name), sizeBytes };
    return { entry: { ...entry, seq: place.seq, record }, nodeUrls: new Map() };
  };
  const ahead = lookAhead({
    strategies: { ...STRATEGIES_BY_NAME, smart: nextWhenIdle },
    ...{ clock, segments, background: work },
    estimates: { read: emptyBook },
    manifests: {
      peek: (place) => (inMemory ? chunkAt(place) : undefined),
      locate: async (place) => chunkAt(place),
      renditionOf: ({ rendition }) =>
        inMemory ? { id: rendition, kind: KINDS[rendition] ?? "video", segmentCount: SEGMENTS } : undefined,
    },
    fetchSegment(request) {
      const fetch = handFetch(request);
      fetches.push(fetch);
      return fetch;
    },
    newTraceId: () => `ahead-${fetches.length}`,
    playheads: { slackSeconds: () => slackSeconds, isQualityFixed: () => isQualityFixed },
  });
  /** The player asks for it and its fetch gives every block to somebody. */
  const ask = async (seq: number, change: AskChange = {}) => {
    const wanted = ahead.asked(askFor(seq, change));
    const begun = wanted.take();
    const own = begun === undefined ? handFetch(sampleRequest(seq, entry)) : undefined;
    const fetch = begun ?? own;
    if (fetch === undefined) throw new Error("No fetch");
    wanted.fetching(fetch);
    fetches.find((known) => known === fetch)?.assign();
    own?.assign();
    await settle();
    return fetch;
  };
  const underWay = () =>
    fetches
      .filter(({ cancelled }) => cancelled.length === 0)
      .map(({ request }) => `${request.rendition} ${request.entry.seq}`);
  return { ahead, ask, fetches, segments, clock, warnings, underWay };
}

interface AskChange {
  readonly rendition?: string;
  readonly slot?: "init" | "segment";
  readonly session?: string;
  readonly strategy?: SegmentAsk["strategy"];
  readonly videoId?: string;
}

function askFor(seq: number, change: AskChange): SegmentAsk {
  const { rendition = "720p", slot = "segment", session = "s", strategy = "smart", videoId = VIDEO_ID } = change;
  const place = {
    videoId: v.parse(VideoIdSchema, videoId),
    rendition: v.parse(RenditionIdSchema, rendition),
    slot,
    seq,
  };
  return {
    ...{ address: { asks: "segment", ...place }, place, path: `/media/${videoId}/${rendition}/${seq}.m4s` },
    ...{ session, strategy, request: "r", range: null, bitsPerSecond: null },
  };
}

function sampleRequest(seq: number, entry: SegmentRequest["entry"]): SegmentRequest {
  const { place } = askFor(seq, {});
  return {
    ...{ traceId: `wanted-${seq}`, session: "s", strategy: "smart", driver: "worker", entry, nodeUrls: new Map() },
    ...{ videoId: place.videoId, rendition: place.rendition, slot: "segment", slackSeconds: null },
  };
}

describe("lookAhead()", () => {
  it("begins the next segment when every block of the wanted one is being fetched, and not before", async () => {
    const { ahead, fetches, ask } = await setUp();
    await ask(3);
    const wanted = ahead.asked(askFor(4, {}));
    const fetch = handFetch(sampleRequest(4, await sampleEntry(4, sampleBytes(10))));
    wanted.fetching(fetch);
    await settle();
    expect(fetches).toHaveLength(0);
    fetch.assign();
    await settle();
    expect(fetches.map(({ request }) => [request.isAhead, request.giveUpWhenAllUnreachable])).toEqual([[true, true]]);
    expect(fetches[0]?.request.slackSeconds).toBe(14);
  });

  it("begins as many as are worth it for a player that says that it will not switch", async () => {
    const { ask, underWay } = await setUp({ isQualityFixed: true });
    await ask(3);
    await ask(4);
    expect(underWay()).toHaveLength(3);
  });

  it("begins it when the wanted one was already here", async () => {
    const { ahead, ask, underWay } = await setUp();
    await ask(3);
    ahead.asked(askFor(4, {})).isHere();
    await settle();
    expect(underWay()).toHaveLength(1);
  });

  it("hands a fetch that is under way to the player, once, and wants it", async () => {
    const { ask, fetches } = await setUp();
    await ask(3);
    await ask(4);
    const [begun] = fetches;
    expect(await ask(5)).toBe(begun);
    expect(begun?.wants).toEqual([10]);
    expect(begun?.cancelled).toEqual([]);
  });

  it("keeps what is whole before the player asks, and goes on from there when it does", async () => {
    const { ahead, ask, fetches, segments, underWay } = await setUp();
    await ask(3);
    await ask(4);
    const [begun] = fetches;
    if (begun === undefined) throw new Error("Nothing was begun ahead");
    begun.finish();
    await settle();
    expect(segments.has("smart", begun.request.entry.record.hash)).toBe(true);
    expect(ahead.asked(askFor(5, {})).take()).toBeUndefined();
    expect(underWay()).toHaveLength(1);
  });

  it("forgets a fetch that failed: the player's own question tries again", async () => {
    const { ahead, ask, fetches, segments } = await setUp();
    await ask(3);
    await ask(4);
    fetches[0]?.finish("failed");
    await settle();
    expect(segments.usedBytes()).toBe(0);
    expect(ahead.asked(askFor(5, {})).take()).toBeUndefined();
    expect(fetches).toHaveLength(1);
  });

  it.each<[string, number, AskChange, string]>([
    ["another quality is asked for at the same time", 5, { rendition: "480p" }, "another-rendition"],
    ["the header of another quality is asked for", 0, { rendition: "480p", slot: "init" }, "another-rendition"],
    ["the player jumped on", 15, {}, "elsewhere-in-time"],
    ["the player jumped back", 1, {}, "elsewhere-in-time"],
    ["the strategy was switched", 5, { strategy: "naive" }, "another-strategy"],
    ["another video is asked for", 5, { videoId: "b".repeat(26) }, "another-video"],
  ])("stops in the same tick what was begun when %s", async (_name, seq, change, reason) => {
    const { ahead, ask, fetches } = await setUp();
    await ask(3);
    await ask(4);
    ahead.asked(askFor(seq, change));
    expect(fetches[0]?.cancelled).toEqual([reason]);
  });

  it("stops in the same tick what was begun for a session that left, and nothing else", async () => {
    const { ahead, ask, fetches } = await setUp();
    for (const session of ["s", "other"]) for (const seq of [3, 4]) await ask(seq, { session });
    ahead.left("s");
    expect(fetches.map(({ cancelled }) => cancelled)).toEqual([["left"], []]);
  });

  it("stops what was begun for a session that was quiet for 60 s, not for one that told its playhead", async () => {
    const { ahead, ask, fetches, clock } = await setUp();
    await ask(3);
    await ask(4);
    await clock.advance(59_000);
    ahead.heard("s");
    await clock.advance(59_000);
    expect(fetches[0]?.cancelled).toEqual([]);
    await clock.advance(1_000);
    expect(fetches[0]?.cancelled).toEqual(["session-quiet"]);
  });

  it("goes on beside each other with sound and picture", async () => {
    const { ask, underWay, fetches } = await setUp();
    for (const seq of [3, 4]) {
      await ask(seq);
      await ask(seq, { rendition: "audio-2" });
    }
    expect(fetches.map(({ request }) => request.rendition)).toEqual(["720p", "audio-2"]);
    expect(underWay()).toHaveLength(2);
    expect(await ask(5)).toBe(fetches[0]);
    expect(await ask(5, { rendition: "audio-2" })).toBe(fetches[1]);
  });

  it("has three of the picture and three of the sound under way for a session, and no more", async () => {
    const { ask, underWay } = await setUp({ isQualityFixed: true });
    for (const seq of [3, 4]) for (const rendition of ["720p", "audio-2"]) await ask(seq, { rendition });
    expect(underWay()).toHaveLength(6);
  });

  it("stays within the worker's memory, and takes the room that ended fetches give back", async () => {
    const { ask, fetches, underWay } = await setUp({ sizeBytes: MAX_AHEAD_BYTES / 2 });
    for (const session of ["one", "two", "three"]) for (const seq of [3, 4]) await ask(seq, { session });
    expect(underWay()).toHaveLength(2);
    fetches[0]?.finish("failed");
    await settle();
    for (const seq of [3, 4]) await ask(seq, { session: "four" });
    expect(fetches).toHaveLength(3);
  });

  it("begins nothing behind the end, neither known nor yet to be found out", async () => {
    for (const inMemory of [true, false]) {
      const { ask, fetches, warnings } = await setUp({ inMemory });
      for (const seq of [SEGMENTS - 2, SEGMENTS - 1]) await ask(seq);
      expect(fetches.filter(({ request }) => request.entry.seq >= SEGMENTS)).toEqual([]);
      expect(warnings).toEqual([]);
    }
  });

  it("begins nothing for the naive strategy", async () => {
    const { ask, fetches } = await setUp();
    for (const seq of [3, 4, 5]) await ask(seq, { strategy: "naive" });
    expect(fetches).toEqual([]);
  });
});

describe("lookAhead().expect()", () => {
  const init = (strategy: SegmentAsk["strategy"] = "smart") => askFor(0, { slot: "init", strategy });

  it("begins the header and its first segment, and hands both to the player when it asks", async () => {
    const { ahead, fetches } = await setUp();
    ahead.expect(init());
    expect(fetches.map(({ request }) => [request.slot, request.entry.seq])).toEqual([
      ["init", 0],
      ["segment", 0],
    ]);
    expect(ahead.asked(init()).take()).toBe(fetches[0]);
    expect(ahead.asked(askFor(0, {})).take()).toBe(fetches[1]);
    expect(fetches).toHaveLength(2);
  });

  it("stops both when the player begins with another rendition", async () => {
    const { ahead, fetches } = await setUp();
    ahead.expect(init());
    ahead.asked(askFor(0, { slot: "init", rendition: "480p" }));
    expect(fetches.slice(0, 2).map(({ cancelled }) => cancelled)).toEqual([
      ["another-rendition"],
      ["another-rendition"],
    ]);
  });

  it("begins nothing for a player that has asked already, or for a strategy that does not look ahead", async () => {
    const { ahead, fetches } = await setUp();
    ahead.expect(init("naive"));
    expect(fetches).toHaveLength(0);
    ahead.asked(askFor(3, {}));
    ahead.expect(init());
    expect(fetches.every(({ request }) => request.slot !== "init")).toBe(true);
  });
});
