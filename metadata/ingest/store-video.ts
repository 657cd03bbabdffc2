/**
 * One job: received files become the chunks of a video. Examine, choose a way, store the pieces as they come, then the tracks
 * beside them, count the copies, write the `meta` chunk.
 *
 * It leaves nothing undone and nothing cleaned up: who calls it makes the video ready, or gives its chunks up.
 */
import type { MetaChunk } from "#wire/contract/catalog-api.ts";
import type { ChunkKeeper } from "./chunk-keeper.ts";
import { chunkKeeper } from "./chunk-keeper.ts";
import type { Examined } from "./examine-source.ts";
import { examineSource } from "./examine-source.ts";
import { assertAligned } from "./package/aligned-renditions.ts";
import { packageSource } from "./package/package-source.ts";
import type { SourceFacts } from "./package/probe-source.ts";
import { probeSource } from "./package/probe-source.ts";
import { NO_NAMES, renditionIds } from "./rendition-facts.ts";
import type { StoredRendition } from "./store-pieces.ts";
import { CHUNKS_IN_FLIGHT, storePieces } from "./store-pieces.ts";
import type { RoutedVideo } from "./store-routes.ts";
import { storeByRoutes } from "./store-routes.ts";
import { posterOf, storeSubtitles } from "./store-extras.ts";
import { readSideFiles } from "./subtitles/read-side-files.ts";
import { taskWindow } from "./task-window.ts";
import type { SourceUpload, StoredVideo, StoreVideoPorts, VideoJob } from "./video-job.ts";

/**
 * @throws UnsupportedMediaError when a file cannot be packaged; VStackError when chunks cannot be kept; the signal's reason
 */
export async function storeVideo(job: VideoJob, ports: StoreVideoPorts): Promise<StoredVideo> {
  job.report({ phase: "probing" });
  const { texts, films } = await readSideFiles(job.sources);
  const keeper = chunkKeeper(job, ports);
  const [first] = films;
  const only = films.length === 1 ? first : undefined;
  const examined = only === undefined ? null : await examineSource(only.path, ports.ffmpeg, job.signal);
  const stopping = new AbortController();
  const signal = AbortSignal.any([job.signal, stopping.signal]);
  const poster = posterOf(first && { path: first.path, media: examined?.media ?? null }, ports, signal);
  try {
    const stored =
      only === undefined || examined === null
        ? { renditions: await storeAligned(films, { job, keeper }), subtitles: [], leftOut: [] }
        : await storeSingle({ source: only, examined, sideFiles: texts.length }, { job, ports, keeper });
    return await storeRest({ ...stored, subtitles: [...texts, ...stored.subtitles] }, poster, { job, ports, keeper });
  } finally {
    // Whatever happens, nothing of this job goes on behind it.
    stopping.abort();
    await poster;
    await keeper.close();
  }
}

/** What follows when all sound and picture is stored: tracks beside them, the poster, the `meta` chunk, the count of copies. */
async function storeRest(
  { renditions, subtitles, leftOut }: RoutedVideo,
  poster: Promise<Uint8Array<ArrayBuffer> | null>,
  { job, ports, keeper }: Work & { ports: StoreVideoPorts },
): Promise<StoredVideo> {
  const durationSeconds = Math.max(...renditions.map(({ segments }) => playingSeconds(segments)));
  const all = [...renditions, ...(await storeSubtitles(subtitles, durationSeconds, { ...job, keeper }))];
  const picture = await poster;
  if (picture !== null) await keeper.keep({ slot: "poster", videoId: job.videoId }, picture, 0);
  await keeper.keep({ slot: "meta", videoId: job.videoId }, metaBytes(job, { durationSeconds, all }), 0);
  job.report({ phase: "verifying" });
  await keeper.settle();
  await ports.removeLeftovers(job.videoId);
  const chunksAtRisk = await ports.countChunksAtRisk(job.videoId, job.signal);
  job.report({ progress: { ...keeper.progress(), storedSeconds: durationSeconds, durationSeconds, chunksAtRisk } });
  const sentences = leftOut.length === 0 ? null : leftOut.join(". ");
  return { durationSeconds, renditions: all.map(({ rendition }) => rendition), leftOut: sentences };
}

interface Work {
  readonly job: VideoJob;
  readonly keeper: ChunkKeeper;
}

/** One file: the cheapest way that leads to a video. */
async function storeSingle(
  { source, examined, sideFiles }: { source: SourceUpload; examined: Examined; sideFiles: number },
  { job, ports, keeper }: Work & { ports: StoreVideoPorts },
): Promise<RoutedVideo> {
  const { facts, media } = examined;
  if (media !== null && ports.ffmpeg !== null) {
    return await storeByRoutes({ source, examined, media, sideFiles }, { job, ports, keeper, ffmpeg: ports.ffmpeg });
  }
  const renditions = facts === null ? [] : await storePackaged([{ source, facts }], { job, keeper });
  return { renditions, subtitles: [], leftOut: [] };
}

/** Several files, encoded to be the qualities of one video: their frames are taken as they are. */
async function storeAligned(films: readonly SourceUpload[], work: Work): Promise<StoredRendition[]> {
  const probed: { source: SourceUpload; facts: SourceFacts }[] = [];
  for (const source of films) probed.push({ source, facts: await probeSource(source.path, work.job.signal) });
  const renditions = await storePackaged(probed, work);
  assertAligned(
    renditions.map(({ name, rendition, segments }) => ({ name, frameRate: rendition.frameRate, segments })),
  );
  return renditions;
}

async function storePackaged(
  films: readonly { readonly source: SourceUpload; readonly facts: SourceFacts }[],
  { job, keeper }: Work,
): Promise<StoredRendition[]> {
  const ids = renditionIds(films.map(({ facts }) => facts));
  keeper.expect({
    durationSeconds: Math.max(...films.map(({ facts }) => facts.durationSeconds)),
    tracks: films.length,
  });
  job.report({ phase: "packaging" });
  const stored: StoredRendition[] = [];
  for (const [index, { source, facts }] of films.entries()) {
    const id = ids[index];
    if (id === undefined) continue;
    const window = taskWindow(CHUNKS_IN_FLIGHT);
    const pieces = packageSource(source.path, { signal: job.signal });
    const rendition = { id, name: source.fileName, track: NO_NAMES, describe: () => facts, pieces };
    try {
      stored.push(await storePieces(rendition, { videoId: job.videoId, keeper, window }));
    } finally {
      // Also after a failure: nothing of this job may still be writing when its chunks are given up.
      await window.drain();
    }
  }
  return stored;
}

function playingSeconds(segments: StoredRendition["segments"]): number {
  return segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
}

function metaBytes(
  { videoId, title, createdAt }: VideoJob,
  { durationSeconds, all }: { durationSeconds: number; all: readonly StoredRendition[] },
): Uint8Array<ArrayBuffer> {
  const renditions = all.map(({ rendition, segments }) => ({
    ...rendition,
    segmentDurationsSeconds: segments.map((segment) => segment.durationSeconds),
  }));
  const meta: MetaChunk = { schema: 1, videoId, title, durationSeconds, createdAt, renditions };
  return new TextEncoder().encode(JSON.stringify(meta));
}
