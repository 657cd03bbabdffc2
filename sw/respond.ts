/**
 * The Response to the player. It leaves at once, with a stream that is still empty: `event.request.signal` never fires
 * in any browser (measured, media note trap 2), so a stream that the player cancels is the only way to learn in time that
 * it gave up. A failure errors the stream; closing it short would look like success (measured in both browsers).
 *
 * The size is known from the manifest. When that page is not in memory yet the answer has no Content-Length, and the page
 * compares with the `delivered` message instead.
 */
import { VStackError } from "#wire/contract/errors.ts";
import { MEDIA_TYPES, NO_STORE, SERVED_BY, SERVED_BY_WORKER } from "#wire/contract/headers.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { ByteRange } from "./byte-range.ts";
import { cutToRange, parseByteRange } from "./byte-range.ts";
import type { Bytes, DeliveryPorts } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import type { SegmentAsk } from "./delivery-story.ts";
import type { ManifestCache } from "./manifest-cache.ts";
import { problemResponse } from "./problem-response.ts";

export interface RespondPorts extends Omit<DeliveryPorts, "manifests"> {
  readonly manifests: Pick<ManifestCache, "locate" | "relocate" | "peek">;
  /** Told, just before the stream closes, that a whole segment was given to the player. */
  readonly onDelivered: (trace: SegmentTrace) => void;
}

export interface Answer {
  /** Already there, but for a `Range` of a chunk whose size is not known yet. */
  readonly response: Response | Promise<Response>;
  /** Settles, without rejecting, when nothing works for this answer any more. */
  readonly done: Promise<void>;
}

/** @param stop aborted by a message of the page; this function aborts it when the player cancels the stream */
export function respond(ask: SegmentAsk, ports: RespondPorts, stop: AbortController): Answer {
  const sizeBytes = ports.manifests.peek(ask.place)?.entry.record.sizeBytes;
  if (ask.range === null || sizeBytes !== undefined) return answer(ask, sizeBytes, ports, stop);
  const located = ports.manifests
    .locate(ask.place, stop.signal)
    .then((chunk) => answer(ask, chunk.entry.record.sizeBytes, ports, stop))
    .catch((error: unknown) => refusal(ask, error));
  return { response: located.then(({ response }) => response), done: located.then(({ done }) => done) };
}

function answer(ask: SegmentAsk, sizeBytes: number | undefined, ports: RespondPorts, stop: AbortController): Answer {
  const range = sizeBytes === undefined ? "whole" : parseByteRange(ask.range, sizeBytes);
  if (range === "unsatisfiable") {
    const error = new VStackError("range-not-satisfiable", `Cannot cut "${ask.range}" out of ${sizeBytes} bytes`);
    return refusal(ask, error, { "Content-Range": `bytes */${sizeBytes}` });
  }
  const headers = new Headers({
    "Content-Type": MEDIA_TYPES[ask.place.slot],
    "Cache-Control": NO_STORE,
    "Accept-Ranges": "bytes",
    [SERVED_BY]: SERVED_BY_WORKER,
  });
  const { stream, done } = segmentStream(ask, range === "whole" ? undefined : range, ports, stop);
  if (range === "whole") {
    if (sizeBytes !== undefined) headers.set("Content-Length", String(sizeBytes));
    return { response: new Response(stream, { headers }), done };
  }
  headers.set("Content-Length", String(range.end - range.start));
  headers.set("Content-Range", `bytes ${range.start}-${range.end - 1}/${sizeBytes}`);
  return { response: new Response(stream, { status: 206, headers }), done };
}

function refusal(ask: SegmentAsk, error: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { response: problemResponse(error, ask.path, headers), done: Promise.resolve() };
}

/**
 * The delivery as a stream. Behind the end of a range the rest is still fetched, without the player waiting for it: who
 * asks for one part asks for the next, and the cache then has it.
 */
function segmentStream(
  ask: SegmentAsk,
  range: ByteRange | undefined,
  ports: RespondPorts,
  stop: AbortController,
): { readonly stream: ReadableStream<Bytes>; readonly done: Promise<void> } {
  const blocks = deliver(ask, ports, stop.signal);
  let settle: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });
  let offset = 0;

  /** The next part that the player asked for; undefined at the end. */
  async function nextPart(): Promise<Bytes | undefined> {
    for (;;) {
      if (range !== undefined && offset >= range.end) return undefined;
      const next = await blocks.next();
      if (next.done) {
        if (next.value !== undefined && range === undefined) ports.onDelivered(next.value);
        return undefined;
      }
      const part = range === undefined ? next.value : cutToRange(next.value, offset, range);
      offset += next.value.length;
      if (part !== undefined) return part;
    }
  }

  /** Ends what is still under way and then lets the event end. */
  async function finish(rest: Promise<unknown>): Promise<void> {
    await rest.catch(() => undefined);
    settle();
  }

  const stream = new ReadableStream<Bytes>({
    start(controller) {
      const giveUp = () => {
        controller.error(new VStackError("aborted", "Gave up the segment as the player no longer wants it"));
        void finish(blocks.return(undefined));
      };
      if (stop.signal.aborted) giveUp();
      else stop.signal.addEventListener("abort", giveUp, { once: true });
    },
    async pull(controller) {
      try {
        const part = await nextPart();
        if (stop.signal.aborted) return;
        if (part !== undefined) {
          controller.enqueue(part);
          return;
        }
        controller.close();
        void finish(drain(blocks));
      } catch (error) {
        controller.error(error);
        void finish(Promise.resolve());
      }
    },
    cancel() {
      stop.abort();
    },
  });
  return { stream, done };
}

async function drain(blocks: AsyncGenerator): Promise<void> {
  while (!(await blocks.next()).done);
}
