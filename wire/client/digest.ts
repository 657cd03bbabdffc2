/** SHA-256 by Web Crypto (FIPS 180-4), and the texts that it is written in. */
import type { ChunkHash } from "#core/ids.ts";
import { parseChunkHash } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";

/** Raw SHA-256, 32 bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The hash of bytes as the name of a chunk. */
export async function chunkHashOf(bytes: Uint8Array<ArrayBuffer>): Promise<ChunkHash> {
  return chunkHashFromDigest(await sha256(bytes));
}

/** Writes a raw SHA-256 as a chunk hash. */
export function chunkHashFromDigest(digest: Uint8Array): ChunkHash {
  const hash = parseChunkHash(toHex(digest));
  invariant(hash !== undefined, `Cannot name a chunk by a digest of ${digest.length} bytes`);
  return hash;
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Reads standard base64; undefined when the text is none. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(text);
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Base64 in the alphabet of addresses, without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Reads what {@link toBase64Url} writes; undefined when the text is none. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
