/** Block lists between forms: a coded chunk's list is that of its data blocks, and the hashes of the parity blocks behind it. */
import { geometryOf, shardBlocks } from "#core/erasure/geometry.ts";
import type { ChunkHash } from "#core/ids.ts";
import { chunkBlocks } from "#core/placement/blocks.ts";
import type { ChunkRecord, Scheme } from "#core/placement/record.ts";
import { HASH_BYTES, makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashFromDigest, fromBase64, sha256, toBase64 } from "#wire/client/digest.ts";
import type { ErasureCodec } from "#wire/client/erasure-codec.ts";
import { invariant } from "#core/invariant.ts";
import type { Bytes } from "./read-chunk.ts";

export interface BlockList {
  /** Base64 of the raw hashes, as the catalogue keeps and manifests carry them. */
  readonly blocks: string;
  readonly blocksDigest: ChunkHash;
}

/** The list of a chunk in this form; of a coded one the parity is computed for it. */
export async function blockListOf(
  bytes: Bytes,
  { blockSizeBytes, scheme }: Pick<ChunkRecord, "blockSizeBytes" | "scheme">,
  codec: Pick<ErasureCodec, "encode">,
): Promise<BlockList> {
  const data = await makeBlockList(bytes, blockSizeBytes);
  if (scheme.kind === "replication") return data;
  const parity = codec.encode(scheme, bytes);
  const hashes: Bytes[] = [hashesOf(data.blocks)];
  const geometry = geometryOf(scheme, bytes.length);
  for (const [index, shard] of parity.entries()) {
    for (const { start, end } of shardBlocks(geometry, blockSizeBytes, scheme.dataShards + index)) {
      hashes.push(await sha256(shard.subarray(start, end)));
    }
  }
  return await listOf(hashes);
}

/** The list of the replicated form, which every other one begins with. */
export async function dataBlockList(record: ChunkRecord, blocks: string): Promise<BlockList> {
  const count = chunkBlocks(record.sizeBytes, record.blockSizeBytes).length;
  return await listOf([hashesOf(blocks).subarray(0, count * HASH_BYTES)]);
}

/** Whether lists of the two are the same list. */
export function sameBlocks(one: Scheme, other: Scheme): boolean {
  if (one.kind === "replication" || other.kind === "replication") return one.kind === other.kind;
  const { dataShards, parityShards, matrix } = one;
  return dataShards === other.dataShards && parityShards === other.parityShards && matrix === other.matrix;
}

function hashesOf(blocks: string): Bytes {
  const list = fromBase64(blocks);
  invariant(list !== undefined, "Cannot read a block list that is no base64");
  return list;
}

async function listOf(hashes: readonly Bytes[]): Promise<BlockList> {
  const list = new Uint8Array(hashes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const some of hashes) {
    list.set(some, at);
    at += some.length;
  }
  return { blocks: toBase64(list), blocksDigest: chunkHashFromDigest(await sha256(list)) };
}
