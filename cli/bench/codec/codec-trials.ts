/**
 * What `vstack bench codec` measures, the same in Node and, bundled, in a page: 3+2 of 2 MiB on one core, encoding and
 * decoding with two data shards lost, with every kernel that the platform has, kinds in turn.
 */
import { geometryOf } from "#core/erasure/geometry.ts";
import { DEFAULT_CODE } from "#core/erasure/reed-solomon.ts";
import type { KernelName } from "#core/erasure/shard-arena.ts";
import { ErasureCodec } from "#wire/client/erasure-codec.ts";

export const CHUNK_BYTES = 2 * 1024 * 1024;
export const SHARD_BYTES = geometryOf(DEFAULT_CODE, CHUNK_BYTES).shardBytes;
/** The pair that costs most: neither is in the inputs, both parities are. */
const LOST = [0, 1];
const THERE = [2, 3, 4];

/** `in place`: in the slots of an arena. `copies`: into it and out to arrays that are there. `new arrays`: to new ones. */
export const MEMORIES = ["in place", "copies", "new arrays"] as const;

export interface CodecSample {
  readonly kernel: KernelName;
  readonly work: "encode" | "decode";
  readonly memory: (typeof MEMORIES)[number];
  /** Of one call. */
  readonly ms: number;
}

interface Kind extends Omit<CodecSample, "ms"> {
  readonly call: () => void;
}

/**
 * Calls that are timed together, and how often in a round. About a millisecond: much more than a clock's tick, and less than
 * a busy machine lets a program run at a time, so that most batches are not interrupted.
 */
const BATCHES: Readonly<Record<KernelName, { readonly calls: number; readonly count: number }>> = {
  simd: { calls: 4, count: 5 },
  table: { calls: 1, count: 1 },
};

export interface CodecTrials {
  /** Every kind. */
  round(): CodecSample[];
}

/** @param nowMs monotonic */
export async function codecTrials(nowMs: () => number): Promise<CodecTrials> {
  const best = new ErasureCodec();
  const codecs = best.kernel === "table" ? [best] : [best, new ErasureCodec({ kernel: "table" })];
  const kinds = (await Promise.all(codecs.map(kindsOf))).flat();
  return {
    round: () => kinds.flatMap((kind) => batches(kind, nowMs)),
  };
}

function batches({ kernel, work, memory, call }: Kind, nowMs: () => number): CodecSample[] {
  const { calls, count } = BATCHES[kernel];
  return Array.from({ length: count }, () => {
    const startMs = nowMs();
    for (let at = 0; at < calls; at += 1) call();
    return { kernel, work, memory, ms: (nowMs() - startMs) / calls };
  });
}

async function kindsOf(codec: ErasureCodec): Promise<Kind[]> {
  const { kernel } = codec;
  const chunk = chunkOfNoise();
  const arena = await codec.open(DEFAULT_CODE, CHUNK_BYTES, new AbortController().signal);
  for (const shard of DATA) arena.slots[shard]?.set(dataShard(chunk, shard));
  arena.encode();
  const parity = codec.encode(DEFAULT_CODE, chunk);
  const inputs = new Map(THERE.map((shard) => [shard, arena.slots[shard]?.slice() ?? new Uint8Array()]));
  const wanted = { code: DEFAULT_CODE, inputs, outputs: LOST, columns: SHARD_BYTES };
  const rebuilt = codec.rebuild(wanted);
  // Speed without being right is none.
  if (!LOST.every((shard, at) => isSame(rebuilt[at], dataShard(chunk, shard)))) {
    throw new Error(`The kernel ${kernel} rebuilt wrong bytes`);
  }
  const kinds: Kind[] = [
    { kernel, work: "encode", memory: "in place", call: () => arena.encode() },
    { kernel, work: "decode", memory: "in place", call: () => arena.rebuild(THERE, LOST) },
    { kernel, work: "encode", memory: "copies", call: () => codec.encode(DEFAULT_CODE, chunk, parity) },
    { kernel, work: "decode", memory: "copies", call: () => codec.rebuild(wanted, rebuilt) },
    { kernel, work: "encode", memory: "new arrays", call: () => codec.encode(DEFAULT_CODE, chunk) },
    { kernel, work: "decode", memory: "new arrays", call: () => codec.rebuild(wanted) },
  ];
  // Mapping memory is nothing beside the work of the table.
  return kinds.filter(({ memory }) => kernel === "simd" || memory !== "new arrays");
}

const DATA = [0, 1, 2];

function dataShard(chunk: Uint8Array<ArrayBuffer>, shard: number): Uint8Array<ArrayBuffer> {
  return chunk.subarray(shard * SHARD_BYTES, (shard + 1) * SHARD_BYTES);
}

function isSame(found: Uint8Array | undefined, wanted: Uint8Array): boolean {
  return found?.every((byte, at) => byte === (wanted[at] ?? 0)) ?? false;
}

/** The time does not depend on the bytes; that they differ lets wrong ones be seen. */
function chunkOfNoise(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: CHUNK_BYTES }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24);
}
