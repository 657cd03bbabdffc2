/**
 * One job: received files become the chunks of a video. Probe all, package one after the other, store the pieces as they
 * come with few in flight, check that renditions align, count the copies, write the `meta` chunk.
 *
 * It leaves nothing undone and nothing cleaned up: who calls it makes the video ready, or gives its chunks up.
 */
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { MetaChunk, Rendition } from "#wire/contract/catalog-api.ts";
import { MAX_SEGMENTS } from "#wire/contract/limits.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { UploadPhase } from "#wire/contract/upload-api.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import { copiesOf } from "../catalog/copies.ts";
import type { PlaceChunk } from "../placement/place-chunk.ts";
import { assertAligned } from "./package/aligned-renditions.ts";
import { packageSource } from "./package/package-source.ts";
import type { SourceFacts } from "./package/probe-source.ts";
import { probeSource } from "./package/probe-source.ts";
import type { SegmentFacts } from "./rendition-facts.ts";
import { renditionFacts, renditionIds } from "./rendition-facts.ts";
import { taskWindow } from "./task-window.ts";
import type { Progress } from "./upload-store.ts";

/** Chunks of one job between disk and nodes: hides a round trip, and bounds memory at four chunks of at most 16 MiB. */
const CHUNKS_IN_FLIGHT = 4;

export interface SourceUpload {
  readonly path: string;
  readonly fileName: string;
}

export interface VideoJob {
  readonly videoId: VideoId;
  readonly title: string;
  readonly createdAt: string;
  /** One or more; each becomes a rendition. */
  readonly sources: readonly SourceUpload[];
  readonly signal: AbortSignal;
  readonly report: (change: { phase?: UploadPhase; progress?: Progress }) => void;
}

export interface StoreVideoPorts {
  readonly catalog: CatalogStore;
  readonly placeChunk: PlaceChunk;
  /** Chunks of the video that do not survive two losses. */
  readonly countChunksAtRisk: (videoId: VideoId, signal: AbortSignal) => Promise<number>;
}

export interface StoredVideo {
  readonly durationSeconds: number;
  readonly renditions: readonly Rendition[];
}

/**
 * @throws UnsupportedMediaError when a file cannot be packaged; VStackError when chunks cannot be kept; the signal's reason
 */
export async function storeVideo(job: VideoJob, ports: StoreVideoPorts): Promise<StoredVideo> {
  job.report({ phase: "probing" });
  const facts: SourceFacts[] = [];
  for (const source of job.sources) facts.push(await probeSource(source.path, job.signal));
  const ids = renditionIds(facts);

  const keeper = chunkKeeper(job, ports, Math.max(...facts.map(({ durationSeconds }) => durationSeconds)));
  job.report({ phase: "packaging", progress: keeper.progress() });
  const packaged: PackagedRendition[] = [];
  for (const [index, source] of job.sources.entries()) {
    const [id, sourceFacts] = [ids[index], facts[index]];
    if (id !== undefined && sourceFacts !== undefined) {
      packaged.push(await storeRendition({ id, source, facts: sourceFacts }, job, keeper));
    }
  }
  assertAligned(
    packaged.map((one) => ({ name: one.name, frameRate: one.rendition.frameRate, segments: one.segments })),
  );

  const durationSeconds = Math.max(...packaged.map(({ segments }) => playingSeconds(segments)));
  await keeper.keep({ slot: "meta", videoId: job.videoId }, metaBytes(job, { durationSeconds, packaged }), 0);
  job.report({ phase: "verifying" });
  const chunksAtRisk = await ports.countChunksAtRisk(job.videoId, job.signal);
  job.report({ progress: { ...keeper.progress(), storedSeconds: durationSeconds, durationSeconds, chunksAtRisk } });
  return { durationSeconds, renditions: packaged.map(({ rendition }) => rendition) };
}

interface PackagedRendition {
  /** The file's name, for messages. */
  readonly name: string;
  readonly rendition: Rendition;
  readonly segments: readonly SegmentFacts[];
}

async function storeRendition(
  { id, source, facts }: { id: RenditionId; source: SourceUpload; facts: SourceFacts },
  job: VideoJob,
  keeper: ChunkKeeper,
): Promise<PackagedRendition> {
  const window = taskWindow(CHUNKS_IN_FLIGHT);
  const segments: SegmentFacts[] = [];
  let initBytes = 0;
  try {
    for await (const piece of packageSource(source.path, { signal: job.signal })) {
      if (piece.kind === "init") initBytes = piece.bytes.length;
      else segments.push({ ...piece, sizeBytes: piece.bytes.length });
      if (segments.length > MAX_SEGMENTS) {
        throw new VStackError(
          "too-large",
          `Cannot store "${source.fileName}" as it has more than ${MAX_SEGMENTS} segments`,
        );
      }
      const rendition = { videoId: job.videoId, rendition: id };
      const position: Position =
        piece.kind === "init" ? { slot: "init", ...rendition } : { slot: "segment", ...rendition, seq: piece.seq };
      await window.add(() => keeper.keep(position, piece.bytes, piece.durationSeconds));
    }
  } finally {
    // Also after a failure: nothing of this job may still be writing when its chunks are given up.
    await window.drain();
  }
  if (segments.length === 0) {
    throw new VStackError("unsupported-media", `Cannot store "${source.fileName}" as there is nothing to play in it`);
  }
  return { name: source.fileName, rendition: renditionFacts(id, facts, { initBytes, segments }), segments };
}

interface ChunkKeeper {
  /** Places a chunk, indexes it, and counts it. */
  keep(position: Position, bytes: Uint8Array<ArrayBuffer>, durationSeconds: number): Promise<void>;
  progress(): Progress;
}

function chunkKeeper(job: VideoJob, ports: StoreVideoPorts, expectedSeconds: number): ChunkKeeper {
  let storedSeconds = 0;
  let chunksStored = 0;
  let chunksAtRisk = 0;
  // In seconds of the video: one of three renditions stored is a third of it.
  const progress = () => ({
    storedSeconds: storedSeconds / job.sources.length,
    durationSeconds: Math.max(expectedSeconds, storedSeconds / job.sources.length),
    chunksStored,
    chunksAtRisk,
  });
  return {
    progress,
    async keep(position, bytes, durationSeconds) {
      const { record, blocks } = await ports.placeChunk(position, bytes, job.signal);
      await ports.catalog.putChunk({ position, durationSeconds, record, blocks });
      const { present, wanted } = copiesOf(record);
      storedSeconds += durationSeconds;
      chunksStored += 1;
      if (present < wanted) chunksAtRisk += 1;
      job.report({ progress: progress() });
    },
  };
}

function playingSeconds(segments: readonly SegmentFacts[]): number {
  return segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
}

function metaBytes(
  job: VideoJob,
  { durationSeconds, packaged }: { durationSeconds: number; packaged: readonly PackagedRendition[] },
): Uint8Array<ArrayBuffer> {
  const meta: MetaChunk = {
    schema: 1,
    videoId: job.videoId,
    title: job.title,
    durationSeconds,
    createdAt: job.createdAt,
    renditions: packaged.map(({ rendition, segments }) => ({
      ...rendition,
      segmentDurationsSeconds: segments.map((segment) => segment.durationSeconds),
    })),
  };
  return new TextEncoder().encode(JSON.stringify(meta));
}
