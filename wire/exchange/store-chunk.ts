/**
 * Copies of chunks on nodes: PUT one, PUT to three nodes at once. A copy counts when its node has acknowledged it, which it does
 * only after everything is durable. A new chunk is stored and decided at once by commit-chunk.ts; what is here decides nothing,
 * and takes nothing back: whoever calls has noted which nodes may have got it.
 */
import type { ChunkHash } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ACKNOWLEDGED_COPIES, RECORD_SCHEMA, REPLICA_COUNT } from "#core/placement/record.ts";
import type { WeightedNode } from "#core/placement/rendezvous.ts";
import { rankByRendezvous } from "#core/placement/rendezvous.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { askJson } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { PutChunkAnswer } from "#wire/contract/chunk-api.ts";
import { PutChunkAnswerSchema } from "#wire/contract/chunk-api.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { MEDIA_TYPES } from "#wire/contract/headers.ts";
import { PATHS, QUERY } from "#wire/contract/paths.ts";

/** One PUT, disk flush included: 16 MiB at 10 Mbit/s and some. */
const PUT_DEADLINE_MS = 20_000;
/** First version of a record. */
const NEW = 1;
/** PUTs to one node before the next in rank takes its place; a lasting fault is not cured by asking often. */
const PUTS_PER_NODE = 2;
const RETRY_PAUSE_MS = 200;
/** Faults that may be over in a moment. The others (full, forbidden) stay as they are. */
const TRANSIENT: readonly ErrorCode[] = [
  "unreachable",
  "timeout",
  "unavailable",
  "not-ready",
  "too-many-requests",
  "digest-mismatch",
  "internal",
];

/** A node that may take a copy. */
export interface StorageTarget extends WeightedNode {
  /** Where this program reaches it, without a slash at the end. */
  readonly url: string;
  /** What fails together with it; absent: nothing else. */
  readonly domain?: string;
}

/** Makes a capability for one method on its subject (wire/contract/capability.ts). */
export type MintCapability = (grant: {
  readonly method: "PUT" | "DELETE" | "VOTE" | "OWN" | "PIECES";
  readonly subject: string;
}) => Promise<string>;

export interface StoreChunkRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly position: Position;
  /** Of the record that is to name the copies; a new chunk's when left out. */
  readonly version?: number;
  /** Nodes that are alive, in any order: they are ranked by the position. */
  readonly nodes: readonly StorageTarget[];
  readonly blockSizeBytes: number;
  /** How many copies to make where nodes allow it, at least two; three when left out. */
  readonly copies?: number;
  readonly mint: MintCapability;
  readonly signal: AbortSignal;
}

export interface StoreChunkPorts {
  readonly clock: Clock;
  readonly fetch: FetchPort;
}

export interface StoredChunk {
  /** To be decided. */
  readonly record: ChunkRecord;
  /** Block hashes for the manifest, base64. */
  readonly blocks: string;
  /** Durable copies, two at least; below three the chunk is at risk. */
  readonly copies: number;
}

/**
 * Stores a chunk on three nodes, at least two.
 *
 * @throws VStackError `unavailable` when fewer than two nodes took it, `aborted` by the signal; what was stored until then
 *   stays for its caller to give up, and so does what a node may have stored although its answer was lost
 */
export async function storeChunk(request: StoreChunkRequest, ports: StoreChunkPorts): Promise<StoredChunk> {
  const { bytes, position, nodes, blockSizeBytes, copies = REPLICA_COUNT, version = NEW, signal } = request;
  const [hash, { blocks, blocksDigest }] = await Promise.all([
    chunkHashOf(bytes),
    makeBlockList(bytes, blockSizeBytes),
  ]);
  const ranking = rankByRendezvous(positionText(position), nodes);
  const ranked = ranking.flatMap((nodeId) => nodes.filter((node) => node.nodeId === nodeId));
  const outcomes: PutOutcome[] = [];
  // Each place takes the next node in rank until one acknowledges: no node is asked for two places.
  const queue = ranked.values();
  const fillPlace = async () => {
    for (const node of queue) {
      const outcome = await putCopy({ request, ports, hash, node });
      outcomes.push(outcome);
      if (outcome.error === undefined || signal.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: copies }, fillPlace));

  const holders = outcomes.filter((outcome) => outcome.error === undefined).map((outcome) => outcome.node.nodeId);
  if (signal.aborted) throw new VStackError("aborted", `Gave up storing ${positionText(position)}`);
  if (holders.length < ACKNOWLEDGED_COPIES) throw tooFewCopies(position, outcomes);
  const record: ChunkRecord = {
    schema: RECORD_SCHEMA,
    version,
    hash,
    sizeBytes: bytes.length,
    blockSizeBytes,
    blocksDigest,
    scheme: { kind: "replication" },
    holders: ranking.filter((id) => holders.includes(id)).map((nodeId) => ({ nodeId, holds: "replica" })),
  };
  return { record, blocks, copies: holders.length };
}

/** How the PUT of one copy ended. */
export interface PutOutcome {
  readonly node: StorageTarget;
  /** Undefined when the node acknowledged a durable copy. */
  readonly error: unknown;
  /** What its acceptor said to the Accept that came with the bytes; null when none came or the copy was not made. */
  readonly vote: PutChunkAnswer["vote"];
}

export interface Copy {
  readonly request: Omit<StoreChunkRequest, "nodes" | "blockSizeBytes">;
  readonly ports: StoreChunkPorts;
  readonly hash: ChunkHash;
  readonly node: StorageTarget;
  /** Headers that carry an Accept (wire/client/acceptor-client.ts). */
  readonly accept?: Readonly<Record<string, string>>;
}

/** PUTs one copy, again after a fault that may be over in a moment. Never rejects. */
export async function putCopy(copy: Copy): Promise<PutOutcome> {
  const { request, ports, node } = copy;
  let error: unknown;
  for (let attempt = 1; attempt <= PUTS_PER_NODE && !request.signal.aborted; attempt += 1) {
    if (attempt > 1) await ports.clock.sleep(RETRY_PAUSE_MS, request.signal);
    try {
      const { vote } = await putOnce(copy);
      return { node, error: undefined, vote };
    } catch (cause) {
      error = cause;
      if (!TRANSIENT.includes(errorCode(cause))) break;
    }
  }
  return { node, error: error ?? new VStackError("aborted", `Gave up PUT to ${node.nodeId}`), vote: null };
}

async function putOnce({ request, ports, hash, node, accept = {} }: Copy): Promise<PutChunkAnswer> {
  const { bytes, position, version = NEW, mint, signal } = request;
  const query = new URLSearchParams({
    [QUERY.position]: positionText(position),
    [QUERY.version]: String(version),
    [QUERY.capability]: await mint({ method: "PUT", subject: hash }),
  });
  const answer = await askJson(`${node.url}${PATHS.chunk(hash)}?${query}`, PutChunkAnswerSchema, {
    method: "PUT",
    headers: { "content-type": MEDIA_TYPES.octets, ...accept },
    body: bytes,
    signal,
    deadlineMs: PUT_DEADLINE_MS,
    fetch: ports.fetch,
  });
  if (answer.hash !== hash || answer.nodeId !== node.nodeId || answer.sizeBytes !== bytes.length) {
    throw new VStackError("bad-answer", `Cannot count the copy on ${node.nodeId} as it acknowledged something else`);
  }
  return answer;
}

function tooFewCopies(position: Position, outcomes: readonly PutOutcome[]): VStackError {
  const stored = outcomes.filter((outcome) => outcome.error === undefined).length;
  const reasons = outcomes.flatMap(({ node, error }) => (error === undefined ? [] : [`${node.nodeId} ${says(error)}`]));
  const why = reasons.length === 0 ? "no more nodes are alive" : reasons.join("; ");
  return new VStackError(
    "unavailable",
    `Cannot store ${positionText(position)} as ${ACKNOWLEDGED_COPIES} durable copies are needed: ${stored} made (${why})`,
    { cause: outcomes.find((outcome) => outcome.error !== undefined)?.error },
  );
}

function says(error: unknown): string {
  return error instanceof Error ? `${errorCode(error)}: ${error.message}` : String(error);
}
