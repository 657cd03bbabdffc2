/**
 * Cuts what ffmpeg writes (a fragmented MP4, ISO/IEC 14496-12 section 8.8) into the pieces of a rendition while it is being
 * written: `ftyp` and `moov` are the init segment, every `moof` with its `mdat` is a segment. Holds one segment at a time.
 */
import { invariant } from "#core/invariant.ts";
import { MAX_CHUNK_BYTES, MAX_SEGMENT_SECONDS } from "#wire/contract/limits.ts";
import { startsWithIdr } from "../package/keyframes.ts";
import type { PackagedPiece } from "../package/package-source.ts";
import { damaged, keyframesTooFarApart, noKeyframe, segmentTooLarge } from "../package/refusals.ts";
import { SEGMENT_TOLERANCE_SECONDS } from "../package/segment-limits.ts";
import { byteReader } from "./byte-reader.ts";
import type { FragmentTrack } from "./fragment-tracks.ts";
import { readFragment, readTracks } from "./fragment-tracks.ts";

/** The `moov` of two tracks is a few kilobytes. */
const LARGEST_INIT_BYTES = 1024 * 1024;
const BOX_HEADER_BYTES = 8;
/** Sound may outlast the pictures by so much without being counted, as in our own packager. Seconds. */
const AUDIO_TAIL_SECONDS = 1;

/**
 * @returns the pieces in order, the init segment first
 * @throws UnsupportedMediaError when a segment is longer or larger than one may be, or begins with no keyframe
 */
export async function* fragmentPieces(stream: AsyncIterable<Uint8Array>): AsyncGenerator<PackagedPiece, void, void> {
  const reader = byteReader(stream);
  let head: Uint8Array[] = [];
  let tracks: readonly FragmentTrack[] = [];
  let seq = 0;
  let startSeconds = 0;
  for (;;) {
    const header = await reader.read(BOX_HEADER_BYTES);
    if (header === null) return;
    const { type, bodyBytes } = boxHeader(header);
    const isInit = tracks.length === 0;
    if (bodyBytes > (isInit ? LARGEST_INIT_BYTES : MAX_CHUNK_BYTES)) throw segmentTooLarge(startSeconds, bodyBytes);
    const body = await reader.read(bodyBytes);
    if (body === null) throw damaged("ffmpeg stopped in the middle of it");
    if (type === "ftyp" || type === "moov" || type === "moof" || type === "mdat") head.push(header, body);
    if (type === "moov") {
      const bytes = joined(head);
      head = [];
      tracks = readTracks(bytes);
      yield { kind: "init", seq: 0, startSeconds: 0, durationSeconds: 0, bytes };
    }
    if (type !== "mdat") continue;
    const bytes = joined(head);
    head = [];
    const piece = segmentOf(bytes, { tracks, seq, startSeconds });
    yield piece;
    seq += 1;
    startSeconds += piece.durationSeconds;
  }
}

function segmentOf(
  bytes: Uint8Array<ArrayBuffer>,
  { tracks, seq, startSeconds }: { tracks: readonly FragmentTrack[]; seq: number; startSeconds: number },
): PackagedPiece {
  const fragments = readFragment(bytes, tracks);
  const video = fragments.find(({ track }) => track.kind === "video");
  const hasVideo = tracks.some(({ kind }) => kind === "video");
  if (hasVideo && video === undefined)
    throw keyframesTooFarApart(startSeconds, fragments[0]?.endSeconds ?? startSeconds);
  const lastEnd = Math.max(...fragments.map(({ endSeconds }) => endSeconds));
  const videoEnd = video?.endSeconds ?? lastEnd;
  const endSeconds = lastEnd - videoEnd > AUDIO_TAIL_SECONDS ? lastEnd : videoEnd;
  const durationSeconds = Math.max(0, endSeconds - startSeconds);
  if (durationSeconds > MAX_SEGMENT_SECONDS + SEGMENT_TOLERANCE_SECONDS) {
    throw keyframesTooFarApart(startSeconds, endSeconds);
  }
  if (bytes.length > MAX_CHUNK_BYTES) throw segmentTooLarge(startSeconds, bytes.length);
  const { lengthSizeBytes = null } = video?.track ?? {};
  const firstSample = video === undefined ? null : bytes.subarray(video.firstSampleAt);
  if (lengthSizeBytes !== null && firstSample !== null && !startsWithIdr(firstSample, lengthSizeBytes))
    throw noKeyframe();
  return { kind: "segment", seq, startSeconds, durationSeconds, bytes };
}

function boxHeader(header: Uint8Array): { type: string; bodyBytes: number } {
  const sizeBytes = new DataView(header.buffer, header.byteOffset, header.byteLength).getUint32(0);
  invariant(sizeBytes >= BOX_HEADER_BYTES, "ffmpeg writes boxes of 32-bit lengths into a pipe");
  return { type: String.fromCharCode(...header.subarray(4, 8)), bodyBytes: sizeBytes - BOX_HEADER_BYTES };
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
