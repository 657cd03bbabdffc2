/**
 * Turns one source file into the pieces of one HLS rendition without ffmpeg: an init segment and fMP4 segments that each
 * start with a keyframe (RFC 8216 section 3.3; CMAF, ISO/IEC 23000-19, in all but its brands). The coded frames are not
 * touched; segments are cut at the source's own keyframes, so two files align only when they were encoded to.
 * Pieces are made one at a time as they are asked for: memory holds about one segment, whatever the file's size.
 */

import { groupsInNextSegment } from "./cut-point.ts";
import { type Group, readGroups, type SampleReaders } from "./group-reader.ts";
import { type InitSegment, type InitTracks, makeInitSegment } from "./init-segment.ts";
import { keyframeTimes } from "./keyframes.ts";
import { type FragmentTrack, neededDelayTicks, writeMovieFragment } from "./movie-fragment.ts";
import { codecName, isPlayableAudio, isPlayableVideo } from "./playable-codecs.ts";
import { durationOf } from "./probe-source.ts";
import { encryptedTrack, keyframesTooFarApart, unsupportedCodec } from "./refusals.ts";
import { LONGEST_SEGMENT_SECONDS, SEGMENT_TOLERANCE_SECONDS } from "./segment-limits.ts";
import { isEncrypted, openSourceFile, reading, type SourceFile } from "./source-file.ts";
import { startTracks } from "./start-tracks.ts";
import { videoDelayTicks } from "./track-timing.ts";

/** One chunk to be stored. */
export interface PackagedPiece {
  readonly kind: "init" | "segment";
  /** 0 for the init segment; 0, 1, 2 ... for segments. */
  readonly seq: number;
  /** When its first frame is shown; segments follow each other without gaps. Seconds from the video's start. */
  readonly startSeconds: number;
  /** For EXTINF; at most 12. 0 for the init segment. Seconds. */
  readonly durationSeconds: number;
  /** Owned by the receiver; at most 16 MiB and the `moof`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How a source is packaged. */
export interface PackageOptions {
  /** Stops between two reads and closes the file. */
  readonly signal: AbortSignal;
  /** Called after each segment. */
  readonly onProgress?: (doneSeconds: number, totalSeconds: number) => void;
}

/**
 * Packages one file: first the init segment, then every segment in order.
 *
 * @param path file on disk, not changed meanwhile
 * @throws UnsupportedMediaError when it cannot be packaged: for MP4 and MOV with keyframes too far apart before the first
 * piece, for damage and large segments also later, so pieces already taken must then be forgotten
 * @throws Error of `node:fs`; the signal's reason when aborted
 */
export async function* packageSource(path: string, options: PackageOptions): AsyncGenerator<PackagedPiece, void, void> {
  const source = await openSourceFile(path, options.signal);
  try {
    refuseUnplayable(source);
    await refuseSparseKeyframes(source, options.signal);
    const started = await startTracks(source, options.signal);
    const totalSeconds = await reading(options.signal, () => durationOf(source));
    let init: InitSegment | null = null;
    let seq = 0;
    for await (const groups of readSegments(started.readers)) {
      if (init === null) {
        init = await reading(options.signal, () => makeInitSegment(withVideoDelay(started.tracks, groups)));
        yield { kind: "init", seq: 0, startSeconds: 0, durationSeconds: 0, bytes: init.bytes };
      }
      const segment = toSegment(groups, { seq, init });
      yield segment;
      seq += 1;
      const doneSeconds = segment.startSeconds + segment.durationSeconds;
      options.onProgress?.(doneSeconds, Math.max(doneSeconds, totalSeconds));
    }
  } finally {
    source.close();
  }
}

/** @throws UnsupportedMediaError when a chosen track cannot be played by browsers */
function refuseUnplayable(source: SourceFile): void {
  const { video, audio } = source;
  if (video !== null && isEncrypted(video.codec.containerName)) throw encryptedTrack("video");
  if (video !== null && !isPlayableVideo(video.codec)) throw unsupportedCodec("video", codecName(video.codec));
  if (audio !== null && isEncrypted(audio.codec.containerName)) throw encryptedTrack("audio");
  if (audio !== null && !isPlayableAudio(audio.codec)) throw unsupportedCodec("audio", codecName(audio.codec));
}

/** Where the index tells, a hopeless file is refused before a single piece is stored. */
async function refuseSparseKeyframes(source: SourceFile, signal: AbortSignal): Promise<void> {
  const times = await keyframeTimes(source, signal);
  const firstSeconds = times?.[0];
  if (times === null || firstSeconds === undefined) return;
  for (const [index, time] of times.entries()) {
    const nextTime = times[index + 1];
    if (nextTime === undefined || nextTime - time <= LONGEST_SEGMENT_SECONDS + SEGMENT_TOLERANCE_SECONDS) continue;
    throw keyframesTooFarApart(time - firstSeconds, nextTime - firstSeconds);
  }
}

/** Collects groups until a cut is decided. */
async function* readSegments(readers: SampleReaders): AsyncGenerator<readonly Group[], void, void> {
  let pending: Group[] = [];
  for await (const group of readGroups(readers)) {
    pending.push(group);
    for (let count = groupsInNextSegment(pending, false); count > 0; count = groupsInNextSegment(pending, false)) {
      yield pending.slice(0, count);
      pending = pending.slice(count);
    }
  }
  for (let count = groupsInNextSegment(pending, true); count > 0; count = groupsInNextSegment(pending, true)) {
    yield pending.slice(0, count);
    pending = pending.slice(count);
  }
}

/** The delay that keeps composition offsets positive is known once the first segment's frames are. */
function withVideoDelay(tracks: InitTracks, firstSegment: readonly Group[]): InitTracks {
  if (tracks.video === null) return tracks;
  const frames = firstSegment.flatMap(({ video }) => video);
  const frameTicks = frames.reduce((most, { durationTicks }) => Math.max(most, durationTicks), 0);
  const editTicks = videoDelayTicks(neededDelayTicks(frames), frameTicks);
  return { ...tracks, video: { ...tracks.video, timing: { ...tracks.video.timing, editTicks } } };
}

function toSegment(groups: readonly Group[], place: { seq: number; init: InitSegment }): PackagedPiece {
  const last = groups.at(-1);
  const startSeconds = groups[0]?.startSeconds ?? 0;
  const tracks: FragmentTrack[] = [
    {
      trackId: place.init.videoTrackId,
      samples: groups.flatMap(({ video }) => video),
      nextTicks: last?.nextVideoTicks ?? null,
      delayTicks: place.init.videoDelayTicks,
    },
    {
      trackId: place.init.audioTrackId,
      samples: groups.flatMap(({ audio }) => audio),
      nextTicks: last?.nextAudioTicks ?? null,
      delayTicks: 0,
    },
  ];
  return {
    kind: "segment",
    seq: place.seq,
    startSeconds,
    durationSeconds: (last?.endSeconds ?? startSeconds) - startSeconds,
    bytes: writeMovieFragment(
      place.seq + 1,
      tracks.filter(({ samples }) => samples.length > 0),
    ),
  };
}
