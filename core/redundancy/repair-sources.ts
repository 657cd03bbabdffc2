/**
 * From what a piece is made again. A replica: from another one, or from any k shards. A shard: cut from a replica when it
 * is a data shard, computed from a replica when it is parity, else from any k others. What costs fewest bytes comes first.
 *
 * Every source is verified by its own block hashes before it is used: a rotten source would make a rotten piece, and nobody
 * would know which node to blame.
 */
import { geometryOf, storedBytes } from "../erasure/geometry.ts";
import type { ChunkRecord, Holder } from "../placement/record.ts";

export interface Sources {
  /** `copy`: the bytes as they are. `cut`: a range of a replica. `code`: computed from them. */
  readonly how: "copy" | "cut" | "code";
  readonly from: readonly Holder[];
  readonly readBytes: number;
}

/**
 * @param scheme of the new piece; the record's own one for a repair
 * @param readable intact pieces on nodes that answer, the preferred ones first
 * @returns undefined when they do not suffice
 */
export function sourcesFor(
  piece: Holder,
  { sizeBytes, scheme: recordScheme }: Pick<ChunkRecord, "sizeBytes" | "scheme">,
  readable: readonly Holder[],
  scheme = recordScheme,
): Sources | undefined {
  const replica = readable.find(({ holds }) => holds === "replica");
  if (piece.holds === "replica") {
    if (replica !== undefined) return { how: "copy", from: [replica], readBytes: sizeBytes };
    return fromShards(sizeBytes, recordScheme, readable);
  }
  if (scheme.kind === "replication") return undefined;
  const geometry = geometryOf(scheme, sizeBytes);
  const same = readable.find((other) => other.holds === "shard" && other.shard === piece.shard);
  const ownBytes = storedBytes(geometry, piece.shard);
  if (same !== undefined) return { how: "copy", from: [same], readBytes: ownBytes };
  if (replica === undefined) return fromShards(sizeBytes, recordScheme, readable);
  if (piece.shard < scheme.dataShards) return { how: "cut", from: [replica], readBytes: ownBytes };
  return { how: "code", from: [replica], readBytes: sizeBytes };
}

/** Any k: data shards first, they are the bytes as they are and may be short. */
function fromShards(
  sizeBytes: number,
  scheme: ChunkRecord["scheme"],
  readable: readonly Holder[],
): Sources | undefined {
  if (scheme.kind === "replication") return undefined;
  const geometry = geometryOf(scheme, sizeBytes);
  const byShard = new Map<number, Holder>();
  for (const piece of readable) {
    if (piece.holds === "shard" && !byShard.has(piece.shard)) byShard.set(piece.shard, piece);
  }
  const chosen = [...byShard].sort(([a], [b]) => a - b).slice(0, scheme.dataShards);
  if (chosen.length < scheme.dataShards) return undefined;
  const readBytes = chosen.reduce((sum, [shard]) => sum + storedBytes(geometry, shard), 0);
  return { how: "code", from: chosen.map(([, piece]) => piece), readBytes };
}
