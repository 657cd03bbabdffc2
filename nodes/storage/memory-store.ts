/** The store of pieces in memory: for tests and tools; nothing survives the process. */
import { createHash, randomBytes } from "node:crypto";
import type { PieceId } from "#core/placement/piece.ts";
import { pieceOf } from "#core/placement/piece.ts";
import { mayDelete } from "#core/redundancy/release.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import type { Damage, PieceVerdict } from "#wire/contract/piece-api.ts";
import type {
  ChunkStore,
  Claim,
  DereferenceResult,
  KeptPiece,
  OpenChunk,
  PutResult,
  StoreStats,
} from "./chunk-store.ts";
import { rottenBytes } from "./rotten-bytes.ts";
import { FULL_RATIO } from "./space-ledger.ts";
import { laterVersionError, otherBytesError, tooManyReferencesError } from "./store-errors.ts";

interface Kept {
  digest: Claim["digest"];
  sizeBytes: number;
  /** Undefined when they were found wrong or lost: the references wait for a repair. */
  bytes: Buffer | undefined;
  /** Versions by reference. */
  readonly references: Map<string, number>;
}

/** @param capacityBytes the store is full at 95 % of it */
export function createMemoryStore(capacityBytes: number): ChunkStore {
  return new MemoryStore(capacityBytes);
}

class MemoryStore implements ChunkStore {
  readonly incarnation = randomBytes(16).toString("hex");
  readonly #capacityBytes: number;
  readonly #pieces = new Map<PieceId, Kept>();
  #closed = false;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  async put(piece: PieceId, bytes: Uint8Array, claim: Claim, beside?: () => void): Promise<PutResult> {
    const { reference, version, digest } = claim;
    this.#assertOpen();
    const before = this.#pieces.get(piece);
    const kept: Kept = before ?? { digest, sizeBytes: bytes.length, bytes: undefined, references: new Map() };
    const given = kept.references.get(reference);
    if (given === undefined && kept.references.size >= MAX_REFERENCES_PER_CHUNK) throw tooManyReferencesError();
    const existed = this.#examine(piece) === "intact";
    if (existed && kept.digest !== digest) throw otherBytesError(piece);
    if (!existed) {
      const { freeBytes } = this.#space();
      if (bytes.length > freeBytes) {
        throw new VStackError("storage-full", `Cannot store ${bytes.length} bytes as ${freeBytes} are left below 95 %`);
      }
    }
    beside?.();
    if (!existed) Object.assign(kept, { digest, sizeBytes: bytes.length, bytes: Buffer.from(bytes) });
    kept.references.set(reference, Math.max(version, given ?? 0));
    this.#pieces.set(piece, kept);
    return { existed, references: kept.references.size };
  }

  sizeOf(piece: PieceId): number | undefined {
    return this.#here(piece)?.sizeBytes;
  }

  digestOf(piece: PieceId): Claim["digest"] | undefined {
    return this.#here(piece)?.digest;
  }

  async open(piece: PieceId): Promise<OpenChunk | undefined> {
    const bytes = this.#here(piece)?.bytes;
    if (bytes === undefined) return undefined;
    return {
      sizeBytes: bytes.length,
      read: async (target, position) => {
        target.set(bytes.subarray(position, position + target.length));
      },
      close: () => {},
    };
  }

  async dereference(piece: PieceId, reference: string, epoch?: number): Promise<DereferenceResult | undefined> {
    this.#assertOpen();
    const kept = this.#pieces.get(piece);
    if (kept === undefined) return undefined;
    const given = kept.references.get(reference);
    if (given === undefined) return { references: kept.references.size, deleted: false };
    if (epoch !== undefined && !mayDelete(given, epoch)) throw laterVersionError({ given, epoch });
    kept.references.delete(reference);
    const deleted = kept.references.size === 0;
    if (deleted) this.#pieces.delete(piece);
    return { references: kept.references.size, deleted };
  }

  async verify(piece: PieceId): Promise<PieceVerdict> {
    return this.#examine(piece);
  }

  list(after: string, limit: number): KeptPiece[] {
    const names = [...this.#pieces.keys()].filter((name) => name > after).sort();
    return names.slice(0, limit).flatMap((piece) => {
      const kept = this.#pieces.get(piece);
      if (kept === undefined) return [];
      const references = [...kept.references].map(([reference, version]) => ({ reference, version }));
      return [{ piece, sizeBytes: kept.sizeBytes, isHere: kept.bytes !== undefined, references }];
    });
  }

  async damage(piece: PieceId, damage: Damage["damage"]): Promise<boolean> {
    const kept = this.#here(piece);
    if (kept === undefined) return false;
    kept.bytes = damage === "delete" || kept.bytes === undefined ? undefined : rottenBytes(kept.bytes);
    return true;
  }

  async stats(): Promise<StoreStats> {
    const here = [...this.#pieces].filter(([, { bytes }]) => bytes !== undefined);
    const chunkCount = here.filter(([piece]) => pieceOf(piece).shard === null).length;
    const { usedBytes, freeBytes } = this.#space();
    const fillRatio = Math.min(1, usedBytes / this.#capacityBytes);
    return { chunkCount, shardCount: here.length - chunkCount, usedBytes, otherBytes: 0, freeBytes, fillRatio };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #here(piece: PieceId): Kept | undefined {
    const kept = this.#pieces.get(piece);
    return kept?.bytes === undefined ? undefined : kept;
  }

  #examine(piece: PieceId): PieceVerdict {
    const kept = this.#here(piece);
    if (kept?.bytes === undefined) return "absent";
    if (createHash("sha256").update(kept.bytes).digest("hex") === kept.digest) return "intact";
    kept.bytes = undefined;
    return "corrupt";
  }

  #space(): { readonly usedBytes: number; readonly freeBytes: number } {
    let usedBytes = 0;
    for (const { bytes } of this.#pieces.values()) usedBytes += bytes?.length ?? 0;
    return { usedBytes, freeBytes: Math.max(0, Math.floor(this.#capacityBytes * FULL_RATIO) - usedBytes) };
  }

  #assertOpen(): void {
    if (this.#closed) throw new VStackError("unavailable", "Cannot change a chunk as the node stops");
  }
}
