/**
 * `PUT` and `DELETE` of pieces, `/chunks/:hash` and `/chunks/:hash/shards/:i`: only with a capability, checked before a byte of
 * the body is read.
 */
import type { Context } from "hono";
import type { ChunkHash, NodeId } from "#core/ids.ts";
import type { Piece, PieceId } from "#core/placement/piece.ts";
import { pieceId } from "#core/placement/piece.ts";
import { positionText } from "#core/placement/position.ts";
import { type CapabilityReader, type ClusterKey, checkCapability } from "#wire/client/capability.ts";
import type { CapabilityClaims } from "#wire/contract/capability.ts";
import { type DeleteChunkAnswer, LOOSE_REFERENCE, type PutChunkAnswer } from "#wire/contract/chunk-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { PATHS, QUERY } from "#wire/contract/paths.ts";
import type { DeleteShardAnswer, PutShardAnswer } from "#wire/contract/piece-api.ts";
import { pieceSubject, VersionSchema } from "#wire/contract/piece-api.ts";
import { ChunkHashSchema, PositionSchema } from "#wire/contract/schemas.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { BufferPool } from "../buffer-pool.ts";
import type { ChunkStore, Claim } from "../storage/chunk-store.ts";
import { vote, type VotePorts } from "../consensus/vote.ts";
import { carriedAccept } from "./carried-accept.ts";
import { type NodeEnv, socketOf } from "./node-env.ts";
import { nodeParts, receiveChunk, UPLOAD_STALL_MS, webParts } from "./receive-chunk.ts";

/** Of the record of a new chunk, whose PUT names no version. */
const FIRST_VERSION = 1;

export interface WritePorts extends VotePorts {
  readonly clusterKey: ClusterKey;
  readonly nodeId: NodeId;
  readonly store: ChunkStore;
  readonly uploads: BufferPool;
  readonly stored: (bytes: number) => void;
  /** Longest wait for the next bytes of an upload. */
  readonly uploadStallMs?: number;
}

export async function putChunk(context: Context<NodeEnv>, hash: ChunkHash, ports: WritePorts): Promise<Response> {
  await checkAllowed(context, { method: "PUT", subject: hash }, ports);
  const reference = referenceOf(context);
  const version = versionOf(context) ?? FIRST_VERSION;
  let voting: Promise<PutChunkAnswer["vote"]> = Promise.resolve(null);
  // While the disk flushes the bytes, and not behind them: a member may vote without holding. Nobody waits for the processor
  // then, so that a vote costs its PUT next to no time. Looked at when the bytes are stored.
  const beginVote = () => {
    const accept = carriedAccept(context, hash, reference);
    if (accept === undefined) return;
    voting = vote(accept, ports);
    voting.catch(() => {});
  };
  const stored = await storeBody(
    context,
    { piece: hash, beside: beginVote },
    { reference, version, digest: hash },
    ports,
  );
  const answer: PutChunkAnswer = { hash, ...stored, vote: await voting };
  return putAnswer(context, { hash, shard: null }, hash, answer);
}

export async function putShard(
  context: Context<NodeEnv>,
  piece: Piece & { readonly shard: number },
  ports: WritePorts,
): Promise<Response> {
  await checkAllowed(context, { method: "PUT", subject: pieceSubject(piece) }, ports);
  const digest = parseInput(ChunkHashSchema, context.req.query(QUERY.digest), `query parameter ${QUERY.digest}`);
  const claim = { reference: referenceOf(context), version: versionOf(context) ?? FIRST_VERSION, digest };
  const answer: PutShardAnswer = { ...piece, ...(await storeBody(context, { piece: pieceId(piece) }, claim, ports)) };
  return putAnswer(context, piece, digest, answer);
}

export async function deletePiece(context: Context<NodeEnv>, piece: Piece, ports: WritePorts): Promise<Response> {
  await checkAllowed(context, { method: "DELETE", subject: pieceSubject(piece) }, ports);
  const result = await ports.store.dereference(pieceId(piece), referenceOf(context), versionOf(context));
  if (result === undefined) throw new VStackError("not-found", "This chunk is not on this node");
  const { hash, shard } = piece;
  const answer: DeleteChunkAnswer | DeleteShardAnswer = { hash, ...(shard === null ? {} : { shard }), ...result };
  return context.json(answer, 200, { "cache-control": NO_STORE });
}

type StoredBody = Pick<PutShardAnswer, "sizeBytes" | "nodeId" | "existed" | "references">;

/** Receives the body and stores it. */
async function storeBody(
  context: Context<NodeEnv>,
  { piece, beside }: { readonly piece: PieceId; readonly beside?: () => void },
  claim: Claim,
  ports: WritePorts,
): Promise<StoredBody> {
  const length = context.req.header("content-length");
  const { incoming } = socketOf(context);
  const received = await receiveChunk(
    {
      declaredBytes: length === undefined ? undefined : Number(length),
      parts: incoming === undefined ? webParts(context.req.raw.body) : nodeParts(incoming),
    },
    ports.uploads,
    ports.uploadStallMs ?? UPLOAD_STALL_MS,
  );
  try {
    if (received.digest !== claim.digest) {
      throw new VStackError("digest-mismatch", "Cannot store the chunk as its bytes hash to another name", {
        details: { expected: claim.digest, actual: received.digest },
      });
    }
    const { existed, references } = await ports.store.put(piece, received.bytes, claim, beside);
    const sizeBytes = received.bytes.length;
    if (!existed) ports.stored(sizeBytes);
    return { sizeBytes, nodeId: ports.nodeId, existed, references };
  } finally {
    received.release();
  }
}

function putAnswer(
  context: Context<NodeEnv>,
  piece: Piece,
  digest: ChunkHash,
  answer: PutChunkAnswer | PutShardAnswer,
): Response {
  const location = answer.existed ? {} : { location: PATHS.piece(piece) };
  const headers = { "cache-control": NO_STORE, etag: `"${digest}"`, ...location };
  return context.json(answer, answer.existed ? 200 : 201, headers);
}

/** @throws VStackError `unauthorized` or `forbidden` when the request carries no capability for this */
export async function checkAllowed(
  context: Context<NodeEnv>,
  wanted: { method: CapabilityClaims["method"]; subject: string },
  { clusterKey, wallMs }: { readonly clusterKey: ClusterKey | CapabilityReader; readonly wallMs: () => number },
): Promise<CapabilityClaims> {
  const text = context.req.query(QUERY.capability) ?? bearerToken(context.req.header("authorization"));
  return await checkCapability(clusterKey, text, { ...wanted, nowMs: wallMs() });
}

/** RFC 6750 section 2.1; the scheme's name has no case (RFC 9110 section 11.1). */
function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(header ?? "")?.[1];
}

function referenceOf(context: Context<NodeEnv>): string {
  const text = context.req.query(QUERY.position);
  if (text === undefined) return LOOSE_REFERENCE;
  return positionText(parseInput(PositionSchema, text, `query parameter ${QUERY.position}`));
}

/** The version of the record, undefined when the request names none. */
function versionOf(context: Context<NodeEnv>): number | undefined {
  const text = context.req.query(QUERY.version);
  if (text === undefined) return undefined;
  // Digits and nothing else: `Number` reads more than that.
  const version = /^[0-9]{1,15}$/.test(text) ? Number(text) : text;
  return parseInput(VersionSchema, version, `query parameter ${QUERY.version}`);
}
