/**
 * Loads one segment (or init segment) for the player: deadlines, progress, the length check, and the worker's note about
 * the delivery. Knows nothing of hls.js; hls-segment-loader.ts puts it in hls.js' clothes.
 */
import type { FetchPort } from "#wire/client/http.ts";
import { SERVED_BY, SERVED_BY_WORKER } from "#wire/contract/headers.ts";
import { bodyLengthFault } from "./body-length.ts";
import type { DeliveredNote, LoadTiming } from "./honest-timing.ts";

export type LoadOutcome =
  | { readonly is: "loaded"; readonly bytes: ArrayBuffer; readonly load: LoadedFacts }
  /** The server answered with this status. */
  | { readonly is: "refused"; readonly status: number }
  /** No answer, a stream that broke, or a body of the wrong length. */
  | { readonly is: "broken"; readonly detail: string }
  | { readonly is: "timeout" }
  | { readonly is: "aborted" };

export interface LoadedFacts {
  readonly timing: LoadTiming;
  readonly note: DeliveredNote | undefined;
  /** `worker` or `gateway`; null when the answer does not say. */
  readonly servedBy: string | null;
}

export interface LoadProgress {
  readonly firstByteMs: number;
  readonly loadedBytes: number;
  /** 0 when not announced. */
  readonly totalBytes: number;
}

export interface SegmentLoadRequest {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly maxTimeToFirstByteMs: number;
  readonly maxLoadTimeMs: number;
  readonly onProgress: (progress: LoadProgress) => void;
}

export interface SegmentLoadPorts {
  readonly fetch: FetchPort;
  readonly nowMs: () => number;
  /** The note about a delivery of the worker; undefined when none comes. */
  readonly delivered: () => Promise<DeliveredNote | undefined>;
}

/** Loads, and settles with what became of it; never rejects. */
export async function loadSegment(request: SegmentLoadRequest, ports: SegmentLoadPorts): Promise<LoadOutcome> {
  const deadline = new AbortController();
  const expire = () => deadline.abort();
  const firstByteTimer = setTimeout(expire, request.maxTimeToFirstByteMs);
  const loadTimer = setTimeout(expire, request.maxLoadTimeMs);
  const startMs = ports.nowMs();
  try {
    const signal = AbortSignal.any([request.signal, deadline.signal]);
    const response = await ports.fetch(request.url, { signal, credentials: "omit" });
    if (!response.ok) {
      await response.body?.cancel();
      return { is: "refused", status: response.status };
    }
    const body = await readBody(response, request, ports, () => clearTimeout(firstByteTimer));
    return await finished(response, { startMs, ...body, endMs: ports.nowMs() }, ports);
  } catch (cause) {
    if (request.signal.aborted) return { is: "aborted" };
    if (deadline.signal.aborted) return { is: "timeout" };
    return { is: "broken", detail: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    clearTimeout(firstByteTimer);
    clearTimeout(loadTimer);
  }
}

interface ReadBody {
  readonly firstByteMs: number;
  readonly parts: readonly Uint8Array[];
  readonly receivedBytes: number;
}

async function readBody(
  response: Response,
  request: SegmentLoadRequest,
  ports: SegmentLoadPorts,
  onFirstByte: () => void,
): Promise<ReadBody> {
  const totalBytes = Number(response.headers.get("content-length") ?? 0);
  const parts: Uint8Array[] = [];
  let receivedBytes = 0;
  let firstByteMs: number | undefined;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
    if (firstByteMs === undefined) {
      firstByteMs = ports.nowMs();
      onFirstByte();
    }
    parts.push(read.value);
    receivedBytes += read.value.byteLength;
    request.onProgress({ firstByteMs, loadedBytes: receivedBytes, totalBytes });
  }
  return { firstByteMs: firstByteMs ?? ports.nowMs(), parts, receivedBytes };
}

async function finished(
  response: Response,
  { startMs, firstByteMs, endMs, parts, receivedBytes }: ReadBody & { startMs: number; endMs: number },
  ports: SegmentLoadPorts,
): Promise<LoadOutcome> {
  const servedBy = response.headers.get(SERVED_BY);
  const note = servedBy === SERVED_BY_WORKER ? await ports.delivered() : undefined;
  const contentLength = response.headers.get("content-length");
  const fault = bodyLengthFault({ receivedBytes, contentLength, deliveredBytes: note?.deliveredBytes });
  if (fault !== undefined) return { is: "broken", detail: fault };
  const bytes = new Uint8Array(receivedBytes);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return { is: "loaded", bytes: bytes.buffer, load: { timing: { startMs, firstByteMs, endMs }, note, servedBy } };
}
