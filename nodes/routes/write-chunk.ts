/** `PUT` and `DELETE /chunks/:hash`: only with a capability, checked before a byte of the body is read. */
import type { Context } from "hono";
import type { ChunkHash, NodeId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import { type CapabilityReader, type ClusterKey, checkCapability } from "#wire/client/capability.ts";
import type { CapabilityClaims } from "#wire/contract/capability.ts";
import { type DeleteChunkAnswer, LOOSE_REFERENCE, type PutChunkAnswer } from "#wire/contract/chunk-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { PATHS, QUERY } from "#wire/contract/paths.ts";
import { PositionSchema } from "#wire/contract/schemas.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { BufferPool } from "../buffer-pool.ts";
import type { ChunkStore } from "../storage/chunk-store.ts";
import { vote, type VotePorts } from "../consensus/vote.ts";
import { carriedAccept } from "./carried-accept.ts";
import { type NodeEnv, socketOf } from "./node-env.ts";
import { nodeParts, receiveChunk, UPLOAD_STALL_MS, webParts } from "./receive-chunk.ts";

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
  const accept = carriedAccept(context, hash, reference);
  // Beside the bytes and not behind them: a member may vote without holding. Looked at when the bytes are stored.
  const voting = accept === undefined ? null : vote(accept, ports);
  voting?.catch(() => {});
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
    if (received.digest !== hash) {
      throw new VStackError("digest-mismatch", "Cannot store the chunk as its bytes hash to another name", {
        details: { expected: hash, actual: received.digest },
      });
    }
    const { existed, references } = await ports.store.put(hash, received.bytes, reference);
    const sizeBytes = received.bytes.length;
    if (!existed) ports.stored(sizeBytes);
    const stored = { hash, sizeBytes, nodeId: ports.nodeId, existed, references };
    const answer: PutChunkAnswer = { ...stored, vote: await voting };
    const headers = {
      "cache-control": NO_STORE,
      etag: `"${hash}"`,
      ...(existed ? {} : { location: PATHS.chunk(hash) }),
    };
    return context.json(answer, existed ? 200 : 201, headers);
  } finally {
    received.release();
  }
}

export async function deleteChunk(context: Context<NodeEnv>, hash: ChunkHash, ports: WritePorts): Promise<Response> {
  await checkAllowed(context, { method: "DELETE", subject: hash }, ports);
  const result = await ports.store.dereference(hash, referenceOf(context));
  if (result === undefined) throw new VStackError("not-found", "This chunk is not on this node");
  const answer: DeleteChunkAnswer = { hash, ...result };
  return context.json(answer, 200, { "cache-control": NO_STORE });
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
