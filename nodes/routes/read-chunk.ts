/**
 * `GET` and `HEAD` of a piece, `/chunks/:hash` or `/chunks/:hash/shards/:i` (RFC 9110): whole or one range, never hashed again
 * here as every reader verifies.
 */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import type { ChunkHash } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { pieceOf } from "#core/placement/piece.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { IMMUTABLE, MEDIA_TYPES, NO_STORE } from "#wire/contract/headers.ts";
import { PURPOSE_UPKEEP, QUERY } from "#wire/contract/paths.ts";
import { READ_HEADERS } from "#wire/server/cors.ts";
import { problemResponse } from "#wire/server/problem-handler.ts";
import type { ChunkStore } from "../storage/chunk-store.ts";
import { type ByteRange, parseByteRange } from "./byte-range.ts";
import { type NodeEnv, socketOf } from "./node-env.ts";
import { type EmulatedWay, sendEmulated } from "../emulation/send-emulated.ts";
import { type AnswerHead, sendChunk, type SendPools } from "./send-chunk.ts";

export interface ReadPorts {
  readonly store: ChunkStore;
  readonly pools: SendPools;
  /** Lab mode: every byte must come from here, so that every byte is measured. */
  readonly lab: boolean;
  /** Bytes of a chunk, whole or in shards, went out. Upkeep is no demand. */
  readonly served: (sent: { readonly hash: ChunkHash; readonly bytes: number; readonly isUpkeep: boolean }) => void;
}

/** @param way the emulated path of the request in lab mode, when there is one */
export async function readChunk(
  context: Context<NodeEnv>,
  piece: PieceId,
  ports: ReadPorts,
  way?: EmulatedWay,
): Promise<Response> {
  const { store, lab } = ports;
  const sizeBytes = store.sizeOf(piece);
  const digest = store.digestOf(piece);
  if (sizeBytes === undefined || digest === undefined) throw notHere();
  const fixedHeaders = chunkHeaders(digest, lab);
  if (matchesAny(context.req.header("if-none-match"), digest)) {
    return new Response(null, { status: 304, headers: fixedHeaders });
  }
  const range = parseByteRange(rangeHeader(context, digest), sizeBytes);
  if (range.answer === "unsatisfiable") {
    const error = new VStackError(
      "range-not-satisfiable",
      `Cannot send that range as the chunk has ${sizeBytes} bytes`,
    );
    return problemResponse(error, context.req.path, { "content-range": `bytes */${sizeBytes}` });
  }
  const head = answerHead(range, sizeBytes, fixedHeaders);
  if (context.req.method === "HEAD") return new Response(null, head);
  return await sendBody(context, piece, { head, range, ports, way });
}

async function sendBody(
  context: Context<NodeEnv>,
  piece: PieceId,
  { head, range, ports, way }: { head: AnswerHead; range: ByteRange; ports: ReadPorts; way: EmulatedWay | undefined },
): Promise<Response> {
  const chunk = await ports.store.open(piece);
  if (chunk === undefined) throw notHere();
  const isUpkeep = context.req.query(QUERY.purpose) === PURPOSE_UPKEEP;
  const served = (bytes: number) => {
    ports.served({ hash: pieceOf(piece).hash, bytes, isUpkeep });
  };
  try {
    const { start, end } = range.answer === "part" ? range : { start: 0, end: chunk.sizeBytes };
    const { outgoing } = socketOf(context);
    if (outgoing !== undefined) {
      const part = { chunk, start, end };
      const sending =
        way === undefined ? sendChunk(outgoing, head, part, ports.pools) : sendEmulated(outgoing, head, part, way);
      served(await sending);
      return RESPONSE_ALREADY_SENT;
    }
    const bytes = new Uint8Array(end - start);
    await chunk.read(bytes, start);
    served(bytes.length);
    return new Response(bytes, head);
  } finally {
    chunk.close();
  }
}

function chunkHeaders(digest: ChunkHash, lab: boolean): Record<string, string> {
  return {
    ...READ_HEADERS,
    etag: `"${digest}"`,
    "accept-ranges": "bytes",
    "cache-control": lab ? NO_STORE : IMMUTABLE,
    "x-content-type-options": "nosniff",
    // Whatever the bytes are, a browser that opens this address must not run them as a page of ours.
    "content-security-policy": "sandbox; default-src 'none'",
  };
}

function answerHead(range: ByteRange, sizeBytes: number, fixedHeaders: Record<string, string>): AnswerHead {
  const headers = { ...fixedHeaders, "content-type": MEDIA_TYPES.octets };
  if (range.answer !== "part") return { status: 200, headers: { ...headers, "content-length": String(sizeBytes) } };
  const { start, end } = range;
  return {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(end - start),
      "content-range": `bytes ${start}-${end - 1}/${sizeBytes}`,
    },
  };
}

/** A range counts only for GET, and with If-Range only for the same bytes (RFC 9110 section 13.1.5). */
function rangeHeader(context: Context<NodeEnv>, digest: ChunkHash): string | undefined {
  if (context.req.method !== "GET") return undefined;
  const ifRange = context.req.header("if-range");
  return ifRange === undefined || ifRange === `"${digest}"` ? context.req.header("range") : undefined;
}

/** `If-None-Match` compares weakly (RFC 9110 section 13.1.2). */
function matchesAny(header: string | undefined, digest: ChunkHash): boolean {
  if (header === undefined) return false;
  return header.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === `"${digest}"`);
}

function notHere(): VStackError {
  return new VStackError("not-found", "This chunk is not on this node");
}
