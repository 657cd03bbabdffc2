/**
 * What is here and who refers to it, in memory: the state that the reference journal replays to. About 400 bytes a piece.
 */
import type { ChunkHash } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { pieceOf } from "#core/placement/piece.ts";
import type { Claim, KeptPiece } from "./chunk-store.ts";
import { NameMap } from "./name-map.ts";

/** One line of the journal. */
export type ReferenceChange =
  | {
      /** Adds the reference, or raises its version. The digest and size are from now on those of the piece. */
      readonly change: "add";
      readonly piece: PieceId;
      readonly digest: ChunkHash;
      readonly sizeBytes: number;
      readonly reference: string;
      readonly version: number;
    }
  | { readonly change: "remove"; readonly piece: PieceId; readonly reference: string };

type Addition = Extract<ReferenceChange, { change: "add" }>;

interface Reference {
  readonly reference: string;
  readonly version: number;
}

interface Entry {
  readonly piece: PieceId;
  digest: ChunkHash;
  sizeBytes: number;
  /** A few at most in practice: an array is a third of a Set. */
  readonly references: Reference[];
  /** Whether the bytes are here. Without them the references wait for a repair to put them again. */
  present: boolean;
}

export class ReferenceIndex {
  /** By name. Plain text as key, so that file names can be looked up without being parsed first. */
  readonly #entries = new NameMap<Entry>();
  #referenceCount = 0;
  #chunkCount = 0;
  #shardCount = 0;
  #usedBytes = 0;

  get referenceCount(): number {
    return this.#referenceCount;
  }

  /** Replicas whose bytes are here. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  /** Shards whose bytes are here. */
  get shardCount(): number {
    return this.#shardCount;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Size of a piece whose bytes are here. */
  sizeOf(piece: PieceId): number | undefined {
    const entry = this.#entries.get(piece);
    return entry?.present === true ? entry.sizeBytes : undefined;
  }

  /** What the bytes hash to, of a piece whose bytes are here. */
  digestOf(piece: PieceId): ChunkHash | undefined {
    const entry = this.#entries.get(piece);
    return entry?.present === true ? entry.digest : undefined;
  }

  /** How many references there are, undefined when nothing is known of the piece. */
  referencesOf(piece: PieceId): number | undefined {
    return this.#entries.get(piece)?.references.length;
  }

  /** The version with which a reference was given, undefined when it is not there. */
  versionOf(piece: PieceId, reference: string): number | undefined {
    return this.#entries.get(piece)?.references.find((one) => one.reference === reference)?.version;
  }

  /** Whether the reference is there with this version or a later one, and for bytes of this digest. */
  isKnown(piece: PieceId, { reference, version, digest }: Claim): boolean {
    const given = this.versionOf(piece, reference);
    return given !== undefined && given >= version && this.#entries.get(piece)?.digest === digest;
  }

  apply(change: ReferenceChange): void {
    if (change.change === "add") this.#add(change);
    else this.#remove(change.piece, change.reference);
  }

  /** Says that the bytes named so are here; false when no reference names them. */
  markPresent(name: string): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    if (!entry.present) this.#count(entry, true);
    return true;
  }

  /** Says that the bytes are gone though references remain. */
  markMissing(piece: PieceId): void {
    const entry = this.#entries.get(piece);
    if (entry?.present === true) this.#count(entry, false);
  }

  /** Every reference as the change that would make it: what a compacted journal consists of. */
  *changes(): Generator<ReferenceChange> {
    for (const { piece, digest, sizeBytes, references } of this.#entries.values()) {
      // A copy: the index may change between two of them.
      for (const one of [...references]) yield { change: "add", piece, digest, sizeBytes, ...one };
    }
  }

  /** Pieces behind `after` in the order of their names. */
  list(after: string, limit: number): KeptPiece[] {
    return this.#entries
      .page(after, limit)
      .map(({ piece, sizeBytes, present, references }) => ({ piece, sizeBytes, isHere: present, references }));
  }

  #add({ piece, digest, sizeBytes, reference, version }: Addition): void {
    const entry = this.#entries.get(piece);
    if (entry === undefined) {
      const references = [{ reference, version }];
      this.#entries.set(piece, { piece, digest, sizeBytes, references, present: false });
      this.#referenceCount += 1;
      return;
    }
    // Only bytes that are not here can become others.
    if (!entry.present) Object.assign(entry, { digest, sizeBytes });
    const at = entry.references.findIndex((one) => one.reference === reference);
    const known = entry.references[at];
    if (known === undefined) {
      entry.references.push({ reference, version });
      this.#referenceCount += 1;
    } else if (known.version < version) {
      entry.references[at] = { reference, version };
    }
  }

  #remove(piece: PieceId, reference: string): void {
    const entry = this.#entries.get(piece);
    const at = entry?.references.findIndex((one) => one.reference === reference) ?? -1;
    if (entry === undefined || at < 0) return;
    entry.references.splice(at, 1);
    this.#referenceCount -= 1;
    if (entry.references.length > 0) return;
    this.markMissing(piece);
    this.#entries.delete(piece);
  }

  #count(entry: Entry, present: boolean): void {
    const one = present ? 1 : -1;
    entry.present = present;
    if (pieceOf(entry.piece).shard === null) this.#chunkCount += one;
    else this.#shardCount += one;
    this.#usedBytes += one * entry.sizeBytes;
  }
}
