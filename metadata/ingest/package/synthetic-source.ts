/**
 * Source files for the tests of this folder, made in process: real containers around frames that are only noise with the
 * right first bytes. Nothing here decodes them, and neither does the packager. Files that must decode are in the demo.
 */

import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  Output,
  type OutputFormat,
  type Rotation,
  WebMOutputFormat,
} from "mediabunny";

/** A video track. */
export interface SyntheticVideo {
  readonly codec: "avc" | "vp9" | "hevc" | "vp8";
  /** In presentation order: the frames that are keyframes. */
  readonly keyframes: readonly number[];
  readonly frameCount: number;
  readonly frameRate: number;
  /** Two B-frames after each reference frame, within a group of pictures. */
  readonly hasBFrames?: boolean;
  readonly startSeconds?: number;
  readonly frameBytes?: number;
  readonly rotation?: Rotation;
  /** Keyframes with the container's flag but without an IDR picture, as an encoder with open groups of pictures writes. */
  readonly openKeyframes?: readonly number[];
}

/** An audio track of constant packets. */
export interface SyntheticAudio {
  readonly codec: "aac" | "opus" | "mp3";
  readonly seconds: number;
  readonly startSeconds?: number;
}

/** A file to make. */
export interface SyntheticSource {
  readonly container: "mp4" | "mov" | "mkv" | "webm";
  readonly video?: SyntheticVideo;
  readonly audio?: SyntheticAudio;
}

/** One frame or audio packet as it went into the file, in decode order. */
export interface SyntheticPacket {
  readonly bytes: Uint8Array;
  readonly isKey: boolean;
  readonly startSeconds: number;
}

/** x264's configuration for 320x180, High profile: avcC (ISO/IEC 14496-15 section 5.3.3.1). */
const AVCC = "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000668ebe3cb22c0fdf8f800";
const VP9_KEY = "824983420013f00b360638241c1842000d605fcdf7fb";
const VP9_DELTA = "86004092f0a1250001347fbc5f91ba38c7ddf7eb";
const HVCC =
  "01016000000090000000000000" +
  "3cf000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003003c95980921000100" +
  "2a420101016000000300900000030000030" +
  "03ca00a080b9f79656692ac4a60b40400000300040000030078202200010007" +
  "4401c172b46240";
const OPUS_HEAD = "4f707573486561640101380180bb0000000000";

/** Bytes that depend on the index, so that a swapped or repeated frame shows. */
function noise(index: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = (index + 1) * 0x9e3779b1;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** The video's packets in decode order. */
export function videoPackets(video: SyntheticVideo): SyntheticPacket[] {
  return decodeOrder(video).map((frame) => {
    const isKey = video.keyframes.includes(frame);
    const isIdr = isKey && video.openKeyframes?.includes(frame) !== true;
    const payload = noise(frame, video.frameBytes ?? 200);
    return {
      bytes: frameBytes(video.codec, { isIdr, payload }),
      isKey,
      startSeconds: (video.startSeconds ?? 0) + frame / video.frameRate,
    };
  });
}

/** The audio's packets. */
export function audioPackets(audio: SyntheticAudio): SyntheticPacket[] {
  const packetSeconds = audio.codec === "opus" ? 0.02 : 1024 / 48000;
  return Array.from({ length: Math.round(audio.seconds / packetSeconds) }, (_, index) => ({
    // Opus: CELT, 20 ms, mono (RFC 6716 section 3.1).
    bytes: Uint8Array.from([0xf8, ...noise(index + 100_000, 60)]),
    isKey: true,
    startSeconds: (audio.startSeconds ?? 0) + index * packetSeconds,
  }));
}

function decodeOrder({ frameCount, keyframes, hasBFrames }: SyntheticVideo): number[] {
  if (hasBFrames !== true) return Array.from({ length: frameCount }, (_, frame) => frame);
  return keyframes.flatMap((key, index) => {
    const end = keyframes[index + 1] ?? frameCount;
    const order = [key];
    for (let first = key + 1; first < end; first += 3) {
      const reference = Math.min(first + 2, end - 1);
      order.push(reference);
      for (let between = first; between < reference; between++) order.push(between);
    }
    return order;
  });
}

function frameBytes(codec: SyntheticVideo["codec"], frame: { isIdr: boolean; payload: Uint8Array }): Uint8Array {
  if (codec === "vp9") return Uint8Array.from([...hex(frame.isIdr ? VP9_KEY : VP9_DELTA), ...frame.payload]);
  if (codec === "vp8") return Uint8Array.from([frame.isIdr ? 0x10 : 0x11, 2, 0, 0x9d, 1, 0x2a, ...frame.payload]);
  const type = codec === "hevc" ? [frame.isIdr ? 0x26 : 0x02, 1] : [frame.isIdr ? 0x65 : 0x41];
  const unit = [...type, ...frame.payload];
  const length = Buffer.alloc(4);
  length.writeUInt32BE(unit.length);
  return Uint8Array.from([...length, ...unit]);
}

const VIDEO_CONFIGS: Readonly<Record<SyntheticVideo["codec"], { codec: string; description?: Uint8Array }>> = {
  avc: { codec: "avc1.64000d", description: hex(AVCC) },
  hevc: { codec: "hev1.1.6.L60.90", description: hex(HVCC) },
  vp8: { codec: "vp8" },
  vp9: { codec: "vp09.00.11.08" },
};

const AUDIO_CONFIGS: Readonly<Record<SyntheticAudio["codec"], { codec: string; description?: Uint8Array }>> = {
  aac: { codec: "mp4a.40.2", description: hex("1188") },
  opus: { codec: "opus", description: hex(OPUS_HEAD) },
  mp3: { codec: "mp3" },
};

const FORMATS: Readonly<Record<SyntheticSource["container"], () => OutputFormat>> = {
  mp4: () => new Mp4OutputFormat({ fastStart: "in-memory" }),
  mov: () => new MovOutputFormat({ fastStart: "in-memory" }),
  mkv: () => new MkvOutputFormat(),
  webm: () => new WebMOutputFormat(),
};

/** Makes the file's bytes. */
export async function makeSyntheticSource(source: SyntheticSource): Promise<Uint8Array> {
  const target = new BufferTarget();
  const output = new Output({ format: FORMATS[source.container](), target });
  const { video, audio } = source;
  const videoSource = video && new EncodedVideoPacketSource(video.codec);
  const audioSource = audio && new EncodedAudioPacketSource(audio.codec);
  if (videoSource !== undefined) output.addVideoTrack(videoSource, { rotation: video?.rotation ?? 0 });
  if (audioSource !== undefined) output.addAudioTrack(audioSource);
  await output.start();
  const [pictures, sounds] = [video ? videoPackets(video) : [], audio ? audioPackets(audio) : []];
  // Interleaved by time, as a muxer asks for; the sort is stable, so each track keeps its decode order.
  let [nextPicture, nextSound] = [0, 0];
  while (nextPicture < pictures.length || nextSound < sounds.length) {
    const [picture, sound] = [pictures[nextPicture], sounds[nextSound]];
    const isPictureNext = picture !== undefined && (sound === undefined || picture.startSeconds <= sound.startSeconds);
    if (isPictureNext && video !== undefined) {
      nextPicture += 1;
      const decoderConfig = { ...VIDEO_CONFIGS[video.codec], codedWidth: 320, codedHeight: 180 };
      await videoSource?.add(toPacket(picture, 1 / video.frameRate), { decoderConfig });
    } else if (sound !== undefined && audio !== undefined) {
      nextSound += 1;
      const packetSeconds = audio.codec === "opus" ? 0.02 : 1024 / 48000;
      const decoderConfig = { ...AUDIO_CONFIGS[audio.codec], sampleRate: 48_000, numberOfChannels: 1 };
      await audioSource?.add(toPacket(sound, packetSeconds), { decoderConfig });
    }
  }
  await output.finalize();
  return new Uint8Array(target.buffer ?? new ArrayBuffer(0));
}

function toPacket(packet: SyntheticPacket, durationSeconds: number): EncodedPacket {
  return new EncodedPacket(packet.bytes, packet.isKey ? "key" : "delta", packet.startSeconds, durationSeconds);
}
