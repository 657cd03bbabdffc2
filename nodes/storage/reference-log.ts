/**
 * The references as a journal:
 *
 *     vstack-references 1
 *     1a2b3c4d + <hash> <sizeBytes> <reference>
 *     5e6f7a8b - <hash> <reference>
 */
import { parseChunkHash } from "#core/ids.ts";
import { MAX_CHUNK_BYTES } from "#wire/contract/limits.ts";
import type { LineFormat } from "./journal-lines.ts";
import type { ReferenceChange } from "./reference-index.ts";

/** `letter hash rest`, with one space between. */
const HASH_AT = 2;
const REST_AT = HASH_AT + 64 + 1;
const PLUS = 0x2b;
const MINUS = 0x2d;
const SPACE = 0x20;

export const REFERENCE_LINES: LineFormat<ReferenceChange> = {
  firstLine: "vstack-references 1",
  contents: "the references",
  write: (change) =>
    change.change === "add"
      ? `+ ${change.hash} ${change.sizeBytes} ${change.reference}`
      : `- ${change.hash} ${change.reference}`,
  read: readChange,
};

function readChange(bytes: Buffer, start: number, end: number): ReferenceChange | undefined {
  const restAt = start + REST_AT;
  if (end <= restAt) return undefined;
  const hash = parseChunkHash(bytes.toString("latin1", start + HASH_AT, restAt - 1));
  if (hash === undefined) return undefined;
  const letter = bytes[start];
  if (letter === MINUS) return { change: "remove", hash, reference: bytes.toString("latin1", restAt, end) };
  if (letter !== PLUS) return undefined;
  const space = bytes.indexOf(SPACE, restAt);
  if (space < 0 || space >= end) return undefined;
  const sizeBytes = Number(bytes.toString("latin1", restAt, space));
  if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > MAX_CHUNK_BYTES) return undefined;
  return { change: "add", hash, sizeBytes, reference: bytes.toString("latin1", space + 1, end) };
}
