import { describe, expect, it } from "vitest";
import { sha256 } from "#wire/client/digest.ts";
import type { ManifestEntry } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { SERVED_BY } from "#wire/contract/headers.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { OpenFetches } from "#wire/exchange/open-fetches.ts";
import type { SegmentRequest } from "#wire/exchange/segment-fetch.ts";
import type { SegmentAsk } from "./delivery-story.ts";
import { estimateStore } from "./estimate-store.ts";
import type { LocatedChunk } from "./manifest-cache.ts";
import { manualClock, settle } from "./manual-clock.contract.ts";
import type { RespondPorts } from "./respond.ts";
import { respond } from "./respond.ts";
import { RENDITION, sampleBackground, sampleBytes, sampleEntry, VIDEO_ID } from "./sample-manifest.contract.ts";
import { segmentCache } from "./segment-cache.ts";
import { memoryTable } from "./table.ts";

const SIZE = 3000;
const BYTES = sampleBytes(SIZE);
const OLD_URL = "http://old.example";
const NEW_URL = "http://new.example";

/** What a node does; `deliver` makes the right answer to the request. */
type NodeAnswer = (deliver: () => Response, init: RequestInit) => Promise<Response>;

const honest: NodeAnswer = async (deliver) => deliver();
const refuses: NodeAnswer = () => Promise.reject(new TypeError("connection refused"));
const lacks: NodeAnswer = async () => new Response("", { status: 404 });
const hangs: NodeAnswer = (_deliver, { signal }) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")));
  });

/** What a storage node answers to a whole or a single range (RFC 9110 section 14). */
function deliverTo(init: RequestInit): Response {
  const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get("range") ?? "");
  if (range === null) return new Response(BYTES);
  const [from, to] = [Number(range[1]), Number(range[2])];
  return new Response(BYTES.slice(from, to + 1), {
    status: 206,
    headers: { "Content-Range": `bytes ${from}-${to}/${SIZE}` },
  });
}

/** Lets the program run until something is so; hashing takes other threads, so a fixed number of turns would not do. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle();
}

interface Wish {
  readonly node?: NodeAnswer;
  readonly known?: boolean;
  readonly gateway?: () => Promise<Response>;
  readonly locateFails?: VStackError;
  readonly movedTo?: string;
}

/** The answering half of the worker: the real driver over a network of one node. */
async function setUp(wish: Wish = {}) {
  const clock = manualClock();
  const { work } = sampleBackground();
  const entry = await sampleEntry(1, BYTES);
  const log = { urls: [] as string[], traces: new Map<string, SegmentTrace>(), delivered: [] as SegmentTrace[] };
  const node = wish.node ?? honest;
  const chunkAt = (url: string): LocatedChunk => ({ entry, nodeUrls: new Map([[holderOf(entry), url]]) });
  const record = (trace: SegmentTrace) => void log.traces.set(trace.id, structuredClone(trace));
  const network = (url: string, init: RequestInit): Promise<Response> => {
    log.urls.push(url);
    const answer = url.startsWith(NEW_URL) ? honest : node;
    return answer(() => deliverTo(init), init);
  };
  const estimates = estimateStore({ table: memoryTable(1), clock, background: work });
  let ids = 0;
  const ports: RespondPorts = {
    clock,
    newTraceId: () => `trace-${(ids += 1)}`,
    manifests: {
      peek: () => (wish.known === false ? undefined : chunkAt(OLD_URL)),
      locate: async () => {
        if (wish.locateFails !== undefined) throw wish.locateFails;
        return chunkAt(OLD_URL);
      },
      relocate: async () => chunkAt(wish.movedTo ?? OLD_URL),
    },
    segments: segmentCache(100_000),
    ready: estimates.ready,
    fetchSegment: (request: SegmentRequest) =>
      fetchSegment(request, {
        ...{ clock, random: () => 0.5, fetch: network, digest: sha256, estimates, onTrace: record },
        openFetches: new OpenFetches(),
      }),
    askGateway: async (path) => {
      log.urls.push(`gateway:${path}`);
      if (wish.gateway === undefined) throw new VStackError("unreachable", "Cannot ask the gateway");
      return wish.gateway();
    },
    record,
    slackSeconds: () => null,
    lookAhead: { asked: () => ({ take: () => undefined, fetching: () => undefined, isHere: () => undefined }) },
    onDelivered: (trace) => log.delivered.push(structuredClone(trace)),
  };
  return { ports, log };
}

function holderOf(entry: ManifestEntry) {
  const [holder] = entry.record.holders;
  if (holder === undefined) throw new Error("The sample record names no holder");
  return holder.nodeId;
}

function ask(change: Partial<SegmentAsk> = {}): SegmentAsk {
  const place = { videoId: VIDEO_ID, rendition: RENDITION, slot: "segment", seq: 1 } as const;
  return {
    ...{ address: { asks: "segment", ...place }, place, path: `/media/${VIDEO_ID}/${RENDITION}/1.m4s` },
    ...{ session: "s", strategy: "smart", request: "r", range: null, bitsPerSecond: null, ...change },
  };
}

async function bytesOf(response: Response | Promise<Response>): Promise<Uint8Array> {
  return new Uint8Array(await (await response).arrayBuffer());
}

describe("respond()", () => {
  it("gives the verified segment with its size, type and who served it", async () => {
    const { ports, log } = await setUp();
    const { response, done } = respond(ask(), ports, new AbortController());
    expect(response).toBeInstanceOf(Response);
    const { headers, status } = await response;
    expect([status, headers.get("content-length"), headers.get("content-type")]).toEqual([
      200,
      "3000",
      "video/iso.segment",
    ]);
    expect([headers.get(SERVED_BY), headers.get("cache-control")]).toEqual(["worker", "no-store"]);
    expect(await bytesOf(response)).toEqual(BYTES);
    await done;
    expect(log.delivered).toMatchObject([{ outcome: "delivered", servedFrom: "nodes", deliveredBytes: SIZE }]);
  });

  it("leaves at once without a size when the manifest is not in memory", async () => {
    const { ports } = await setUp({ known: false });
    const { response } = respond(ask(), ports, new AbortController());
    expect(response).toBeInstanceOf(Response);
    expect((await response).headers.get("content-length")).toBeNull();
    expect(await bytesOf(response)).toEqual(BYTES);
  });

  it("serves a replay from memory and asks no node", async () => {
    const { ports, log } = await setUp();
    await bytesOf(respond(ask(), ports, new AbortController()).response);
    const before = log.urls.length;
    expect(await bytesOf(respond(ask({ session: "t" }), ports, new AbortController()).response)).toEqual(BYTES);
    expect(log.urls).toHaveLength(before);
    expect(log.delivered[1]).toMatchObject({ servedFrom: "cache", session: "t", attempts: [], deliveredBytes: SIZE });
  });

  it.each<[string, number, string | null, [number, number]]>([
    ["bytes=0-99", 206, "bytes 0-99/3000", [0, 100]],
    ["bytes=1500-1599", 206, "bytes 1500-1599/3000", [1500, 1600]],
    ["bytes=-1", 206, "bytes 2999-2999/3000", [2999, 3000]],
    ["bytes=0-1,5-6", 200, null, [0, 3000]],
  ])("answers %s with %i", async (range, status, contentRange, part) => {
    for (const known of [true, false]) {
      const { ports } = await setUp({ known });
      const { response, done } = respond(ask({ range }), ports, new AbortController());
      const { headers, ...rest } = await response;
      expect([(await response).status, headers.get("content-range")], JSON.stringify(rest)).toEqual([
        status,
        contentRange,
      ]);
      expect(await bytesOf(response)).toEqual(BYTES.slice(...part));
      await done;
    }
  });

  it("fetches the rest behind a range, for the next one", async () => {
    const { ports, log } = await setUp();
    const { response, done } = respond(ask({ range: "bytes=0-9" }), ports, new AbortController());
    await bytesOf(response);
    await done;
    const before = log.urls.length;
    await bytesOf(respond(ask({ range: "bytes=10-19" }), ports, new AbortController()).response);
    expect(log.urls).toHaveLength(before);
  });

  it("refuses a range behind the end with 416", async () => {
    const { ports, log } = await setUp();
    const response = await respond(ask({ range: "bytes=3000-" }), ports, new AbortController()).response;
    expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */3000"]);
    expect(log.urls).toEqual([]);
  });

  it.each(["stream cancel()", "message"])("stops the request to the node at once by %s", async (way) => {
    const signals: AbortSignal[] = [];
    const { ports, log } = await setUp({
      node: (deliver, init) => {
        if (init.signal) signals.push(init.signal);
        return hangs(deliver, init);
      },
    });
    const stop = new AbortController();
    const { response, done } = respond(ask(), ports, stop);
    const reading = way === "message" ? bytesOf(response).catch((error: unknown) => error) : undefined;
    await until(() => signals.length > 0);
    expect(signals.some((signal) => signal.aborted)).toBe(false);
    if (way === "message") stop.abort();
    else await (await response).body?.cancel();
    expect(signals.every((signal) => signal.aborted)).toBe(true);
    await done;
    if (reading !== undefined) expect(await reading).toBeInstanceOf(Error);
    expect([...log.traces.values()].map((trace) => trace.outcome)).toEqual(["aborted"]);
    expect(log.delivered).toEqual([]);
  });

  it("keeps two players of the same segment apart: one gives up, the other gets it all", async () => {
    const { ports } = await setUp();
    const stop = new AbortController();
    const first = respond(ask({ session: "left" }), ports, stop);
    const second = respond(ask({ session: "right" }), ports, new AbortController());
    stop.abort();
    expect(await bytesOf(second.response)).toEqual(BYTES);
    await expect(bytesOf(first.response)).rejects.toThrow();
    await Promise.all([first.done, second.done]);
  });

  it("goes on with the fetch that was begun ahead: its blocks at once, and no second fetch", async () => {
    const { ports, log } = await setUp();
    const chunk = await ports.manifests.locate(ask().place, new AbortController().signal);
    const { videoId, rendition, slot } = ask().place;
    const begun = ports.fetchSegment({
      ...{ traceId: "ahead", session: "s", strategy: "smart", driver: "worker", videoId, rendition, slot },
      ...{ entry: chunk.entry, nodeUrls: chunk.nodeUrls, slackSeconds: null, isAhead: true },
    });
    await until(() => begun.trace().outcome === "delivered");
    const before = log.urls.length;
    const lookAhead = { asked: () => ({ take: () => begun, fetching: () => undefined, isHere: () => undefined }) };
    expect(await bytesOf(respond(ask(), { ...ports, lookAhead }, new AbortController()).response)).toEqual(BYTES);
    expect(log.urls).toHaveLength(before);
    expect(log.delivered).toMatchObject([{ id: "ahead", servedFrom: "nodes", deliveredBytes: SIZE }]);
    // Kept as any other: the next player has it from memory.
    await bytesOf(respond(ask({ session: "t" }), ports, new AbortController()).response);
    expect(log.urls).toHaveLength(before);
  });

  it("takes the gateway when no node is reachable, and the trace says so", async () => {
    const { ports, log } = await setUp({ node: refuses, gateway: async () => new Response(BYTES) });
    const { response, done } = respond(ask(), ports, new AbortController());
    expect(await bytesOf(response)).toEqual(BYTES);
    await done;
    expect(log.urls.at(-1)).toBe(`gateway:/media/${VIDEO_ID}/${RENDITION}/1.m4s`);
    const traces = [...log.traces.values()];
    expect(traces).toMatchObject([
      { servedFrom: "gateway", outcome: "delivered", failure: null, deliveredBytes: SIZE },
    ]);
    expect(traces[0]?.attempts.length).toBeGreaterThan(0);
  });

  it("asks the server where the nodes are now before it takes the gateway", async () => {
    const { ports, log } = await setUp({ node: refuses, movedTo: NEW_URL });
    expect(await bytesOf(respond(ask(), ports, new AbortController()).response)).toEqual(BYTES);
    expect(log.urls.some((url) => url.startsWith("gateway:"))).toBe(false);
    expect(log.delivered).toMatchObject([{ servedFrom: "nodes" }]);
  });

  it("finds a chunk that its nodes no longer have where the server says it is", async () => {
    const { ports } = await setUp({ node: lacks, movedTo: NEW_URL });
    expect(await bytesOf(respond(ask(), ports, new AbortController()).response)).toEqual(BYTES);
  });

  it("plays through the gateway when the server's manifest is of a later version", async () => {
    const locateFails = new VStackError("bad-answer", "Cannot use the answer");
    const { ports } = await setUp({ known: false, locateFails, gateway: async () => new Response(BYTES) });
    expect(await bytesOf(respond(ask(), ports, new AbortController()).response)).toEqual(BYTES);
  });

  it.each<[string, Wish]>([
    ["no node and no gateway is reachable", { node: refuses }],
    ["the gateway sends too little", { node: refuses, gateway: async () => new Response(BYTES.slice(0, 1000)) }],
    ["the gateway breaks off", { node: refuses, gateway: async () => new Response(brokenStream()) }],
    ["nobody knows the segment", { known: false, locateFails: new VStackError("not-found", "Cannot find it") }],
    ["every node lacks the chunk", { node: lacks }],
  ])("errors the stream, never closes it short, when %s", async (_name, wish) => {
    const { ports, log } = await setUp(wish);
    const { response, done } = respond(ask(), ports, new AbortController());
    await expect(bytesOf(response)).rejects.toThrow();
    await done;
    expect([...log.traces.values()].map((trace) => trace.outcome)).toEqual(["failed"]);
    expect(log.delivered).toEqual([]);
  });

  it("goes on from the gateway behind what the nodes had given", async () => {
    const { ports } = await setUp({ gateway: async () => new Response(BYTES) });
    const half: RespondPorts["fetchSegment"] = (request) => {
      const real = ports.fetchSegment(request);
      const error = new VStackError("unreachable", "Cannot fetch as every node went away");
      let given = false;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          if (given) controller.error(error);
          else controller.enqueue(BYTES.slice(0, 1024));
          given = true;
        },
      });
      return { ...real, body };
    };
    const { response } = respond(ask(), { ...ports, fetchSegment: half }, new AbortController());
    expect(await bytesOf(response)).toEqual(BYTES);
  });

  it("refuses a range with the server's reason when the size cannot be learnt", async () => {
    const locateFails = new VStackError("not-found", "Cannot find it");
    const { ports } = await setUp({ known: false, locateFails });
    const { response, done } = respond(ask({ range: "bytes=0-9" }), ports, new AbortController());
    expect((await response).status).toBe(404);
    await done;
  });

  it("serves the init segment as MP4", async () => {
    const { ports } = await setUp();
    const place = { ...ask().place, slot: "init", seq: 0 } as const;
    const { response } = respond(ask({ place }), ports, new AbortController());
    expect((await response).headers.get("content-type")).toBe("video/mp4");
  });
});

function brokenStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let given = false;
  return new ReadableStream({
    pull(controller) {
      if (given) controller.error(new TypeError("network error"));
      else controller.enqueue(BYTES.slice(0, 500));
      given = true;
    },
  });
}
