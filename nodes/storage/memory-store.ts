/** The chunk store in memory: for tests and tools; nothing survives the process. */
import { randomBytes } from "node:crypto";
import type { ChunkHash } from "#core/ids.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { FULL_RATIO } from "./space-ledger.ts";

/** @param capacityBytes the store is full at 95 % of it */
export function createMemoryStore(capacityBytes: number): ChunkStore {
  const chunks = new Map<ChunkHash, { readonly bytes: Uint8Array; readonly references: Set<string> }>();
  let usedBytes = 0;
  let closed = false;
  const freeBytes = () => Math.max(0, Math.floor(capacityBytes * FULL_RATIO) - usedBytes);
  const assertOpen = () => {
    if (closed) throw new VStackError("unavailable", "Cannot change a chunk as the node stops");
  };

  return {
    incarnation: randomBytes(16).toString("hex"),
    put: async (hash, bytes, reference) => {
      assertOpen();
      const chunk = chunks.get(hash);
      if (chunk !== undefined) {
        if (!chunk.references.has(reference) && chunk.references.size >= MAX_REFERENCES_PER_CHUNK) {
          throw new VStackError(
            "conflict",
            `Cannot refer to the chunk as ${chunk.references.size} positions already do`,
          );
        }
        chunk.references.add(reference);
        return { existed: true, references: chunk.references.size };
      }
      if (bytes.length > freeBytes()) {
        throw new VStackError(
          "storage-full",
          `Cannot store ${bytes.length} bytes as ${freeBytes()} are left below 95 %`,
        );
      }
      chunks.set(hash, { bytes: new Uint8Array(bytes), references: new Set([reference]) });
      usedBytes += bytes.length;
      return { existed: false, references: 1 };
    },
    sizeOf: (hash) => chunks.get(hash)?.bytes.length,
    open: async (hash) => {
      const bytes = chunks.get(hash)?.bytes;
      if (bytes === undefined) return undefined;
      return {
        sizeBytes: bytes.length,
        read: async (target, position) => {
          target.set(bytes.subarray(position, position + target.length));
        },
        close: () => {},
      };
    },
    dereference: async (hash, reference) => {
      assertOpen();
      const chunk = chunks.get(hash);
      if (chunk === undefined) return undefined;
      const deleted = chunk.references.delete(reference) && chunk.references.size === 0;
      if (deleted) {
        chunks.delete(hash);
        usedBytes -= chunk.bytes.length;
      }
      return { references: chunk.references.size, deleted };
    },
    verify: async (hash) => (chunks.has(hash) ? "intact" : "absent"),
    stats: async () => ({
      chunkCount: chunks.size,
      usedBytes,
      freeBytes: freeBytes(),
      fillRatio: Math.min(1, usedBytes / capacityBytes),
    }),
    close: async () => {
      closed = true;
    },
  };
}
