/**
 * The text of the reference journal. First line: `vstack-references 1`. Then one change a line, CRC-32 first:
 *
 *     1a2b3c4d + <hash> <sizeBytes> <reference>
 *     5e6f7a8b - <hash> <reference>
 *
 * The CRC covers the rest of the line. Other letters than + and - are for records of later versions, which raise the
 * number in the first line: a reader refuses a number that it does not know instead of skipping what it cannot read.
 */
import { crc32 } from "node:zlib";
import { parseChunkHash } from "#core/ids.ts";
import { MAX_CHUNK_BYTES } from "#wire/contract/limits.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { ReferenceChange } from "./reference-index.ts";

const FIRST_LINE = "vstack-references 1";
export const LOG_HEADER = Buffer.from(`${FIRST_LINE}\n`, "latin1");

const NEWLINE = 10;
const CRC_DIGITS = 8;
/** `crc letter hash rest`, with one space between. */
const LETTER_AT = CRC_DIGITS + 1;
const HASH_AT = LETTER_AT + 2;
const REST_AT = HASH_AT + 64 + 1;

/** The line of a change, with its newline. */
export function changeLine(change: ReferenceChange): string {
  const body =
    change.change === "add"
      ? `+ ${change.hash} ${change.sizeBytes} ${change.reference}`
      : `- ${change.hash} ${change.reference}`;
  return `${crc32(body).toString(16).padStart(CRC_DIGITS, "0")} ${body}\n`;
}

export interface LogReading {
  readonly lineCount: number;
  /** The end is torn, as a crash leaves it: nothing that was acknowledged is in it. */
  readonly torn: boolean;
  /** Lines before good ones cannot be read: something acknowledged may be lost. */
  readonly damagedLines: number;
}

/**
 * Reads a journal and hands each change to `apply` in order.
 *
 * @throws VStackError `conflict` when the journal is of another version
 */
export function readLog(bytes: Buffer, apply: (change: ReferenceChange) => void): LogReading {
  const firstEnd = bytes.indexOf(NEWLINE);
  const firstLine = bytes.toString("latin1", 0, Math.max(0, firstEnd));
  if (firstLine !== FIRST_LINE) {
    throw new VStackError(
      "conflict",
      `Cannot read the references as their first line is "${firstLine.slice(0, 40)}": "${FIRST_LINE}" is wanted`,
    );
  }
  let lineCount = 0;
  let damagedLines = 0;
  let badSinceGood = 0;
  let start = firstEnd + 1;
  for (let end = bytes.indexOf(NEWLINE, start); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const change = readLine(bytes, start, end);
    if (change === undefined) {
      badSinceGood += 1;
    } else {
      damagedLines += badSinceGood;
      badSinceGood = 0;
      lineCount += 1;
      apply(change);
    }
    start = end + 1;
  }
  return { lineCount, torn: badSinceGood > 0 || start < bytes.length, damagedLines };
}

/** Slices from the buffer and not from a string: a part of a string keeps the whole of it in memory. */
function readLine(bytes: Buffer, start: number, end: number): ReferenceChange | undefined {
  if (end - start <= REST_AT) return undefined;
  if (hexNumber(bytes, start, start + CRC_DIGITS) !== crc32(bytes.subarray(start + LETTER_AT, end))) return undefined;
  const hash = parseChunkHash(bytes.toString("latin1", start + HASH_AT, start + REST_AT - 1));
  if (hash === undefined) return undefined;
  const letter = bytes[start + LETTER_AT];
  if (letter === 0x2d) return { change: "remove", hash, reference: bytes.toString("latin1", start + REST_AT, end) };
  if (letter !== 0x2b) return undefined;
  const space = bytes.indexOf(0x20, start + REST_AT);
  if (space < 0 || space >= end) return undefined;
  const sizeBytes = Number(bytes.toString("latin1", start + REST_AT, space));
  if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > MAX_CHUNK_BYTES) return undefined;
  return { change: "add", hash, sizeBytes, reference: bytes.toString("latin1", space + 1, end) };
}

/** Without a string in between, as a restart does it for every line; NaN when it is no number. */
function hexNumber(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const code = bytes[at] ?? 0;
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : Number.NaN;
    value = value * 16 + digit;
  }
  return value;
}
