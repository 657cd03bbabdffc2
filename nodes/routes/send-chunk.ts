/**
 * Sends a part of a chunk past Hono, straight to Node's response: the whole part is read into one pooled buffer and written
 * at once. Measured on 2 MiB chunks this costs half the CPU of a Web stream, which crosses the thread pool, Node's stream
 * and the Web stream for each 64 KiB. When the pool has no room for the whole part, because many slow readers hold their
 * buffers, the part goes in pieces from a second, smaller pool; when that is full as well, the asker is told to try another
 * node.
 *
 * Every wait for the reader is raced with the end of the connection: a reader that goes away while we wait would otherwise
 * leave its file and its buffer behind for ever.
 */
import type { ServerResponse } from "node:http";
import { VStackError } from "#wire/contract/errors.ts";
import type { BufferPool, PooledBuffer } from "../buffer-pool.ts";
import type { OpenChunk } from "../storage/chunk-store.ts";

/** Few enough reads for a chunk, small enough that a hundred slow readers fit. */
export const PIECE_BYTES = 256 * 1024;
/** A reader that takes nothing for this long is gone, or might as well be. */
const STALL_MS = 30_000;

export interface SendPools {
  readonly whole: BufferPool;
  readonly pieces: BufferPool;
}

/** What to send: the half-open range [start, end) of an open chunk. */
export interface ChunkPart {
  readonly chunk: OpenChunk;
  readonly start: number;
  readonly end: number;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends head and part; returns when the last byte is with the system, or the reader is gone.
 *
 * @returns bytes handed over
 * @throws VStackError before anything was written, when the bytes cannot be read or there is no memory: the caller answers
 */
export async function sendChunk(
  outgoing: ServerResponse,
  head: AnswerHead,
  part: ChunkPart,
  pools: SendPools,
): Promise<number> {
  const sizeBytes = part.end - part.start;
  const whole = pools.whole.tryTake(sizeBytes);
  const buffer = whole ?? pools.pieces.tryTake(Math.min(PIECE_BYTES, sizeBytes));
  if (buffer === undefined) {
    throw new VStackError("unavailable", "Cannot send the chunk as too many readers are served: ask another node");
  }
  let flushed = false;
  try {
    // The first bytes are read before the head is written, so that a damaged chunk is still a clean refusal.
    await part.chunk.read(buffer.bytes, part.start);
    if (outgoing.destroyed) return 0;
    outgoing.setTimeout(STALL_MS, () => outgoing.destroy());
    outgoing.writeHead(head.status, head.headers);
    const sentBytes = await sendPieces(outgoing, part, buffer);
    flushed = sentBytes === sizeBytes;
    if (flushed) flushed = await ended(outgoing);
    return sentBytes;
  } finally {
    giveBack(buffer, flushed || !outgoing.headersSent);
  }
}

/** The first piece is in the buffer already. Returns the bytes that the system has taken. */
async function sendPieces(outgoing: ServerResponse, part: ChunkPart, buffer: PooledBuffer): Promise<number> {
  const sizeBytes = part.end - part.start;
  let piece = buffer.bytes;
  for (let sentBytes = 0; ; ) {
    if (!(await written(outgoing, piece))) return sentBytes;
    sentBytes += piece.length;
    if (sentBytes === sizeBytes) return sentBytes;
    piece = buffer.bytes.subarray(0, Math.min(buffer.bytes.length, sizeBytes - sentBytes));
    try {
      await part.chunk.read(piece, part.start + sentBytes);
    } catch {
      // The head promised more bytes: cutting the connection is the only way left to say that they will not come.
      outgoing.destroy();
      return sentBytes;
    }
  }
}

/** Writes and waits until the system has taken the bytes; false when the reader is gone. */
export function written(outgoing: ServerResponse, bytes: Buffer): Promise<boolean> {
  return untilDoneOrClosed(outgoing, (done) => {
    outgoing.write(bytes, done);
  });
}

export function ended(outgoing: ServerResponse): Promise<boolean> {
  return untilDoneOrClosed(outgoing, (done) => {
    outgoing.end(() => {
      done();
    });
  });
}

function untilDoneOrClosed(
  outgoing: ServerResponse,
  start: (done: (error?: Error | null) => void) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = () => {
      resolve(false);
    };
    const { socket } = outgoing;
    if (outgoing.destroyed || socket === null) {
      closed();
      return;
    }
    outgoing.once("close", closed);
    start((error) => {
      outgoing.off("close", closed);
      // Node calls back without an error when the connection was destroyed under the write.
      resolve(!socket.destroyed && (error === undefined || error === null));
    });
  });
}

/** A buffer that may still be in a broken connection's hands is not reused. */
export function giveBack(buffer: PooledBuffer, reusable: boolean): void {
  if (reusable) buffer.release();
  else buffer.discard();
}
