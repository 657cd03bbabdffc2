/**
 * Makes a chunk of the blocks of its shards: what came goes to the reader as it is, what did not is decoded from the blocks
 * of the same row. Every input was verified before, every decoded block is hashed like any other, and of a chunk of which
 * anything was decoded the whole is hashed before its last block goes out.
 *
 * It keeps the blocks of the chunk until the end: 16 MiB at most, and its parity; and once something is decoded the whole
 * chunk, in which that is done in place.
 */
import { readParts } from "#core/erasure/read-parts.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { CodedBlocks } from "#core/schedule/coded-blocks.ts";
import { HASH_BYTES } from "#wire/client/block-list.ts";
import { chunkHashFromDigest } from "#wire/client/digest.ts";
import { ErasureCodec } from "#wire/client/erasure-codec.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { DecodeTrace } from "#wire/contract/segment-trace.ts";
import type { BlockRelease } from "./block-release.ts";
import type { SegmentFetchPorts } from "./segment-fetch.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface AssemblyTask {
  readonly record: ChunkRecord;
  readonly coded: CodedBlocks;
  /** Raw SHA-256 of every block, concatenated. */
  readonly hashes: Uint8Array;
  readonly release: BlockRelease;
  readonly onDecoded: (decode: Omit<DecodeTrace, "atMs">) => void;
}

/** Made when a program first decodes: most never do. */
let codec: ErasureCodec | undefined;

export class ShardAssembly {
  readonly #task: AssemblyTask;
  readonly #ports: Pick<SegmentFetchPorts, "clock" | "digest">;
  readonly #kept = new Map<number, Bytes>();
  #whole: Bytes | undefined;
  readonly #decoding: Promise<void>[] = [];

  constructor(task: AssemblyTask, ports: Pick<SegmentFetchPorts, "clock" | "digest">) {
    this.#task = task;
    this.#ports = ports;
  }

  /** Takes a verified block, each index once. */
  accept(block: number, content: Bytes): void {
    this.#kept.set(block, content);
    if (this.#whole !== undefined) this.#place(this.#whole, block, content);
    this.#giveOut(block, content);
  }

  /**
   * Makes data blocks of one row.
   *
   * @param shards of which the row's blocks are there, k at least
   */
  decode(blocks: readonly number[], shards: readonly number[]): void {
    for (const block of blocks) {
      const decoding = this.#decode(block, shards);
      // Whoever finishes hears of it.
      decoding.catch(() => undefined);
      this.#decoding.push(decoding);
    }
  }

  /**
   * Gives out the last block when all is decoded and right.
   *
   * @throws VStackError `corrupt` when the record binds other bytes than its code makes
   */
  async finish(): Promise<void> {
    const { coded, record, release } = this.#task;
    await Promise.all(this.#decoding);
    if (this.#whole !== undefined) {
      const hash = chunkHashFromDigest(await this.#ports.digest(this.#whole));
      if (hash !== record.hash) throw wrong("the chunk");
    }
    const last = this.#kept.get(coded.dataBlocks - 1);
    if (last !== undefined) release.accept(coded.dataBlocks - 1, last);
    this.#kept.clear();
  }

  async #decode(block: number, shards: readonly number[]): Promise<void> {
    const { coded, hashes, onDecoded } = this.#task;
    const { start = 0, end = 0 } = coded.blocks[block] ?? {};
    const { clock, digest } = this.#ports;
    const startedMs = clock.nowMs();
    const read = readParts(coded.geometry, { start, end }, shards);
    const [part] = read.can === "not" ? [] : read.parts;
    if (part?.how !== "decode") throw new VStackError("internal", `Cannot decode block ${block} of its row`);
    const { inputs, from } = part;
    const columns = end - start;
    const row = coded.rows[coded.places[block]?.row ?? -1];
    const contents = inputs.map(({ shard, ...range }) => {
      const content = this.#kept.get(row?.blocks[shard] ?? -1);
      return [shard, content?.subarray(0, range.end - range.start) ?? new Uint8Array(0)] as const;
    });
    codec ??= new ErasureCodec();
    this.#whole ??= this.#newWhole();
    const made = this.#whole.subarray(start, end);
    codec.rebuild({ code: coded.code, inputs: new Map(contents), outputs: [from.shard], columns }, [made]);
    const tookMs = clock.nowMs() - startedMs;
    const hash = await digest(made);
    const wanted = hashes.subarray(block * HASH_BYTES, (block + 1) * HASH_BYTES);
    if (!hash.every((byte, at) => byte === wanted[at])) throw wrong(`block ${block}`);
    const used = inputs.flatMap((input) => (input.start < input.end ? [input.shard] : []));
    onDecoded({ shards: [from.shard], from: used, start: from.start, end: from.end, tookMs });
    this.#kept.set(block, made);
    this.#giveOut(block, made);
  }

  /** The chunk in the making, with the blocks that have come. */
  #newWhole(): Bytes {
    const whole = new Uint8Array(this.#task.record.sizeBytes);
    for (const [block, content] of this.#kept) this.#place(whole, block, content);
    return whole;
  }

  #place(whole: Bytes, block: number, content: Bytes): void {
    const { coded } = this.#task;
    if (block < coded.dataBlocks) whole.set(content, coded.blocks[block]?.start ?? 0);
  }

  /** The last one goes out when all is right. */
  #giveOut(block: number, content: Bytes): void {
    const { coded, release } = this.#task;
    if (block < coded.dataBlocks - 1) release.accept(block, content);
  }
}

function wrong(what: string): VStackError {
  return new VStackError("corrupt", `Cannot decode ${what} as verified shards make other bytes than the record binds`);
}
