/**
 * Reads both tracks side by side and yields groups: a video keyframe with the frames up to the next keyframe, and the
 * audio that starts in the same time; in a file without video, one audio packet. Holds at most one group, whose size is
 * limited.
 *
 * Every group of a video begins with a keyframe, also where audio starts earlier or ends later: hls.js gives up on a
 * segment that does not make both tracks longer. The first frame is then shown from the beginning, the last to the end.
 */

import { exceedsLimits, type GroupSize } from "./cut-point.ts";
import { storedBytes } from "./movie-fragment.ts";
import { damaged, keyframesTooFarApart, segmentTooLarge, videoEndsEarly } from "./refusals.ts";
import type { Sample, SampleReader } from "./sample-reader.ts";
import { LONGEST_SEGMENT_SECONDS } from "./segment-limits.ts";

/** The two tracks of a source; one may be missing. */
export interface SampleReaders {
  readonly video: SampleReader | null;
  readonly audio: SampleReader | null;
}

/** Samples that stay together, each track in decode order. */
export interface Group extends GroupSize {
  readonly video: readonly Sample[];
  readonly audio: readonly Sample[];
  /** Where each track goes on after this group, in its ticks; null at its end. */
  readonly nextVideoTicks: number | null;
  readonly nextAudioTicks: number | null;
}

/**
 * Audio often outlasts the video by a packet or a fraction of a second: that much is not counted, so that the segments
 * of renditions with and without audio agree. Seconds.
 */
const AUDIO_TAIL_SECONDS = 1;

/**
 * Yields all groups of a source, in order.
 *
 * @throws UnsupportedMediaError when one group alone is longer or larger than a segment may be, or times run backwards
 */
export async function* readGroups(readers: SampleReaders): AsyncGenerator<Group, void, void> {
  const { video, audio } = readers;
  if (video === null) {
    if (audio !== null) yield* readAudioGroups(audio);
    return;
  }
  let startSeconds = 0;
  while (video.peek() !== null) {
    const group = await readPictures(video, { audio, startSeconds });
    yield group;
    startSeconds = group.endSeconds;
  }
}

async function readPictures(
  video: SampleReader,
  from: { audio: SampleReader | null; startSeconds: number },
): Promise<Group> {
  const { startSeconds } = from;
  const pictures: Sample[] = [];
  let sizeBytes = 0;
  let endTicks = 0;
  while (pictures.length === 0 || video.peek()?.isKey === false) {
    const frame = await video.take();
    if (frame === null) break;
    // Only the very first frame can be later than its group: where audio starts earlier.
    const isFirst = pictures.length === 0;
    pictures.push(isFirst ? { ...frame, startTicks: Math.round(startSeconds * video.timing.timescale) } : frame);
    sizeBytes += storedBytes(frame);
    endTicks = Math.max(endTicks, frame.startTicks + frame.durationTicks);
    refuseOverLimits(startSeconds, { endSeconds: video.startSeconds(frame), sizeBytes });
  }
  const next = video.peek();
  refuseDisorder(pictures, { next, video });
  const group = { startSeconds, endSeconds: video.seconds(next?.startTicks ?? endTicks), sizeBytes, pictures };
  const nextVideoTicks = next?.startTicks ?? null;
  return nextVideoTicks === null
    ? withLastAudio(group, { video, audio: from.audio })
    : withAudio(group, { nextVideoTicks, audio: from.audio });
}

interface Pictures extends GroupSize {
  readonly pictures: readonly Sample[];
}

async function withAudio(
  group: Pictures,
  next: { nextVideoTicks: number | null; audio: SampleReader | null },
): Promise<Group> {
  const { startSeconds, endSeconds, pictures } = group;
  const audio = await takeAudioBefore(next.audio, endSeconds);
  const sizeBytes = audio.reduce((sum, sample) => sum + storedBytes(sample), group.sizeBytes);
  refuseOverLimits(startSeconds, { endSeconds, sizeBytes });
  const nextAudioTicks = next.audio?.peek()?.startTicks ?? null;
  return {
    ...{ startSeconds, endSeconds, sizeBytes, video: pictures, audio },
    ...{ nextVideoTicks: next.nextVideoTicks, nextAudioTicks },
  };
}

/** The last pictures take all the audio that is left, as far as a segment may last. */
async function withLastAudio(
  group: Pictures,
  { video, audio }: { video: SampleReader; audio: SampleReader | null },
): Promise<Group> {
  const taken = await takeAudioBefore(audio, group.startSeconds + LONGEST_SEGMENT_SECONDS);
  const last = taken.at(-1);
  const audioEndSeconds =
    audio === null || last === undefined ? 0 : audio.seconds(last.startTicks + last.durationTicks);
  if (audio !== null && audio.peek() !== null) throw videoEndsEarly(group.endSeconds);
  const isOutlasted = audioEndSeconds - group.endSeconds > AUDIO_TAIL_SECONDS;
  const endSeconds = isOutlasted ? audioEndSeconds : group.endSeconds;
  const sizeBytes = taken.reduce((sum, sample) => sum + storedBytes(sample), group.sizeBytes);
  refuseOverLimits(group.startSeconds, { endSeconds: group.endSeconds, sizeBytes });
  return {
    ...{ startSeconds: group.startSeconds, endSeconds, sizeBytes, video: group.pictures, audio: taken },
    ...{ nextVideoTicks: isOutlasted ? Math.round(endSeconds * video.timing.timescale) : null, nextAudioTicks: null },
  };
}

async function takeAudioBefore(audio: SampleReader | null, endSeconds: number): Promise<Sample[]> {
  const taken: Sample[] = [];
  if (audio === null) return taken;
  let sizeBytes = 0;
  for (let next = audio.peek(); next !== null && audio.startSeconds(next) < endSeconds; next = audio.peek()) {
    const sample = await audio.take();
    if (sample === null) break;
    sizeBytes += storedBytes(sample);
    if (exceedsLimits(0, sizeBytes)) throw segmentTooLarge(audio.startSeconds(sample), sizeBytes);
    taken.push(sample);
  }
  return taken;
}

/** Groups of one audio packet each. */
async function* readAudioGroups(audio: SampleReader): AsyncGenerator<Group, void, void> {
  let startSeconds = 0;
  for (let sample = await audio.take(); sample !== null; sample = await audio.take()) {
    const nextAudioTicks = audio.peek()?.startTicks ?? null;
    const endTicks = nextAudioTicks ?? sample.startTicks + sample.durationTicks;
    const endSeconds = Math.max(startSeconds, audio.seconds(endTicks));
    if (exceedsLimits(endSeconds - startSeconds, 0)) {
      throw damaged(`its audio has nothing between ${startSeconds.toFixed(1)} s and ${endSeconds.toFixed(1)} s`);
    }
    const sizeBytes = storedBytes(sample);
    refuseOverLimits(startSeconds, { endSeconds, sizeBytes });
    yield { startSeconds, endSeconds, sizeBytes, video: [], audio: [sample], nextVideoTicks: null, nextAudioTicks };
    startSeconds = endSeconds;
  }
}

function refuseOverLimits(startSeconds: number, group: { endSeconds: number; sizeBytes: number }): void {
  if (!exceedsLimits(group.endSeconds - startSeconds, group.sizeBytes)) return;
  if (group.endSeconds - startSeconds > LONGEST_SEGMENT_SECONDS) {
    throw keyframesTooFarApart(startSeconds, group.endSeconds);
  }
  throw segmentTooLarge(startSeconds, group.sizeBytes);
}

/**
 * After an IDR picture no earlier picture may follow, and none of the group may be shown after the next keyframe
 * (ISO/IEC 14496-10 section 3, "IDR picture"; VP9 and AV1 packets are in presentation order). Segments could not be
 * told apart otherwise.
 */
function refuseDisorder(pictures: readonly Sample[], where: { next: Sample | null; video: SampleReader }): void {
  const keyTicks = pictures[0]?.startTicks ?? 0;
  const limitTicks = where.next?.startTicks ?? Number.POSITIVE_INFINITY;
  const misplaced = pictures.find(({ startTicks }) => startTicks < keyTicks || startTicks > limitTicks);
  if (misplaced === undefined) return;
  throw damaged(`its frames around ${where.video.seconds(keyTicks).toFixed(2)} s are out of order`);
}
