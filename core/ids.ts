/**
 * Branded identifiers. Each is parsed once, at an edge, by the function beside it; inside, the type is the proof.
 */

declare const brand: unique symbol;
/** The mark of a checked text; exists for the compiler alone. */
export interface Brand<Name extends string> {
  readonly [brand]: Name;
}
type Branded<Name extends string> = string & Brand<Name>;

/** SHA-256 of a chunk's bytes, 64 lower-case hexadecimal digits (FIPS 180-4). Names the chunk. */
export type ChunkHash = Branded<"ChunkHash">;
/** A storage node's name, unique in its cluster: 1..63 of `a-z 0-9 -`, first a letter or digit. */
export type NodeId = Branded<"NodeId">;
/** 128 random bits in lower-case base32 (RFC 4648 section 6, no padding): 26 characters. Never used twice. */
export type VideoId = Branded<"VideoId">;
/** One quality of a video, unique within it: 1..32 of `a-z 0-9 -`, for example `720p`. */
export type RenditionId = Branded<"RenditionId">;

const CHUNK_HASH = /^[0-9a-f]{64}$/;
const NODE_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const VIDEO_ID = /^[a-z2-7]{26}$/;
const RENDITION_ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The text as a chunk hash, or undefined when it is none. */
export function parseChunkHash(text: string): ChunkHash | undefined {
  return CHUNK_HASH.test(text) ? (text as ChunkHash) : undefined;
}

/** The text as a node id, or undefined when it is none. */
export function parseNodeId(text: string): NodeId | undefined {
  return NODE_ID.test(text) ? (text as NodeId) : undefined;
}

/** The text as a video id, or undefined when it is none. */
export function parseVideoId(text: string): VideoId | undefined {
  return VIDEO_ID.test(text) ? (text as VideoId) : undefined;
}

/** The text as a rendition id, or undefined when it is none. */
export function parseRenditionId(text: string): RenditionId | undefined {
  return RENDITION_ID.test(text) ? (text as RenditionId) : undefined;
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * Makes a video id from 16 random bytes.
 *
 * @param randomBytes exactly 16 bytes from a cryptographic generator
 * @throws RangeError when there are not 16 bytes
 */
export function videoIdFromBytes(randomBytes: Uint8Array): VideoId {
  if (randomBytes.length !== 16) {
    throw new RangeError(`Cannot make a video id as 16 bytes are needed: ${randomBytes.length} were given`);
  }
  let text = "";
  let buffered = 0;
  let bits = 0;
  for (const byte of randomBytes) {
    buffered = (buffered << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32.charAt((buffered >>> bits) & 31);
    }
    buffered &= (1 << bits) - 1;
  }
  text += BASE32.charAt((buffered << (5 - bits)) & 31);
  return text as VideoId;
}
