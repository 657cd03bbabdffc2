/**
 * Sends a part of a chunk as an emulated path lets it pass: never more than is due, in small pieces, so that a slow path
 * holds little memory for long. Truncates and corrupts where the path's fault is that.
 */
import type { ServerResponse } from "node:http";
import { VStackError } from "#wire/contract/errors.ts";
import type { BufferPool } from "../buffer-pool.ts";
import type { AnswerHead, ChunkPart } from "../routes/send-chunk.ts";
import { ended, giveBack, written } from "../routes/send-chunk.ts";
import type { PacedTransfer } from "./paced-transfer.ts";
import type { SessionPath } from "./session-path.ts";

/** Ten milliseconds at 50 Mbit/s, and five hundred transfers in the pool for pieces. */
const PIECE_BYTES = 64 * 1024;
/** A real outage in a trace lasts for minutes; beyond this nobody waits any more. */
const STALL_MS = 600_000;
/** Corrupt bodies begin with a wrong byte and have one after every so many, so in every block. */
const CORRUPT_EVERY_BYTES = 16 * 1024;

export interface EmulatedWay {
  readonly path: SessionPath;
  readonly socket: object;
  /** When the first byte was due, monotonic milliseconds. */
  readonly readyAtMs: number;
  readonly pieces: BufferPool;
}

/**
 * @returns bytes handed over
 * @throws VStackError before anything was written, when the bytes cannot be read or there is no memory
 */
export async function sendEmulated(
  outgoing: ServerResponse,
  head: AnswerHead,
  part: ChunkPart,
  { path, socket, readyAtMs, pieces }: EmulatedWay,
): Promise<number> {
  const sizeBytes = part.end - part.start;
  const buffer = pieces.tryTake(Math.min(PIECE_BYTES, sizeBytes));
  if (buffer === undefined) {
    throw new VStackError("unavailable", "Cannot send the chunk as too many readers are served: ask another node");
  }
  let flushed = false;
  const transfer = path.open(path.connectionOf(socket).connection, sizeBytes, readyAtMs);
  const close = () => {
    transfer.close();
  };
  try {
    await part.chunk.read(buffer.bytes, part.start);
    if (outgoing.destroyed) return 0;
    outgoing.setTimeout(STALL_MS, () => outgoing.destroy());
    outgoing.once("close", close);
    outgoing.writeHead(head.status, head.headers);
    const endBytes = path.conditions().fault?.kind === "truncate" ? Math.ceil(sizeBytes / 2) : sizeBytes;
    const sentBytes = await sendPaced(outgoing, { part, path, transfer, endBytes, bytes: buffer.bytes });
    if (sentBytes === sizeBytes) flushed = await ended(outgoing);
    else outgoing.destroy();
    return sentBytes;
  } finally {
    outgoing.off("close", close);
    close();
    giveBack(buffer, flushed || !outgoing.headersSent);
  }
}

interface PacedBody {
  readonly part: ChunkPart;
  readonly path: SessionPath;
  readonly transfer: PacedTransfer;
  /** Where the body ends, early when it is cut off. */
  readonly endBytes: number;
  /** The first piece is in it already. */
  readonly bytes: Buffer;
}

async function sendPaced(outgoing: ServerResponse, body: PacedBody): Promise<number> {
  const { part, path, transfer, endBytes, bytes } = body;
  let pieceStart = 0;
  for (let sentBytes = 0; sentBytes < endBytes; ) {
    const inPiece = sentBytes - pieceStart;
    if (inPiece === bytes.length) {
      pieceStart = sentBytes;
      try {
        const nextBytes = Math.min(bytes.length, part.end - part.start - sentBytes);
        await part.chunk.read(bytes.subarray(0, nextBytes), part.start + sentBytes);
      } catch {
        // The head promised more bytes: the caller cuts the connection.
        return sentBytes;
      }
      continue;
    }
    const dueBytes = await transfer.take(Math.min(bytes.length - inPiece, endBytes - sentBytes));
    if (dueBytes === 0) return sentBytes;
    const due = bytes.subarray(inPiece, inPiece + dueBytes);
    if (path.conditions().fault?.kind === "corrupt") corrupt(due, sentBytes);
    if (!(await written(outgoing, due))) return sentBytes;
    sentBytes += dueBytes;
  }
  return endBytes;
}

/** @param position of the bytes in the body */
function corrupt(bytes: Buffer, position: number): void {
  const first = (CORRUPT_EVERY_BYTES - (position % CORRUPT_EVERY_BYTES)) % CORRUPT_EVERY_BYTES;
  for (let index = first; index < bytes.length; index += CORRUPT_EVERY_BYTES) {
    bytes.writeUInt8(bytes.readUInt8(index) ^ 0xff, index);
  }
}
