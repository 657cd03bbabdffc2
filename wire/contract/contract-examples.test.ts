/** One example of every shape that crosses a wire: it must survive JSON unchanged, and each listed change must be refused. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { STRATEGIES_BY_NAME } from "#core/schedule/strategies.ts";
import { CapabilityClaimsSchema } from "./capability.ts";
import {
  ManifestPageSchema,
  MetaChunkSchema,
  TitleSchema,
  VideoListSchema,
  VideoSchema,
  ViewAnswerSchema,
  ViewReportSchema,
} from "./catalog-api.ts";
import { DeleteChunkAnswerSchema, NodeHealthSchema, PutChunkAnswerSchema } from "./chunk-api.ts";
import {
  ClusterAnswerSchema,
  HeartbeatAnswerSchema,
  HeartbeatSchema,
  MetadataHealthSchema,
  NodesAnswerSchema,
} from "./cluster-api.ts";
import { MANIFEST_PAGE_SEGMENTS, MAX_CHUNK_BYTES, MAX_TITLE_CHARACTERS } from "./limits.ts";
import { ChunkRecordSchema, PositionSchema } from "./schemas.ts";
import { NodeEstimateViewSchema, SegmentTraceSchema, STRATEGIES } from "./segment-trace.ts";
import { UploadMetadataSchema, UploadStatusSchema } from "./upload-api.ts";
import { PageMessageSchema, WorkerMessageSchema } from "./worker-messages.ts";

const HASH = "ab".repeat(32);
const VIDEO_ID = "a".repeat(26);

const record = {
  ...{ schema: 1, version: 1, hash: HASH, sizeBytes: 1000, blockSizeBytes: 131_072, blocksDigest: HASH },
  scheme: { kind: "replication" },
  holders: [{ nodeId: "node-1", holds: "replica" }],
};
const erasureRecord = {
  ...record,
  scheme: { kind: "erasure", dataShards: 3, parityShards: 2, matrix: "cauchy" },
  holders: [{ nodeId: "node-1", holds: "shard", shard: 4 }],
};
const rendition = {
  ...{
    id: "720p",
    kind: "video",
    language: "en",
    label: null,
    width: 1280,
    height: 720,
    frameRate: 24,
    codecs: "avc1.64001f,mp4a.40.2",
  },
  ...{ peakBitsPerSecond: 3e6, averageBitsPerSecond: 2e6, segmentCount: 13, sizeBytes: 5e6 },
};
const summary = {
  ...{ id: VIDEO_ID, title: "Film", state: "ready", durationSeconds: 52.2, createdAt: "2026-01-01T00:00:00Z" },
  ...{ sizeBytes: 5e6, views: 3, copies: { present: 45, wanted: 45 }, failure: null, poster: null },
};
const entry = { seq: 0, durationSeconds: 4, record, blocks: "AAAA" };
const page = {
  ...{ schema: 1, videoId: VIDEO_ID, rendition: "720p", nodes: [{ id: "node-1", url: "http://n", state: "alive" }] },
  ...{ init: { ...entry, durationSeconds: 0 }, from: 0, total: 13, segments: [entry] },
};
const fill = { chunkCount: 3, usedBytes: 5, freeBytes: 7, fillRatio: 0.4 };
const urls = { internalUrl: "http://127.0.0.1:8081", publicUrl: "http://0.0.0.0:8081" };
const heartbeat = {
  nodeId: "node-1",
  ...urls,
  incarnation: "i1",
  acceptor: { incarnation: "a1", starts: 2, writes: 3, program: "p1" },
  pid: 1,
  ...fill,
};
const node = { id: "node-1", url: "http://n", state: "suspect", pid: 1, lastHeardMs: 12.5, ...fill };
const attempt = {
  ...{
    id: 0,
    nodeId: "node-1",
    shard: null,
    start: 0,
    end: 10,
    because: "first",
    startedMs: 0,
    firstByteMs: null,
    endedMs: 2.5,
  },
  ...{ receivedBytes: 10, verifyMs: 0.1, blocksVerified: 1, predictedMs: null, outcome: "complete", reason: null },
};
const candidate = { nodeId: "node-1", predictedMs: 12, health: "closed" };
const trace = {
  ...{ schema: 1, id: "t", session: "s", strategy: "smart", driver: "worker", videoId: VIDEO_ID, rendition: "720p" },
  ...{ slot: "segment", seq: 4, hash: HASH, sizeBytes: 10, servedFrom: "nodes", startedAtMs: 1, firstReleaseMs: 2 },
  ...{
    endedMs: 3,
    deliveredBytes: 10,
    wastedBytes: 0,
    outcome: "delivered",
    failure: null,
    attempts: [attempt],
    decodes: [],
  },
  decisions: [
    {
      ...{ atMs: 0, because: "first", chosen: ["node-1"], candidates: [candidate], attempts: [0], tookMs: 3 },
      ...{ bestNodeId: "node-1", bestMs: 2.5, regretMs: 0.5 },
    },
  ],
};
const estimate = {
  ...{ nodeId: "node-1", url: "http://n", firstByteMsP50: 1, firstByteMsP95: 2, rateBytesPerSecond: null },
  ...{ inFlightRequests: 0, inFlightBytes: 0, successes: 1.5, failures: 0.2, health: "open", sampleCount: 3 },
};
const delivered = {
  ...{ kind: "delivered", session: "s", request: "r", deliveredBytes: 10, servedFrom: "cache", firstByteMs: null },
  ...{ networkMs: 5, rateBytesPerSecond: 1e6, timesMislead: true, strategy: "naive" },
};
const upload = {
  ...{
    id: "u",
    phase: "packaging",
    videoId: VIDEO_ID,
    title: "Film",
    receivedBytes: 5,
    sizeBytes: 5,
    storedSeconds: 1,
  },
  ...{
    durationSeconds: 52,
    chunksStored: 2,
    chunksAtRisk: 0,
    failure: { code: "corrupt", message: "m", advice: null },
  },
};

/** Name, schema, example, changes that must be refused. */
const SHAPES: [string, v.GenericSchema, Record<string, unknown>, Record<string, unknown>[]][] = [
  [
    "ChunkRecordSchema",
    ChunkRecordSchema,
    record,
    [
      ...[{ schema: 2 }, { version: 0 }, { hash: "x" }, { sizeBytes: MAX_CHUNK_BYTES + 1 }, { sizeBytes: -1 }],
      ...[{ blockSizeBytes: 0 }, { blockSizeBytes: 131_073 }, { scheme: { kind: "other" } }],
      ...[{ holders: [{ nodeId: "Node 1", holds: "replica" }] }, { holders: [{ nodeId: "n", holds: "shard" }] }],
    ],
  ],
  [
    "ChunkRecordSchema of shards",
    ChunkRecordSchema,
    erasureRecord,
    [{ scheme: { ...erasureRecord.scheme, dataShards: 0 } }],
  ],
  [
    "CapabilityClaimsSchema",
    CapabilityClaimsSchema,
    { v: 1, method: "PUT", subject: HASH, expiresAtMs: 5 },
    [{ v: 2 }, { method: "GET" }, { subject: "x".repeat(129) }, { expiresAtMs: 1.5 }],
  ],
  [
    "VideoSchema",
    VideoSchema,
    { ...summary, renditions: [rendition] },
    [{ id: "short" }, { state: "new" }, { views: -1 }, { renditions: Array<unknown>(13).fill(rendition) }],
  ],
  ["VideoListSchema", VideoListSchema, { videos: [summary], total: 1, next: null }, [{ videos: [{}] }, { total: 0.5 }]],
  [
    "ManifestPageSchema",
    ManifestPageSchema,
    page,
    [
      { schema: 2 },
      { init: null },
      { segments: Array<unknown>(MANIFEST_PAGE_SEGMENTS + 1).fill(entry) },
      { nodes: [{ id: "node-1", url: "u", state: "gone" }] },
    ],
  ],
  ["ViewReportSchema", ViewReportSchema, { viewing: "abcd_EF-12" }, [{ viewing: "short" }, { viewing: "no spaces!" }]],
  ["ViewAnswerSchema", ViewAnswerSchema, { views: 1, counted: true }, [{ counted: "yes" }]],
  [
    "MetaChunkSchema",
    MetaChunkSchema,
    {
      ...{ schema: 1, videoId: VIDEO_ID, title: "Film", durationSeconds: 4, createdAt: "2026-01-01T00:00:00Z" },
      renditions: [{ ...rendition, segmentDurationsSeconds: [4] }],
    },
    [{ schema: 0 }, { renditions: [rendition] }],
  ],
  [
    "PutChunkAnswerSchema",
    PutChunkAnswerSchema,
    { hash: HASH, sizeBytes: 1, nodeId: "n", existed: true, references: 2, vote: { say: "sealed", sealedEpoch: 2 } },
    [{ hash: 1 }, { references: -1 }, { vote: { say: "yes" } }],
  ],
  [
    "DeleteChunkAnswerSchema",
    DeleteChunkAnswerSchema,
    { hash: HASH, references: 0, deleted: true },
    [{ deleted: null }],
  ],
  [
    "NodeHealthSchema",
    NodeHealthSchema,
    {
      ...{ status: "ok", nodeId: "n", incarnation: "i", pid: 1, lab: false, uptimeSeconds: 1.5, ...fill },
      ...{ acceptor: { incarnation: "a", keyCount: 0 }, shardCount: 2, otherBytes: 900 },
    },
    [{ status: "sick" }, { fillRatio: 1.1 }, { acceptor: { incarnation: "a" } }],
  ],
  [
    "HeartbeatSchema",
    HeartbeatSchema,
    heartbeat,
    [{ internalUrl: "ftp://x" }, { publicUrl: "node" }, { fillRatio: -0.1 }, { incarnation: "x".repeat(65) }],
  ],
  ["HeartbeatAnswerSchema", HeartbeatAnswerSchema, { acceptor: "rolled-back" }, [{ acceptor: "no" }]],
  ["NodesAnswerSchema", NodesAnswerSchema, { nodes: [node] }, [{ nodes: [{ ...node, state: "ill" }] }]],
  [
    "ClusterAnswerSchema",
    ClusterAnswerSchema,
    { version: "0.1.0", lab: true, metadata: { url: "http://m", pid: 1 }, nodes: [node], videoCount: 2 },
    [{ metadata: {} }],
  ],
  [
    "MetadataHealthSchema",
    MetadataHealthSchema,
    { status: "degraded", role: "metadata", pid: 1, version: "0.1.0", nodesAlive: 2, uptimeSeconds: 3 },
    [{ role: "node" }],
  ],
  [
    "SegmentTraceSchema",
    SegmentTraceSchema,
    trace,
    [{ schema: 2 }, { strategy: "best" }, { outcome: "lost" }, { attempts: [{ ...attempt, outcome: "won" }] }],
  ],
  ["NodeEstimateViewSchema", NodeEstimateViewSchema, estimate, [{ sampleCount: -1 }]],
  ["UploadStatusSchema", UploadStatusSchema, upload, [{ phase: "thinking" }, { failure: "no" }]],
];

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Members that a server or worker of an earlier version does not send. */
const SINCE_LATER: readonly string[] = ["poster", "decodes"];

describe.each(SHAPES)("%s", (_name, schema, example, wrongs) => {
  test("survives JSON unchanged", () => {
    expect(v.parse(schema, asJson(example))).toEqual(example);
  });

  test.each(wrongs)("refuses %j", (wrong) => {
    expect(v.safeParse(schema, asJson({ ...example, ...wrong })).success).toBe(false);
  });

  test("refuses what lacks a member", () => {
    for (const name of Object.keys(example).filter((one) => !SINCE_LATER.includes(one))) {
      const rest = Object.fromEntries(Object.entries(example).filter(([key]) => key !== name));
      expect(v.safeParse(schema, rest).success, `without ${name}`).toBe(false);
    }
  });
});

test("SegmentTraceSchema takes decisions of workers that knew no hindsight", () => {
  const old = { atMs: 0, because: "first", chosen: ["node-1"], candidates: [candidate] };
  const [decision] = v.parse(SegmentTraceSchema, { ...trace, decisions: [old] }).decisions;
  expect(decision).toEqual({ ...old, attempts: [], tookMs: null, bestNodeId: null, bestMs: null, regretMs: null });
});

test("STRATEGIES names every strategy that the engine has", () => {
  expect([...STRATEGIES].sort()).toEqual(Object.keys(STRATEGIES_BY_NAME).sort());
});

describe("PageMessageSchema", () => {
  test.each([
    { kind: "hello", protocol: 1 },
    { kind: "claim" },
    { kind: "activate" },
    { kind: "abort", session: "s", request: "r" },
    { kind: "playhead", session: "s", bufferedSeconds: 3.5, playbackRate: 1, paused: false, isQualityFixed: true },
    { kind: "left", session: "s" },
    { kind: "record" },
    { kind: "recording" },
    { kind: "subscribe", session: null },
    { kind: "unsubscribe" },
  ])("takes $kind unchanged", (message) => {
    expect(v.parse(PageMessageSchema, asJson(message))).toEqual(message);
  });

  test.each([{ kind: "format-disk" }, { kind: "abort", session: "s" }, {}, "hello", null])("refuses %j", (message) => {
    expect(v.safeParse(PageMessageSchema, message).success).toBe(false);
  });
});

describe("WorkerMessageSchema", () => {
  test.each([
    { kind: "hello", protocol: 1, version: "0.1.0", startedAtMs: 1 },
    { kind: "outdated", protocol: 2 },
    { kind: "snapshot", number: 1, traces: [trace], estimates: [estimate] },
    { kind: "delta", number: 2, traces: [], estimates: [] },
    { kind: "recording", recording: null },
    delivered,
  ])("takes $kind unchanged", (message) => {
    expect(v.parse(WorkerMessageSchema, asJson(message))).toEqual(message);
  });

  test("takes delivered messages of workers that could not tell misleading times", () => {
    const old = { ...delivered, timesMislead: undefined };
    expect(v.parse(WorkerMessageSchema, asJson(old))).toEqual({ ...delivered, timesMislead: false });
  });

  test("refuses a trace of another schema", () => {
    const message = { kind: "delta", number: 2, traces: [{ ...trace, schema: 9 }], estimates: [] };
    expect(v.safeParse(WorkerMessageSchema, message).success).toBe(false);
  });
});

test("UploadMetadataSchema fills in what tus metadata leaves out, and reads the group's size as a number", () => {
  expect(v.parse(UploadMetadataSchema, {})).toMatchObject({ filename: "", title: "", redundancy: "auto" });
  expect(v.parse(UploadMetadataSchema, { group: "abcdefgh", groupSize: "3" })).toMatchObject({ groupSize: 3 });
  for (const wrong of [
    { groupSize: "0" },
    { groupSize: "13" },
    { groupSize: "x" },
    { group: "short" },
    { redundancy: "none" },
  ]) {
    expect(v.safeParse(UploadMetadataSchema, wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});

test("TitleSchema trims, and refuses nothing and too much", () => {
  expect(v.parse(TitleSchema, "  Film ")).toBe("Film");
  expect(v.parse(TitleSchema, "a\u0000b\r\nc\u001b[31m")).toBe("a b c [31m");
  expect(v.parse(TitleSchema, "\ud83d <b>\"'&\u202e🎬")).toBe("<b>\"'&\u202e🎬");
  expect(v.safeParse(TitleSchema, " \n ").success).toBe(false);
  expect(v.safeParse(TitleSchema, "   ").success).toBe(false);
  expect(v.safeParse(TitleSchema, "x".repeat(MAX_TITLE_CHARACTERS + 1)).success).toBe(false);
});

test("PositionSchema reads a position and says what it wanted", () => {
  expect(v.parse(PositionSchema, `${VIDEO_ID}/720p/7`)).toEqual({
    slot: "segment",
    videoId: VIDEO_ID,
    rendition: "720p",
    seq: 7,
  });
  expect(v.safeParse(PositionSchema, "x").issues?.[0].message).toContain("Expected a position");
});
