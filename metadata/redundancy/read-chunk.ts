/**
 * A whole chunk from whatever holds it, proven by its hash: a replica, or any k of its shards. Servers read so to make pieces
 * again and to describe chunks; players have their own way (core/schedule).
 *
 * Block hashes, where they are known, name the node that sent wrong bytes. Without them (a catalogue that is made again) sets
 * of k shards are tried until the chunk's hash is right.
 */
import { geometryOf, shardBlocks, shardCount, storedBytes } from "#core/erasure/geometry.ts";
import type { NodeId } from "#core/ids.ts";
import type { ChunkRecord, Holder } from "#core/placement/record.ts";
import type { ErasureScheme } from "#core/redundancy/form.ts";
import { pieceText } from "#core/redundancy/form.ts";
import { HASH_BYTES } from "#wire/client/block-list.ts";
import { chunkHashOf, sha256 } from "#wire/client/digest.ts";
import type { ErasureCodec } from "#wire/client/erasure-codec.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { PieceLinks } from "#wire/exchange/piece-links.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface ReadChunkPorts {
  /** Address of every known node. */
  readonly nodeUrls: () => ReadonlyMap<NodeId, string>;
  readonly links: Pick<PieceLinks, "read">;
  readonly codec: Pick<ErasureCodec, "rebuild">;
}

export interface ReadChunk {
  readonly record: ChunkRecord;
  /** The record's block hashes, proven by its digest; null when they are not known. */
  readonly list: Bytes | null;
  /** Holders to read from, the preferred ones first; all of the record when left out. */
  readonly from?: readonly Holder[];
  /** Is told which piece was wrong, and which way. */
  readonly onBad?: (holder: Holder, error: unknown) => void;
}

/** Choices of k shards that are tried when nobody knows which one is wrong: all ten of 3+2, and the first ones of others. */
const MAX_CHOICES = 64;

/** @throws VStackError `unavailable` when nothing gives the right bytes, `aborted` by the signal */
export async function readChunk(read: ReadChunk, ports: ReadChunkPorts, signal: AbortSignal): Promise<Bytes> {
  const { record, from = record.holders } = read;
  const reasons: string[] = [];
  const note = (holder: Holder, error: unknown) => {
    signal.throwIfAborted();
    reasons.push(`${pieceText(holder)} ${errorCode(error)}`);
    read.onBad?.(holder, error);
  };
  for (const holder of from.filter(({ holds }) => holds === "replica")) {
    try {
      const bytes = await readHolder(holder, record, ports, signal);
      if ((await chunkHashOf(bytes)) === record.hash) return bytes;
      note(holder, wrongBytes(holder, record));
    } catch (error) {
      note(holder, error);
    }
  }
  const whole = await readShards({ ...read, onBad: note }, ports, signal);
  if (whole !== undefined) return whole;
  const why = reasons.length === 0 ? "no holder is known" : reasons.join(", ");
  throw new VStackError("unavailable", `Cannot read chunk ${record.hash} from its holders: ${why}`);
}

/**
 * All that a holder keeps of the chunk; unproven.
 *
 * @throws VStackError `unavailable` when its node is not known, and what reading throws
 */
export async function readHolder(
  holder: Holder,
  { hash, sizeBytes, scheme }: ChunkRecord,
  { nodeUrls, links }: Pick<ReadChunkPorts, "nodeUrls" | "links">,
  signal: AbortSignal,
): Promise<Bytes> {
  const { nodeId } = holder;
  const url = nodeUrls().get(nodeId);
  if (url === undefined) throw new VStackError("unavailable", `Cannot read from ${nodeId} as it is not known`);
  const isShard = holder.holds === "shard" && scheme.kind === "erasure";
  const shardBytes = isShard ? storedBytes(geometryOf(scheme, sizeBytes), holder.shard) : sizeBytes;
  const piece = { hash, shard: isShard ? holder.shard : null };
  return await links.read({ nodeId, url }, { piece, sizeBytes: shardBytes }, signal);
}

/** Whether these are the bytes of the shard, by the record's block hashes. */
export async function isShard(bytes: Bytes, shard: number, record: ChunkRecord, list: Bytes): Promise<boolean> {
  if (record.scheme.kind === "replication") return false;
  const blocks = shardBlocks(geometryOf(record.scheme, record.sizeBytes), record.blockSizeBytes, shard);
  return await areBlocks(bytes, blocks, list);
}

export async function areBlocks(
  bytes: Bytes,
  blocks: readonly { readonly index: number; readonly start: number; readonly end: number }[],
  list: Bytes,
): Promise<boolean> {
  for (const { index, start, end } of blocks) {
    const digest = await sha256(bytes.subarray(start, end));
    const wanted = list.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
    if (wanted.length !== HASH_BYTES || digest.some((byte, at) => byte !== wanted[at])) return false;
  }
  return true;
}

export function wrongBytes(holder: Holder, { hash }: ChunkRecord): VStackError {
  return new VStackError("corrupt", `Cannot use piece ${pieceText(holder)} of chunk ${hash} as its bytes are wrong`);
}

async function readShards(
  { record, list, from = record.holders, onBad }: ReadChunk,
  ports: ReadChunkPorts,
  signal: AbortSignal,
): Promise<Bytes | undefined> {
  const { scheme } = record;
  if (scheme.kind === "replication") return undefined;
  const found = emptyShards(record, scheme);
  const queue = from
    .filter(({ holds }) => holds === "shard")
    .sort((a, b) => shardOf(a) - shardOf(b))
    .values();
  const worker = async () => {
    for (const holder of queue) {
      if (found.has(shardOf(holder))) continue;
      try {
        const bytes = await readHolder(holder, record, ports, signal);
        if (list !== null && !(await isShard(bytes, shardOf(holder), record, list))) throw wrongBytes(holder, record);
        found.set(shardOf(holder), bytes);
        return;
      } catch (error) {
        onBad?.(holder, error);
      }
    }
  };
  // Each of k workers ends with a shard or with nothing left to ask; data shards come first in the queue.
  await Promise.all(Array.from({ length: scheme.dataShards - found.size }, worker));
  const first = await fromShards(found, record, ports.codec);
  if (first !== undefined || list !== null) return first;
  for (const holder of queue) {
    const bytes = await readHolder(holder, record, ports, signal).catch(() => undefined);
    if (bytes !== undefined) found.set(shardOf(holder), bytes);
  }
  return await fromShards(found, record, ports.codec);
}

/** Shards without bytes are kept by nobody, and known to everybody. */
function emptyShards({ sizeBytes }: ChunkRecord, scheme: ErasureScheme): Map<number, Bytes> {
  const geometry = geometryOf(scheme, sizeBytes);
  const shards = Array.from({ length: shardCount(scheme) }, (_, shard) => shard);
  return new Map(
    shards.filter((shard) => storedBytes(geometry, shard) === 0).map((shard) => [shard, new Uint8Array(0)]),
  );
}

/** The chunk, from whichever k of the shards give its hash. */
async function fromShards(
  shards: ReadonlyMap<number, Bytes>,
  record: ChunkRecord,
  codec: Pick<ErasureCodec, "rebuild">,
): Promise<Bytes | undefined> {
  const { scheme, sizeBytes, hash } = record;
  if (scheme.kind === "replication" || shards.size < scheme.dataShards) return undefined;
  const geometry = geometryOf(scheme, sizeBytes);
  const numbers = [...shards.keys()].sort((a, b) => a - b);
  for (const chosen of choices(numbers, scheme.dataShards)) {
    const inputs = new Map(chosen.map((shard) => [shard, shards.get(shard) ?? new Uint8Array(0)]));
    const missing = Array.from({ length: scheme.dataShards }, (_, shard) => shard).filter((one) => !inputs.has(one));
    const rebuilt =
      missing.length === 0
        ? []
        : codec.rebuild({ code: scheme, inputs, outputs: missing, columns: geometry.shardBytes });
    const whole = new Uint8Array(sizeBytes);
    for (let shard = 0; shard < scheme.dataShards; shard += 1) {
      const bytes = inputs.get(shard) ?? rebuilt[missing.indexOf(shard)] ?? new Uint8Array(0);
      const start = shard * geometry.shardBytes;
      if (start < sizeBytes) whole.set(bytes.subarray(0, storedBytes(geometry, shard)), start);
    }
    if ((await chunkHashOf(whole)) === hash) return whole;
  }
  return undefined;
}

/** Ways to take `count` of the numbers, the first ones first; {@link MAX_CHOICES} at most. */
function choices(numbers: readonly number[], count: number): number[][] {
  const found: number[][] = [];
  const extend = (taken: readonly number[], from: number) => {
    if (found.length >= MAX_CHOICES) return;
    if (taken.length === count) {
      found.push([...taken]);
      return;
    }
    for (let at = from; at < numbers.length; at += 1) extend([...taken, numbers[at] ?? 0], at + 1);
  };
  extend([], 0);
  return found;
}

function shardOf(holder: Holder): number {
  return holder.holds === "shard" ? holder.shard : -1;
}
