/**
 * Chunks that were verified lately, in memory, within a budget of bytes: replays, seeks back and a second player of the
 * same strategy cost no node anything. Least recently used goes first.
 *
 * The key holds the strategy beside the hash. Otherwise two players side by side would feed each other and the comparison
 * of `smart` and `naive` would measure who came second.
 */
import type { ChunkHash } from "#core/ids.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";

/** Half of the worker's 64 MiB: the other half is for chunks under way, pages of manifests and traces. */
export const SEGMENT_CACHE_BYTES = 32 * 1024 * 1024;

/** A verified chunk as the blocks in which it arrived; kept without copying. */
export type ChunkParts = readonly Uint8Array<ArrayBuffer>[];

export interface SegmentCache {
  get(strategy: StrategyName, hash: ChunkHash): ChunkParts | undefined;
  /** Whether it is there; asking does not make it younger. */
  has(strategy: StrategyName, hash: ChunkHash): boolean;
  /** Keeps a whole chunk; one that is larger than the budget is not kept. */
  put(strategy: StrategyName, hash: ChunkHash, parts: ChunkParts): void;
  usedBytes(): number;
}

/** @param budgetBytes most bytes kept */
export function segmentCache(budgetBytes: number): SegmentCache {
  /** A Map remembers insertion order: the first entry is the least recently used. */
  const chunks = new Map<string, { readonly parts: ChunkParts; readonly sizeBytes: number }>();
  let usedBytes = 0;
  const keyOf = (strategy: StrategyName, hash: ChunkHash) => `${strategy}/${hash}`;
  const drop = (key: string) => {
    usedBytes -= chunks.get(key)?.sizeBytes ?? 0;
    chunks.delete(key);
  };
  return {
    get(strategy, hash) {
      const key = keyOf(strategy, hash);
      const found = chunks.get(key);
      if (found === undefined) return undefined;
      chunks.delete(key);
      chunks.set(key, found);
      return found.parts;
    },
    has: (strategy, hash) => chunks.has(keyOf(strategy, hash)),
    put(strategy, hash, parts) {
      const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
      if (sizeBytes > budgetBytes) return;
      const key = keyOf(strategy, hash);
      drop(key);
      chunks.set(key, { parts, sizeBytes });
      usedBytes += sizeBytes;
      for (const oldest of chunks.keys()) {
        if (usedBytes <= budgetBytes) break;
        drop(oldest);
      }
    },
    usedBytes: () => usedBytes,
  };
}
