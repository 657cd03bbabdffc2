/**
 * Bytes that readers got of each chunk since the metadata server was told last: what demand is made of. In bounded memory: when
 * too many chunks are counted, the bytes of others are counted together.
 */
import type { ChunkHash } from "#core/ids.ts";
import type { Served } from "#wire/contract/cluster-api.ts";
import { MAX_SERVED_ENTRIES } from "#wire/contract/cluster-api.ts";

/** Sixteen heartbeats full, about a megabyte: more only when nobody listens, or a node serves thousands of chunks a second. */
const MAX_COUNTED_CHUNKS = 16 * MAX_SERVED_ENTRIES;

export class ServedBook {
  readonly #bytes = new Map<ChunkHash, number>();
  #otherBytes = 0;

  add(hash: ChunkHash, bytes: number): void {
    if (bytes === 0) return;
    const before = this.#bytes.get(hash);
    if (before === undefined && this.#bytes.size >= MAX_COUNTED_CHUNKS) this.#otherBytes += bytes;
    else this.#bytes.set(hash, (before ?? 0) + bytes);
  }

  /** What to tell now; it stays in the book until it is known to be heard. */
  report(): Served {
    const most = [...this.#bytes].sort(([, a], [, b]) => b - a).slice(0, MAX_SERVED_ENTRIES);
    return { chunks: most.map(([hash, bytes]) => ({ hash, bytes })), otherBytes: this.#otherBytes };
  }

  /** A report was heard. */
  heard({ chunks, otherBytes }: Served): void {
    this.#otherBytes -= otherBytes;
    for (const { hash, bytes } of chunks) {
      const left = (this.#bytes.get(hash) ?? 0) - bytes;
      if (left > 0) this.#bytes.set(hash, left);
      else this.#bytes.delete(hash);
    }
  }
}
