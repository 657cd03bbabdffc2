/**
 * The references as a journal; of a shard with the SHA-256 of its bytes, of a replica it is the name:
 *
 *     vstack-references 2
 *     1a2b3c4d + <hash> <sizeBytes> <version> <reference>
 *     2b3c4d5e + <hash>.<shard> <sizeBytes> <version> <digest> <reference>
 *     5e6f7a8b - <hash>[.<shard>] <reference>
 *
 * In version 1 there were replicas alone, and no versions: all of them had been given for the first record.
 */
import type { ChunkHash } from "#core/ids.ts";
import { parseChunkHash } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { parsePieceId, pieceOf } from "#core/placement/piece.ts";
import { MAX_CHUNK_BYTES } from "#wire/contract/limits.ts";
import type { LineFormat } from "./journal-lines.ts";
import type { ReferenceChange } from "./reference-index.ts";

/** `letter piece rest`, with one space between. */
const PIECE_AT = 2;
const HASH_CHARACTERS = 64;
const PLUS = 0x2b;
const MINUS = 0x2d;
const SPACE = 0x20;
const FIRST_VERSION = 1;

export const REFERENCE_LINES: LineFormat<ReferenceChange> = {
  firstLine: "vstack-references 2",
  contents: "the references",
  write: writeChange,
  read: (bytes, start, end) => readChange(bytes, { start, end, hasVersions: true }),
  older: [
    {
      firstLine: "vstack-references 1",
      read: (bytes, start, end) => readChange(bytes, { start, end, hasVersions: false }),
    },
  ],
};

function writeChange(change: ReferenceChange): string {
  if (change.change === "remove") return `- ${change.piece} ${change.reference}`;
  const { piece, sizeBytes, version, digest, reference } = change;
  return piece === digest
    ? `+ ${piece} ${sizeBytes} ${version} ${reference}`
    : `+ ${piece} ${sizeBytes} ${version} ${digest} ${reference}`;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly hasVersions: boolean;
}

function readChange(bytes: Buffer, { start, end, hasVersions }: Line): ReferenceChange | undefined {
  const words = new Words(bytes, start + PIECE_AT, end);
  const piece = parsePieceId(words.next(HASH_CHARACTERS));
  if (piece === undefined) return undefined;
  const letter = bytes[start];
  if (letter === MINUS) return { change: "remove", piece, reference: words.rest() };
  if (letter !== PLUS) return undefined;
  const sizeBytes = Number(words.next());
  if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > MAX_CHUNK_BYTES) return undefined;
  const version = hasVersions ? Number(words.next()) : FIRST_VERSION;
  if (!Number.isSafeInteger(version) || version < FIRST_VERSION) return undefined;
  const digest = digestOf(piece, words);
  if (digest === undefined) return undefined;
  return { change: "add", piece, digest, sizeBytes, version, reference: words.rest() };
}

function digestOf(piece: PieceId, words: Words): ChunkHash | undefined {
  const { hash, shard } = pieceOf(piece);
  return shard === null ? hash : parseChunkHash(words.next(HASH_CHARACTERS));
}

/** The words of a line, from the left. Empty when there are no more. */
class Words {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** @param least characters that are no space for certain */
  next(least = 0): string {
    const space = this.#bytes.indexOf(SPACE, this.#at + least);
    // A word that reaches to the end is no word of ours: the reference is always behind.
    const end = space < 0 || space > this.#end ? this.#end : space;
    const word = this.#bytes.toString("latin1", this.#at, end);
    this.#at = Math.min(end + 1, this.#end);
    return word;
  }

  rest(): string {
    return this.#bytes.toString("latin1", this.#at, this.#end);
  }
}
