/**
 * The bytes of new pieces of one chunk, each made of proven bytes only: copied from the same piece elsewhere, cut from a
 * replica, or computed from the chunk. What several of them need is read once and held until the change ends.
 */
import { geometryOf, shardBlocks, storedBytes } from "#core/erasure/geometry.ts";
import { DATA_SHARDS } from "#core/placement/blocks.ts";
import type { ChunkRecord, Holder, Scheme } from "#core/placement/record.ts";
import { pieceText } from "#core/redundancy/form.ts";
import type { Sources } from "#core/redundancy/repair-sources.ts";
import { sourcesFor } from "#core/redundancy/repair-sources.ts";
import type { ErasureCodec } from "#wire/client/erasure-codec.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Bytes, ReadChunkPorts } from "./read-chunk.ts";
import { areBlocks, isShard, readChunk, readHolder, wrongBytes } from "./read-chunk.ts";

export interface PieceMakerPorts extends ReadChunkPorts {
  readonly codec: Pick<ErasureCodec, "encode" | "rebuild">;
  /** A source had other bytes than the record says, or none. */
  readonly onBad?: (holder: Holder, record: ChunkRecord, error: unknown) => void;
}

export interface MakerSources {
  readonly record: ChunkRecord;
  /** The record's block hashes, proven; null when they are not known: then every piece is made of the whole chunk. */
  readonly list: Bytes | null;
  /** Intact pieces on nodes that answer, the preferred ones first. */
  readonly from: readonly Holder[];
}

export class PieceMaker {
  readonly #sources: MakerSources;
  readonly #ports: PieceMakerPorts;
  readonly #signal: AbortSignal;
  readonly #bad = new Set<string>();
  #whole: Promise<Bytes> | undefined;
  #parity: readonly Bytes[] | undefined;

  constructor(sources: MakerSources, ports: PieceMakerPorts, signal: AbortSignal) {
    this.#sources = sources;
    this.#ports = ports;
    this.#signal = signal;
  }

  /** The chunk, proven by its hash; read once. */
  whole(): Promise<Bytes> {
    const { record, list } = this.#sources;
    const from = this.#usable();
    if (this.#whole === undefined) {
      const onBad = (holder: Holder, error: unknown) => {
        this.#blame(holder, error);
      };
      const reading = readChunk({ record, list, from, onBad }, this.#ports, this.#signal);
      this.#whole = reading;
      // The next try may find other sources.
      reading.catch(() => {
        this.#whole = undefined;
      });
    }
    return this.#whole;
  }

  /**
   * @param scheme of the form that the piece belongs to
   * @param isAlone no other piece of the chunk is wanted: less than the chunk may do
   */
  async bytesOf(piece: Holder, scheme: Scheme, isAlone: boolean): Promise<Bytes> {
    const { record, list } = this.#sources;
    if (piece.holds === "replica" || scheme.kind === "replication") return await this.whole();
    if (isAlone && list !== null && this.#whole === undefined) {
      const less = await this.#shardFromLess(piece, scheme, list);
      if (less !== undefined) return less;
    }
    const whole = await this.whole();
    const geometry = geometryOf(scheme, record.sizeBytes);
    const start = piece.shard * geometry.shardBytes;
    if (piece.shard < scheme.dataShards) return whole.slice(start, start + storedBytes(geometry, piece.shard));
    this.#parity ??= this.#ports.codec.encode(scheme, whole);
    return this.#parity[piece.shard - scheme.dataShards] ?? new Uint8Array(0);
  }

  /** What writing these pieces reads, about. */
  readBytes(pieces: readonly Holder[], scheme: Scheme): number {
    const { record } = this.#sources;
    const [only, ...others] = pieces;
    if (only === undefined) return 0;
    if (others.length > 0) return record.sizeBytes;
    return sourcesFor(only, record, this.#usable(), scheme)?.readBytes ?? record.sizeBytes;
  }

  /** Copies the same shard, or cuts it from a replica; undefined when there is neither. */
  async #shardFromLess(piece: Holder & { holds: "shard" }, scheme: Scheme, list: Bytes): Promise<Bytes | undefined> {
    for (;;) {
      const sources = sourcesFor(piece, this.#sources.record, this.#usable(), scheme);
      const [source] = sources?.from ?? [];
      if (sources === undefined || source === undefined || sources.how === "code") return undefined;
      try {
        return await this.#takeShard(piece, source, { ...sources, list });
      } catch (error) {
        this.#signal.throwIfAborted();
        this.#blame(source, error);
      }
    }
  }

  async #takeShard(
    piece: Holder & { holds: "shard" },
    source: Holder,
    { how, list }: Sources & { readonly list: Bytes },
  ): Promise<Bytes> {
    const { record } = this.#sources;
    if (how === "copy") {
      const bytes = await readHolder(source, record, this.#ports, this.#signal);
      if (await isShard(bytes, piece.shard, record, list)) return bytes;
      throw wrongBytes(source, record);
    }
    return await this.#cutShard(piece.shard, source, list);
  }

  async #cutShard(shard: number, source: Holder, list: Bytes): Promise<Bytes> {
    const { record } = this.#sources;
    const { nodeUrls, links } = this.#ports;
    const url = nodeUrls().get(source.nodeId);
    if (url === undefined) throw new VStackError("unavailable", `Cannot read from ${source.nodeId}: it is not known`);
    // Blocks restart at the boundaries of data shards in every form, so that a range of a replica has hashes of its own.
    const geometry = geometryOf({ dataShards: DATA_SHARDS, parityShards: 0 }, record.sizeBytes);
    const start = shard * geometry.shardBytes;
    const range = { start, end: start + storedBytes(geometry, shard) };
    const piece = { hash: record.hash, shard: null };
    const bytes = await links.read(
      { nodeId: source.nodeId, url },
      { piece, sizeBytes: record.sizeBytes, range },
      this.#signal,
    );
    if (await areBlocks(bytes, shardBlocks(geometry, record.blockSizeBytes, shard), list)) return bytes;
    throw wrongBytes(source, record);
  }

  #usable(): Holder[] {
    return this.#sources.from.filter((holder) => !this.#bad.has(pieceText(holder)));
  }

  #blame(holder: Holder, error: unknown): void {
    this.#bad.add(pieceText(holder));
    this.#ports.onBad?.(holder, this.#sources.record, error);
  }
}
