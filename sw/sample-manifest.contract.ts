/** Manifests and traces for the worker's tests: complete and valid by the schemas of the contract. */
import * as v from "valibot";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { ManifestEntry, ManifestPage, Video } from "#wire/contract/catalog-api.ts";
import { ManifestEntrySchema, ManifestPageSchema, VideoSchema } from "#wire/contract/catalog-api.ts";
import { MANIFEST_PAGE_SEGMENTS } from "#wire/contract/limits.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { SegmentTraceSchema } from "#wire/contract/segment-trace.ts";
import { RenditionIdSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Background } from "./background.ts";
import { background } from "./background.ts";

export const VIDEO_ID = v.parse(VideoIdSchema, "abcdefghijklmnopqrstuvwxyz");
export const RENDITION = v.parse(RenditionIdSchema, "720p");
const BLOCK_BYTES = 1024;

/** Bytes that differ everywhere, so that a wrong offset shows. */
export function sampleBytes(sizeBytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 255);
}

export async function sampleEntry(seq: number, bytes: Uint8Array<ArrayBuffer>): Promise<ManifestEntry> {
  return v.parse(ManifestEntrySchema, {
    seq,
    durationSeconds: 4,
    record: {
      schema: 1,
      version: 1,
      hash: await chunkHashOf(bytes),
      sizeBytes: bytes.length,
      blockSizeBytes: BLOCK_BYTES,
      ...{ scheme: { kind: "replication" }, holders: [{ nodeId: "node-1", holds: "replica" }] },
      blocksDigest: (await makeBlockList(bytes, BLOCK_BYTES)).blocksDigest,
    },
    blocks: (await makeBlockList(bytes, BLOCK_BYTES)).blocks,
  });
}

export interface PageWish {
  readonly rendition?: string;
  readonly from?: number;
  readonly total?: number;
  readonly nodeUrl?: string;
}

/** A page whose chunks hold {@link sampleBytes} of 3000 bytes, seeded by the segment number. */
export async function samplePage(wish: PageWish = {}): Promise<ManifestPage> {
  const { rendition = RENDITION, from = 0, total = 3, nodeUrl = "http://127.0.0.1:9001" } = wish;
  const count = Math.min(MANIFEST_PAGE_SEGMENTS, Math.max(0, total - from));
  const segments = Array.from({ length: count }, (_, i) => sampleEntry(from + i, sampleBytes(3000, from + i)));
  return v.parse(ManifestPageSchema, {
    ...{ schema: 1, videoId: VIDEO_ID, rendition, from, total },
    nodes: [{ id: "node-1", url: nodeUrl, state: "alive" }],
    init: await sampleEntry(0, sampleBytes(700, 99)),
    segments: await Promise.all(segments),
  });
}

export function sampleVideo(renditions: Readonly<Record<string, number>>): Video {
  const common = { width: 1280, height: 720, frameRate: 24, codecs: "avc1.4d401f,mp4a.40.2", sizeBytes: 1 };
  return v.parse(VideoSchema, {
    ...{ id: VIDEO_ID, title: "Sample", state: "ready", durationSeconds: 12, createdAt: "2026-01-01T00:00:00Z" },
    ...{ sizeBytes: 1, views: 0, copies: { present: 3, wanted: 3 }, failure: null },
    renditions: Object.entries(renditions).map(([id, segmentCount]) => ({
      ...{ id, ...common, peakBitsPerSecond: 1, averageBitsPerSecond: 1, segmentCount },
    })),
  });
}

export function sampleTrace(given: Partial<Record<keyof SegmentTrace, unknown>> = {}): SegmentTrace {
  return v.parse(SegmentTraceSchema, {
    ...{ schema: 1, id: "t1", session: "s1", strategy: "smart", driver: "worker", videoId: VIDEO_ID },
    ...{ rendition: RENDITION, slot: "segment", seq: 0, hash: null, sizeBytes: 1000, servedFrom: "nodes" },
    ...{ startedAtMs: 1000, firstReleaseMs: 30, endedMs: 100, deliveredBytes: 1000, wastedBytes: 0 },
    ...{ outcome: "delivered", failure: null, attempts: [], decisions: [] },
    ...given,
  });
}

/** Background work of a test, with the warnings that it gave. */
export function sampleBackground(): { readonly work: Background; readonly warnings: string[] } {
  const warnings: string[] = [];
  return { work: background((message) => warnings.push(message)), warnings };
}
