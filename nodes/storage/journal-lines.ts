/**
 * The text of a journal. The first line names what it is and its version; then one change a line, CRC-32 first:
 *
 *     vstack-references 1
 *     1a2b3c4d + <what the format makes of a change>
 *
 * The CRC covers the rest of the line. Kinds of changes that come with later versions raise the number in the first line: a
 * reader refuses a number that it does not know instead of skipping what it cannot read.
 */
import { crc32 } from "node:zlib";
import { VStackError } from "#wire/contract/errors.ts";

/** How one journal writes its changes. */
export interface LineFormat<Change> {
  /** Name and version, without a newline. */
  readonly firstLine: string;
  /** What is in the journal, for messages: `the references`. */
  readonly contents: string;
  /** A change in one line without a newline. */
  write(change: Change): string;
  /**
   * Reads bytes [start, end) of a line whose checksum was right; undefined when they are no change. Slices from the buffer
   * and not from a string of it: a part of a string keeps the whole of it in memory.
   */
  read(bytes: Buffer, start: number, end: number): Change | undefined;
  /** Versions before that are still read; the journal is written anew when it is of one of them. */
  readonly older?: readonly Pick<LineFormat<Change>, "firstLine" | "read">[];
}

const NEWLINE = 10;
const CRC_DIGITS = 8;
/** After the checksum and a space. */
const BODY_AT = CRC_DIGITS + 1;

export function headerOf({ firstLine }: Pick<LineFormat<never>, "firstLine">): Buffer {
  return Buffer.from(`${firstLine}\n`);
}

/** The line of a change, with its newline. */
export function lineOf<Change>(format: Pick<LineFormat<Change>, "write">, change: Change): string {
  const body = format.write(change);
  return `${crc32(body).toString(16).padStart(CRC_DIGITS, "0")} ${body}\n`;
}

export interface JournalReading {
  readonly lineCount: number;
  /** The end is torn, as a crash leaves it: nothing that was acknowledged is in it. */
  readonly torn: boolean;
  /** Lines before good ones cannot be read: something acknowledged may be lost. */
  readonly damagedLines: number;
  /** It is of an older version. */
  readonly isOlder: boolean;
}

/**
 * Reads a journal and hands each change to `apply` in order.
 *
 * @throws VStackError `conflict` when the journal is of another version
 */
export function readLines<Change>(
  format: LineFormat<Change>,
  bytes: Buffer,
  apply: (change: Change) => void,
): JournalReading {
  const firstEnd = bytes.indexOf(NEWLINE);
  const firstLine = bytes.toString("utf8", 0, Math.max(0, firstEnd));
  const older = format.older?.find((one) => one.firstLine === firstLine);
  const version = older ?? format;
  if (older === undefined && isOfAnotherVersion(firstLine, format.firstLine)) {
    const found = `their first line is "${firstLine.slice(0, 40)}": "${format.firstLine}" is wanted`;
    throw new VStackError("conflict", `Cannot read ${format.contents} as ${found}`);
  }
  let lineCount = 0;
  // The first line is flushed before the file gets its name: no crash leaves it torn.
  let damagedLines = firstLine === version.firstLine ? 0 : 1;
  let badSinceGood = 0;
  let start = firstEnd + 1;
  for (let end = bytes.indexOf(NEWLINE, start); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const change = isWhole(bytes, start, end) ? version.read(bytes, start + BODY_AT, end) : undefined;
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
  const torn = badSinceGood > 0 || start < bytes.length;
  return { lineCount, torn, damagedLines, isOlder: older !== undefined };
}

function isOfAnotherVersion(firstLine: string, wanted: string): boolean {
  const [name = ""] = wanted.split(" ");
  return firstLine !== wanted && firstLine.startsWith(`${name} `) && /^[0-9]+$/.test(firstLine.slice(name.length + 1));
}

function isWhole(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= BODY_AT) return false;
  return hexNumber(bytes, start, start + CRC_DIGITS) === crc32(bytes.subarray(start + BODY_AT, end));
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
