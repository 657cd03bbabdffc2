/**
 * Begins to read the chosen tracks: finds the first keyframe and the first audio packet, and lays both tracks on one
 * timeline.
 */

import type { InputAudioTrack, InputTrack, InputVideoTrack } from "mediabunny";
import type { SampleReaders } from "./group-reader.ts";
import type { InitTracks } from "./init-segment.ts";
import { keyRuleFor } from "./keyframes.ts";
import { damaged, noKeyframe } from "./refusals.ts";
import { type KeyRule, PacketReader, SampleReader, type SourcePacket } from "./sample-reader.ts";
import { type ChosenTrack, reading, type SourceFile } from "./source-file.ts";
import { audioTiming, commonOriginSeconds, videoTiming } from "./track-timing.ts";

/** The part of WebCodecs' VideoDecoderConfig used here; Node's types do not have the whole. */
interface DecoderDescription {
  readonly description?: ArrayBufferLike | ArrayBufferView;
}

/** The tracks, ready to be described and read. */
export interface StartedTracks {
  readonly tracks: InitTracks;
  readonly readers: SampleReaders;
}

/**
 * Reads each track's first packet and fixes the common timeline.
 *
 * @throws UnsupportedMediaError when there are no frames, or none to start with
 */
export async function startTracks(source: SourceFile, signal: AbortSignal): Promise<StartedTracks> {
  const video = source.video === null ? null : await startVideo(source.video, signal);
  const audio = source.audio === null ? null : await startAudio(source.audio, signal);
  if (video === null && audio === null) throw damaged("it has tracks, but no frames");
  const originSeconds = commonOriginSeconds(video?.first.timestamp ?? null, audio?.first.timestamp ?? null);
  const tracks: InitTracks = {
    video: video && {
      ...{ track: video.track, firstPacket: video.first },
      timing: videoTiming(await video.track.getTimeResolution(), originSeconds),
    },
    audio: audio && {
      ...{ track: audio.track, firstPacket: audio.first },
      timing: audioTiming(await audio.track.getSampleRate(), { originSeconds, firstSeconds: audio.first.timestamp }),
    },
  };
  const readerOf = (started: StartedTrack<InputTrack> | null, timing = tracks.audio?.timing): SampleReader | null =>
    started === null || timing === undefined ? null : new SampleReader(started.first, { ...started, timing });
  return { tracks, readers: { video: readerOf(video, tracks.video?.timing), audio: readerOf(audio) } };
}

interface StartedTrack<Track extends InputTrack> {
  readonly track: Track;
  readonly packets: PacketReader;
  readonly first: SourcePacket;
  readonly isKey: KeyRule;
}

/** Frames before the first keyframe cannot be decoded by anybody, and are dropped (a cut made in the middle of a film). */
async function startVideo(
  { track, codec }: ChosenTrack<InputVideoTrack>,
  signal: AbortSignal,
): Promise<StartedTrack<InputVideoTrack> | null> {
  const packets = new PacketReader(track, signal);
  const config: DecoderDescription | null = await reading(signal, () => track.getDecoderConfig());
  const isKey = keyRuleFor(codec.codec, descriptionOf(config));
  let first = await packets.next();
  const isEmpty = first === null;
  while (first !== null && !isKey(first)) first = await packets.next();
  if (first !== null) return { track, packets, first, isKey };
  if (isEmpty) return null;
  throw noKeyframe();
}

async function startAudio(
  { track }: ChosenTrack<InputAudioTrack>,
  signal: AbortSignal,
): Promise<StartedTrack<InputAudioTrack> | null> {
  const packets = new PacketReader(track, signal);
  const first = await packets.next();
  return first && { track, packets, first, isKey: () => true };
}

function descriptionOf(config: DecoderDescription | null): Uint8Array | null {
  const description = config?.description;
  if (description === undefined) return null;
  return ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);
}
