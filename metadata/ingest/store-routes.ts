/** One file with ffmpeg at hand: tries the ways of transcode/route.ts in their order and stores what the first good one gives. */
import type { ChunkKeeper } from "./chunk-keeper.ts";
import type { Examined } from "./examine-source.ts";
import { reachesItsEnd } from "./examine-source.ts";
import { packageSource } from "./package/package-source.ts";
import { UnsupportedMediaError } from "./package/unsupported-media-error.ts";
import type { Picture } from "./rendition-facts.ts";
import { NO_NAMES, renditionIds, trackId } from "./rendition-facts.ts";
import type { ReadSubtitles } from "./store-extras.ts";
import { readEmbedded } from "./store-extras.ts";
import type { RenditionPieces, StoredRendition } from "./store-pieces.ts";
import { allOrFirstError, CHUNKS_IN_FLIGHT, storePieces } from "./store-pieces.ts";
import { taskWindow } from "./task-window.ts";
import type { ChosenTracks } from "./tracks.ts";
import { chooseTracks, trackNames } from "./tracks.ts";
import type { Ffmpeg } from "./transcode/ffmpeg.ts";
import type { Output } from "./transcode/ffmpeg-words.ts";
import { readTracks } from "./transcode/fragment-tracks.ts";
import type { MediaFacts } from "./transcode/media-facts.ts";
import { endsEarly } from "./transcode/refusals.ts";
import type { Route } from "./transcode/route.ts";
import { routesFor } from "./transcode/route.ts";
import { startRun } from "./transcode/run-ffmpeg.ts";
import type { SourceUpload, StoreVideoPorts, VideoJob } from "./video-job.ts";

/** Of what a damaged file announces, so much must come out of it. */
const WHOLE_RATIO = 0.98;
const WHOLE_SLACK_SECONDS = 1;

export interface Film {
  readonly source: SourceUpload;
  readonly examined: Examined;
  readonly media: MediaFacts;
  /** Subtitle files beside it. */
  readonly sideFiles: number;
}

interface TriedFilm extends Film {
  /** Whether it was called damaged: then it counts when all that it announces comes out of it after all. */
  readonly announcesMore: boolean;
}

export interface RouteWork {
  readonly job: VideoJob;
  readonly ports: StoreVideoPorts;
  readonly keeper: ChunkKeeper;
  readonly ffmpeg: Ffmpeg;
}

export interface RoutedVideo {
  readonly renditions: readonly StoredRendition[];
  readonly subtitles: readonly ReadSubtitles[];
  readonly leftOut: readonly string[];
}

/** @throws UnsupportedMediaError of the last way */
export async function storeByRoutes(film: Film, work: RouteWork): Promise<RoutedVideo> {
  const { examined, media } = film;
  const { job, ports } = work;
  const routes = routesFor({
    media,
    refusal: examined.refusal,
    keyframeTimesSeconds: examined.facts?.keyframeTimesSeconds ?? null,
    ladder: ports.ladder,
  });
  let announcesMore = examined.refusal?.code === "damaged";
  for (const [index, route] of routes.entries()) {
    try {
      return await storeByRoute(route, { ...film, announcesMore }, work);
    } catch (error) {
      if (!(error instanceof UnsupportedMediaError) || index === routes.length - 1) throw error;
      announcesMore ||= error.code === "damaged";
      // A file that was cut is refused at once, not after all of it was encoded.
      if (
        announcesMore &&
        !(await reachesItsEnd(media, { ffmpeg: work.ffmpeg, path: film.source.path, signal: job.signal }))
      )
        throw error;
      ports.log.info(
        { videoId: job.videoId, route: route.kind, err: error },
        "Cannot store a video so: trying the next way",
      );
      await work.keeper.settle();
      await ports.startOver(job.videoId);
    }
  }
  throw new RangeError("A file has at least one way");
}

async function storeByRoute(route: Route, film: TriedFilm, work: RouteWork): Promise<RoutedVideo> {
  const { media, source, sideFiles } = film;
  const { job, ffmpeg } = work;
  const tracks = chooseTracks(media, { isOwnPackager: route.kind === "repackage", sideFiles });
  const isHeavy = route.kind === "encode" && route.rungs.length > 0;
  const endTurn = isHeavy ? await job.takeEncodingTurn() : () => undefined;
  try {
    const renditions = await storeTracks(route, { ...film, tracks }, work);
    if (film.announcesMore) requireWhole(media, renditions);
    const embedded = await readEmbedded(ffmpeg, { path: source.path, media, tracks: tracks.subtitles }, job.signal);
    const dull = (media.video?.highDynamicRange ?? null) !== null && !ffmpeg.canToneMap ? [DULL_COLOURS] : [];
    return { renditions, subtitles: embedded.read, leftOut: [...tracks.leftOut, ...embedded.leftOut, ...dull] };
  } finally {
    endTurn();
  }
}

const DULL_COLOURS =
  "Colours may look dull as this server's ffmpeg has no zscale filter to convert high dynamic range with";

async function storeTracks(
  route: Route,
  film: TriedFilm & { readonly tracks: ChosenTracks },
  { job, keeper, ffmpeg, ports }: RouteWork,
): Promise<StoredRendition[]> {
  const { media } = film;
  // A run ends when its job does, and also when the other source of this job has failed.
  const stopping = new AbortController();
  const signal = AbortSignal.any([job.signal, stopping.signal]);
  const renditions = renditionsOf(route, film, { ffmpeg, signal });
  const durationSeconds = media.durationSeconds ?? film.examined.facts?.durationSeconds ?? 0;
  keeper.expect({ durationSeconds, tracks: renditions.length });
  job.report({ phase: "packaging", notice: null });
  ports.log.info(
    { videoId: job.videoId, route: route.kind, tracks: renditions.map(({ id }) => id) },
    "Storing a video",
  );
  const window = taskWindow(CHUNKS_IN_FLIGHT);
  try {
    const store = { videoId: job.videoId, keeper, window };
    const tasks = renditions.map(async (rendition) => {
      try {
        return await storePieces(rendition, store);
      } catch (error) {
        stopping.abort(error);
        throw error;
      }
    });
    return await allOrFirstError(tasks);
  } finally {
    // Also after a failure: nothing of this job may still be writing when its chunks are given up.
    await window.drain();
  }
}

function renditionsOf(
  route: Route,
  { source, media, tracks, examined, announcesMore }: TriedFilm & { readonly tracks: ChosenTracks },
  { ffmpeg, signal }: { ffmpeg: Ffmpeg; signal: AbortSignal },
): RenditionPieces[] {
  const { mainAudio, furtherAudio } = tracks;
  const name = source.fileName;
  const track = mainAudio === null ? NO_NAMES : trackNames(mainAudio);
  const qualities = qualityOutputs(route, tracks);
  const further = furtherAudio.map((audio): Output => ({ kind: "audio", track: audio }));
  const outputs = [...qualities, ...further];
  const run = { path: source.path, media, mainAudio, outputs, isFilledUp: !announcesMore };
  const runs = outputs.length === 0 ? [] : startRun(ffmpeg, run, signal);
  const { facts } = examined;
  const own: Omit<RenditionPieces, "id">[] =
    route.kind === "repackage" && facts !== null
      ? [{ name, track, describe: () => facts, pieces: packageSource(source.path, { signal }) }]
      : [];
  const describe = (init: Uint8Array) => pictureOf(init, media);
  const encoded = runs.map((pieces) => ({ name, track, describe, pieces }));
  const main = [...own, ...encoded.slice(0, qualities.length)];
  const heights = own.length > 0 ? [facts?.height ?? null] : qualities.map((output) => heightOf(output, media));
  const ids = renditionIds(heights.map((height) => ({ height })));
  return [
    ...main.flatMap((rendition, index) => {
      const id = ids[index];
      return id === undefined ? [] : [{ ...rendition, id }];
    }),
    // The sound inside the qualities is the first track.
    ...encoded.slice(qualities.length).map((rendition, index) => {
      const audio = furtherAudio[index];
      const names = audio === undefined ? NO_NAMES : trackNames(audio);
      return { ...rendition, track: names, id: trackId("audio", index + 2) };
    }),
  ];
}

function qualityOutputs(route: Route, { mainAudio }: ChosenTracks): Output[] {
  if (route.kind === "repackage") return [];
  if (route.kind === "copy") return [{ kind: "copy" }];
  if (route.rungs.length > 0) return route.rungs.map((rung) => ({ kind: "video", rung }));
  return mainAudio === null ? [] : [{ kind: "audio", track: mainAudio }];
}

function heightOf(output: Output, { video }: MediaFacts): number | null {
  if (output.kind === "audio") return null;
  return output.kind === "video" ? output.rung.height : (video?.height ?? null);
}

/** Of what ffmpeg made, by its own words. */
function pictureOf(init: Uint8Array, { video }: MediaFacts): Picture {
  const tracks = readTracks(init);
  const picture = tracks.find(({ kind }) => kind === "video");
  return {
    width: picture?.width ?? null,
    height: picture?.height ?? null,
    frameRate: picture === undefined ? null : (video?.frameRate ?? null),
    codecs: tracks.map(({ codec }) => codec).join(","),
  };
}

function requireWhole(media: MediaFacts, renditions: readonly StoredRendition[]): void {
  const announcedSeconds = media.video?.durationSeconds ?? media.durationSeconds;
  if (announcedSeconds === null) return;
  const last = renditions[0]?.segments.at(-1);
  const foundSeconds = last === undefined ? 0 : last.startSeconds + last.durationSeconds;
  if (foundSeconds < announcedSeconds * WHOLE_RATIO - WHOLE_SLACK_SECONDS)
    throw endsEarly(foundSeconds, announcedSeconds);
}
