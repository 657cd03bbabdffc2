/**
 * Receives the body of a PUT into one pooled buffer, hashing as it comes, so that a wrong or broken upload never reaches the
 * disk and a good one is written at once.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_CHUNK_BYTES } from "#wire/contract/limits.ts";
import type { BufferPool, PooledBuffer } from "../buffer-pool.ts";

/** An uploader that sends nothing for this long is gone, or might as well be. */
export const UPLOAD_STALL_MS = 30_000;

export interface Upload {
  readonly parts: AsyncIterator<Uint8Array>;
  /** From Content-Length; undefined when the body is chunked. */
  readonly declaredBytes: number | undefined;
}

export interface ReceivedChunk {
  /** Lives until `release`. */
  readonly bytes: Buffer;
  /** SHA-256 in lower-case hexadecimal digits. */
  readonly digest: string;
  readonly release: () => void;
}

/** The parts of a body that Node received: cheaper than the Web stream around it. */
export function nodeParts(incoming: IncomingMessage): AsyncIterator<Uint8Array> {
  // The connection must live on for a refusal, which is why the stream is not destroyed with its iterator.
  const iterator: AsyncIterator<Uint8Array> = incoming.iterator({ destroyOnReturn: false });
  return iterator;
}

/** The parts of a body without a connection, as in tests. */
export async function* webParts(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * @param stallMs longest wait for the next bytes, also for the turn of this upload
 * @throws VStackError `too-large` above MAX_CHUNK_BYTES, declared or real; `timeout` without progress; `aborted` when the
 *   uploader went away or sent less than declared; `too-many-requests` when too many uploads wait
 */
export async function receiveChunk(upload: Upload, pool: BufferPool, stallMs: number): Promise<ReceivedChunk> {
  const { declaredBytes, parts } = upload;
  if (declaredBytes !== undefined && !(Number.isSafeInteger(declaredBytes) && declaredBytes >= 0)) {
    throw new VStackError("bad-request", "Cannot read the body as its Content-Length is no count of bytes");
  }
  if (declaredBytes !== undefined && declaredBytes > MAX_CHUNK_BYTES) throw tooLarge();
  const buffer = await takeInTime(pool, declaredBytes ?? MAX_CHUNK_BYTES, stallMs);
  try {
    const { receivedBytes, digest } = await fill(buffer.bytes, parts, stallMs);
    if (declaredBytes !== undefined && receivedBytes !== declaredBytes) {
      throw new VStackError("aborted", `Cannot store the chunk as ${receivedBytes} of ${declaredBytes} bytes came`);
    }
    return { bytes: buffer.bytes.subarray(0, receivedBytes), digest, release: buffer.release };
  } catch (error) {
    buffer.release();
    // Not awaited: a stalled upload ends its iterator only when its connection ends.
    void parts.return?.().catch(() => {});
    throw error;
  }
}

async function takeInTime(pool: BufferPool, sizeBytes: number, stallMs: number): Promise<PooledBuffer> {
  const now = pool.tryTake(sizeBytes);
  if (now !== undefined) return now;
  const deadline = AbortSignal.timeout(stallMs);
  try {
    return await pool.take(sizeBytes, deadline);
  } catch (cause) {
    if (!deadline.aborted) throw cause;
    throw new VStackError("unavailable", `Cannot take the chunk as others kept the node busy for ${stallMs} ms`, {
      cause,
    });
  }
}

async function fill(
  buffer: Buffer,
  parts: AsyncIterator<Uint8Array>,
  stallMs: number,
): Promise<{ readonly receivedBytes: number; readonly digest: string }> {
  const sha256 = createHash("sha256");
  let receivedBytes = 0;
  for (;;) {
    const next = await nextInTime(parts, stallMs);
    if (next.done === true) return { receivedBytes, digest: sha256.digest("hex") };
    // A body longer than declared cannot come over HTTP/1.1; one without length can be longer than any chunk.
    if (receivedBytes + next.value.length > buffer.length) throw tooLarge();
    buffer.set(next.value, receivedBytes);
    receivedBytes += next.value.length;
    sha256.update(next.value);
  }
}

async function nextInTime(parts: AsyncIterator<Uint8Array>, stallMs: number): Promise<IteratorResult<Uint8Array>> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new VStackError("timeout", `Cannot store the chunk as no bytes came for ${stallMs} ms`));
    }, stallMs);
  });
  const next = parts.next().catch((cause: unknown) => {
    throw new VStackError("aborted", "Cannot store the chunk as the uploader went away", { cause });
  });
  try {
    return await Promise.race([next, stalled]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(): VStackError {
  return new VStackError("too-large", `Cannot store the chunk as it is larger than ${MAX_CHUNK_BYTES} bytes`);
}
