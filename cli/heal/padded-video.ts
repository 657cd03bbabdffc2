/**
 * A video of any size and rate out of the demo's pictures, without an encoder: they are played again and again, each padded
 * with filler (ITU-T H.264 section 7.3.2.7), which players skip. Every segment has bytes of its own, as it has its own times.
 */
import { EncodedPacketSink, EncodedVideoPacketSource, FilePathSource, FilePathTarget } from "mediabunny";
import { EncodedPacket, Input, MP4, Mp4OutputFormat, Output } from "mediabunny";
import { VStackError } from "#wire/contract/errors.ts";

/** An MP4 sample is a row of units, each behind its length. */
const LENGTH_BYTES = 4;
const [FILLER_UNIT, FILLER_BYTE, STOP_BIT] = [0x0c, 0xff, 0x80];
/** Its length, its type and its end. */
const LEAST_FILLER_BYTES = LENGTH_BYTES + 2;

export interface PaddedVideo {
  /** An MP4 of H.264, as the demo's. */
  readonly pictures: string;
  /** Where it is written. */
  readonly path: string;
  /** At least so many. */
  readonly sizeBytes: number;
  readonly bitsPerSecond: number;
}

/** @throws VStackError `unsupported-media` when there is no H.264 in it; the signal's reason */
export async function makePaddedVideo(
  { pictures, path, sizeBytes, bitsPerSecond }: PaddedVideo,
  signal: AbortSignal,
): Promise<void> {
  const { frames, decoderConfig, durationSeconds } = await readPictures(pictures);
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: false }), target: new FilePathTarget(path) });
  const source = new EncodedVideoPacketSource("avc");
  output.addVideoTrack(source);
  await output.start();
  const loops = Math.ceil((sizeBytes * 8) / bitsPerSecond / durationSeconds);
  for (let loop = 0; loop < loops; loop += 1) {
    signal.throwIfAborted();
    for (const frame of frames) {
      const bytes = padded(frame.data, Math.floor((bitsPerSecond / 8) * frame.duration));
      const atSeconds = loop * durationSeconds + frame.timestamp;
      await source.add(new EncodedPacket(bytes, frame.type, atSeconds, frame.duration), { decoderConfig });
    }
  }
  await output.finalize();
}

async function readPictures(path: string) {
  const input = new Input({ formats: [MP4], source: new FilePathSource(path) });
  try {
    const track = await input.getPrimaryVideoTrack();
    const decoderConfig = await track?.getDecoderConfig();
    if (track === null || !decoderConfig || (await track.getCodec()) !== "avc") {
      throw new VStackError("unsupported-media", `Cannot pad "${path}" as it has no H.264`);
    }
    const frames: EncodedPacket[] = [];
    for await (const packet of new EncodedPacketSink(track).packets()) frames.push(packet);
    return { frames, decoderConfig, durationSeconds: await track.computeDuration() };
  } finally {
    input.dispose();
  }
}

/** The picture with filler behind it: so many bytes, or as they were when there are more. */
function padded(picture: Uint8Array, wantedBytes: number): Uint8Array {
  const fillerBytes = wantedBytes - picture.length;
  if (fillerBytes < LEAST_FILLER_BYTES) return picture;
  const bytes = new Uint8Array(wantedBytes).fill(FILLER_BYTE, picture.length);
  bytes.set(picture);
  new DataView(bytes.buffer).setUint32(picture.length, fillerBytes - LENGTH_BYTES);
  bytes[picture.length + LENGTH_BYTES] = FILLER_UNIT;
  bytes[wantedBytes - 1] = STOP_BIT;
  return bytes;
}
