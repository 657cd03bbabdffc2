/**
 * What the shards at hand can give of a wanted range: bytes of a data shard that is there are taken as they are, bytes of
 * one that is not are decoded, each column from the same column of k others. No decision about nodes is made here: the
 * caller says which shards it counts on, and asks again when that changes.
 */
import type { ByteRange, Geometry, ShardRange } from "./geometry.ts";
import { shardCount, shardsOfRange, storedBytes } from "./geometry.ts";

/** Some bytes of the chunk, all in one data shard. */
interface Part {
  /** In the chunk. */
  readonly bytes: ByteRange;
  /** The data shard that has them, and where. */
  readonly from: ShardRange;
}

export type ReadPart =
  | (Part & { readonly how: "copy" })
  | (Part & {
      readonly how: "decode";
      /**
       * The k shards to decode from, rising, with the columns to read of each: the wanted ones as far as the shard is
       * stored. Empty ones are all zeros and need nobody.
       */
      readonly inputs: readonly ShardRange[];
    });

export type ReadParts =
  /** In the order of their bytes, without gap. With `concatenate` every part is a copy. */
  | { readonly can: "concatenate" | "decode"; readonly parts: readonly ReadPart[] }
  | {
      readonly can: "not";
      /** The first range that cannot be had. */
      readonly lost: ShardRange;
      /** Shards that it takes, and how many of them are at hand. */
      readonly needed: number;
      readonly readable: number;
    };

/**
 * @param wanted bytes of the chunk
 * @param atHand shards that can be read, the preferred ones first: the first k of them decode what is lost. With the data
 *   shards first, what is copied anyway is read once for both.
 */
export function readParts(geometry: Geometry, wanted: ByteRange, atHand: readonly number[]): ReadParts {
  const { dataShards, shardBytes } = geometry;
  const parts: ReadPart[] = [];
  for (const from of shardsOfRange(geometry, wanted)) {
    const shardStart = from.shard * shardBytes;
    const part = { from, bytes: { start: shardStart + from.start, end: shardStart + from.end } };
    if (atHand.includes(from.shard)) {
      parts.push({ how: "copy", ...part });
      continue;
    }
    const found = decodingInputs(geometry, from, atHand);
    if (found.length < dataShards) return { can: "not", lost: from, needed: dataShards, readable: found.length };
    const inputs = found.slice(0, dataShards).toSorted((a, b) => a.shard - b.shard);
    parts.push({ how: "decode", ...part, inputs });
  }
  return { can: parts.every(({ how }) => how === "copy") ? "concatenate" : "decode", parts };
}

/** Every shard that can help with these columns: those that are zeros there first, then as preferred. */
function decodingInputs(geometry: Geometry, lost: ShardRange, atHand: readonly number[]): ShardRange[] {
  const columnsOf = (shard: number): ShardRange => {
    const stored = storedBytes(geometry, shard);
    return { shard, start: Math.min(lost.start, stored), end: Math.min(lost.end, stored) };
  };
  const all = Array.from({ length: shardCount(geometry) }, (_, shard) => columnsOf(shard));
  const zeros = all.filter(({ start, end }) => start === end);
  const read = [...new Set(atHand)].flatMap((shard) => all[shard] ?? []);
  return [...zeros, ...read.filter(({ start, end }) => start < end)];
}
