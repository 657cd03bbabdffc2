/**
 * The verified bytes of a chunk as the body of an answer: pulled block by block as the client reads, cut to a range, and
 * stopped in the same tick when the client goes. Holds a fetch slot until it has ended.
 */
import { VStackError } from "#wire/contract/errors.ts";
import type { SegmentFetch } from "#wire/exchange/segment-fetch.ts";
import type { ByteRange } from "./single-range.ts";

export interface ChunkBodyOptions {
  readonly range: ByteRange;
  /** Fires when the client goes. */
  readonly signal: AbortSignal;
  /** Called once, when nothing of the fetch is left. */
  readonly onEnd: () => void;
}

/**
 * Waits for the first verified bytes, so that a chunk that nobody can deliver is answered by a problem and not by a body
 * that breaks off.
 *
 * @throws VStackError as the fetch's body errors
 */
export async function openChunkBody(
  fetch: SegmentFetch,
  { range, signal, onEnd }: ChunkBodyOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const reader = fetch.body.getReader();
  let offset = 0;
  const stop = (reason: string) => {
    signal.removeEventListener("abort", onGone);
    fetch.cancel(reason);
    onEnd();
  };
  const onGone = () => {
    stop("client-gone");
  };
  signal.addEventListener("abort", onGone, { once: true });

  /** The next bytes inside the range; undefined at its end. */
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    while (offset < range.end) {
      const { value, done } = await reader.read();
      if (done) throw new VStackError("bad-answer", `Cannot send the chunk as it ended at byte ${offset}`);
      const from = Math.max(0, range.start - offset);
      const wanted = value.subarray(from, Math.max(from, range.end - offset));
      offset += value.length;
      if (wanted.length > 0) return wanted;
    }
    return undefined;
  };

  let first: Uint8Array<ArrayBuffer> | undefined;
  try {
    if (signal.aborted) throw new VStackError("aborted", "The client is gone");
    first = await next();
  } catch (error) {
    stop("failed");
    throw error;
  }
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const bytes = first ?? (await next());
          first = undefined;
          if (bytes !== undefined) controller.enqueue(bytes);
          if (bytes === undefined || offset >= range.end) {
            controller.close();
            stop("range-complete");
          }
        } catch (error) {
          stop("failed");
          throw error;
        }
      },
      cancel() {
        stop("client-gone");
      },
    },
    // Nothing is read ahead of the client: what waits, waits at the nodes.
    { highWaterMark: 0 },
  );
}
