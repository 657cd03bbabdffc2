/**
 * Finds out that a Matroska or WebM file was cut off, which mediabunny does not say: it ends such a file silently at the
 * last whole cluster. The Segment element tells its length (RFC 9559 section 5.1; EBML lengths: RFC 8794 section 6).
 * Recordings of live streams leave the length unknown; how much of those is missing nobody can tell.
 */

import { readHead } from "./read-head.ts";
import { damaged } from "./refusals.ts";

const EBML_ID = 0x1a_45_df_a3;
const SEGMENT_ID = 0x18_53_80_67;
/** The EBML header is some 40 bytes long; the Segment follows it. */
const HEAD_BYTES = 4096;

/**
 * Passes unless the file is Matroska, tells its length, and is shorter than that.
 *
 * @param path file on disk
 * @param sizeBytes its size
 * @throws UnsupportedMediaError `damaged` when the end is missing
 */
export async function refuseCutMatroska(path: string, sizeBytes: number): Promise<void> {
  const head = await readHead(path, HEAD_BYTES);
  const header = elementAt(head, 0);
  if (header?.id !== EBML_ID || header.endAt === null) return;
  const segment = elementAt(head, header.endAt);
  if (segment?.id !== SEGMENT_ID || segment.endAt === null || segment.endAt <= sizeBytes) return;
  throw damaged(`it should be ${String(segment.endAt)} bytes long and is ${String(sizeBytes)}`);
}

interface Element {
  readonly id: number;
  /** Null when the length is unknown. */
  readonly endAt: number | null;
}

/** An element with a four-byte id. */
function elementAt(bytes: Buffer, at: number): Element | null {
  if (at + 12 > bytes.length) return null;
  const first = bytes.readUInt8(at + 4);
  const lengthBytes = Math.clz32(first) - 23;
  if (lengthBytes > 8) return null;
  let value = BigInt(first & (0xff >> lengthBytes));
  for (let index = 1; index < lengthBytes; index++) value = value * 256n + BigInt(bytes.readUInt8(at + 4 + index));
  const isUnknown = value === (1n << BigInt(7 * lengthBytes)) - 1n;
  return { id: bytes.readUInt32BE(at), endAt: isUnknown ? null : at + 4 + lengthBytes + Number(value) };
}
