/**
 * What is here and who refers to it, in memory: the state that the reference journal replays to. About 350 bytes a chunk.
 */
import type { ChunkHash } from "#core/ids.ts";

/** One line of the journal. */
export type ReferenceChange =
  | { readonly change: "add"; readonly hash: ChunkHash; readonly sizeBytes: number; readonly reference: string }
  | { readonly change: "remove"; readonly hash: ChunkHash; readonly reference: string };

interface Entry {
  readonly hash: ChunkHash;
  sizeBytes: number;
  /** A few at most in practice: an array is a third of a Set. */
  readonly references: string[];
  /** Whether the bytes are here. Without them the references wait for a repair to put them again. */
  present: boolean;
}

export class ReferenceIndex {
  /** By hash. Plain text as key, so that file names can be looked up without being parsed first. */
  readonly #entries = new Map<string, Entry>();
  #referenceCount = 0;
  #chunkCount = 0;
  #usedBytes = 0;

  get referenceCount(): number {
    return this.#referenceCount;
  }

  /** Chunks whose bytes are here. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Size of a chunk whose bytes are here. */
  sizeOf(hash: ChunkHash): number | undefined {
    const entry = this.#entries.get(hash);
    return entry?.present === true ? entry.sizeBytes : undefined;
  }

  /** The references to a hash, undefined when nothing is known of it. */
  referencesOf(hash: ChunkHash): readonly string[] | undefined {
    return this.#entries.get(hash)?.references;
  }

  apply(change: ReferenceChange): void {
    if (change.change === "add") this.#add(change.hash, change.sizeBytes, change.reference);
    else this.#remove(change.hash, change.reference);
  }

  /** Says that the bytes named so are here; false when no reference names them. */
  markPresent(name: string): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    if (!entry.present) {
      entry.present = true;
      this.#chunkCount += 1;
      this.#usedBytes += entry.sizeBytes;
    }
    return true;
  }

  /** Says that the bytes are gone though references remain. */
  markMissing(hash: ChunkHash): void {
    const entry = this.#entries.get(hash);
    if (entry?.present !== true) return;
    entry.present = false;
    this.#chunkCount -= 1;
    this.#usedBytes -= entry.sizeBytes;
  }

  /** Every reference as the change that would make it: what a compacted journal consists of. */
  *changes(): Generator<ReferenceChange> {
    for (const { hash, sizeBytes, references } of this.#entries.values()) {
      // A copy: the index may change between two of them.
      for (const reference of [...references]) yield { change: "add", hash, sizeBytes, reference };
    }
  }

  #add(hash: ChunkHash, sizeBytes: number, reference: string): void {
    const entry = this.#entries.get(hash);
    if (entry === undefined) {
      this.#entries.set(hash, { hash, sizeBytes, references: [reference], present: false });
    } else if (entry.references.includes(reference)) {
      return;
    } else {
      entry.references.push(reference);
    }
    this.#referenceCount += 1;
  }

  #remove(hash: ChunkHash, reference: string): void {
    const entry = this.#entries.get(hash);
    const at = entry?.references.indexOf(reference) ?? -1;
    if (entry === undefined || at < 0) return;
    entry.references.splice(at, 1);
    this.#referenceCount -= 1;
    if (entry.references.length > 0) return;
    this.markMissing(hash);
    this.#entries.delete(hash);
  }
}
