/**
 * Stores a new chunk and decides its record at once: the PUTs to its homes carry the Accept, the other members of the group get
 * a message without bytes. The record names its intended holders before anybody votes on it.
 *
 * A chunk is committed when its record is chosen and enough copies are durable. Nothing waits for a node that is dead or
 * hangs: its PUT goes on behind, and whoever called is told how it ended.
 */
import type { EntriesAnswer } from "#core/consensus/messages.ts";
import type { NodeId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ACKNOWLEDGED_COPIES, RECORD_SCHEMA } from "#core/placement/record.ts";
import { carriedAccept, checkedAnswer } from "#wire/client/acceptor-client.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { GrantedRequest } from "#wire/contract/consensus-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { AcceptorLinks } from "./acceptor-links.ts";
import type { Carrier, Decision, RecordDecider } from "./decide-record.ts";
import type { MintCapability, PutOutcome, StorageTarget, StoreChunkPorts } from "./store-chunk.ts";
import { putCopy } from "./store-chunk.ts";

/**
 * How long a committed chunk waits for the rest of its copies: longer than a healthy node needs. With a message to those who
 * vote in the place of a dead node it stays within the 50 ms that its loss may cost the first chunk.
 */
const LAST_COPIES_MS = 40;

export interface CommitRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly position: Position;
  readonly blockSizeBytes: number;
  /** Intended holders, best in rank first. */
  readonly homes: readonly StorageTarget[];
  /** Never used for another value. */
  readonly valueId: string;
  readonly mint: MintCapability;
  /** Ends the commit and what goes on behind it. */
  readonly signal: AbortSignal;
}

export interface CommitPorts extends StoreChunkPorts {
  readonly decider: RecordDecider;
  readonly links: AcceptorLinks;
}

export interface Commit {
  /** What was proposed: the first version of the position's record. */
  readonly record: ChunkRecord;
  /** Block hashes for the manifest, base64. */
  readonly blocks: string;
  /** `chosen`: the record stands. `conflict`: another one does. `unknown`: nobody knows, and it may be chosen yet. */
  readonly decision: Decision;
  /** Nodes that have acknowledged a durable copy until now. */
  readonly holding: readonly NodeId[];
  /** Resolves when every PUT has ended. */
  readonly settled: Promise<readonly PutOutcome[]>;
}

/** @throws VStackError `unavailable` when there is no group to vote, `aborted` by the signal */
export async function commitChunk(request: CommitRequest, ports: CommitPorts): Promise<Commit> {
  const { bytes, position, blockSizeBytes, homes, valueId, signal } = request;
  const [hash, { blocks, blocksDigest }] = await Promise.all([
    chunkHashOf(bytes),
    makeBlockList(bytes, blockSizeBytes),
  ]);
  const record: ChunkRecord = {
    ...{ schema: RECORD_SCHEMA, version: 1, hash, sizeBytes: bytes.length, blockSizeBytes, blocksDigest },
    scheme: { kind: "replication" },
    holders: homes.map(({ nodeId }) => ({ nodeId, holds: "replica" })),
  };
  const puts = homes.map((node) => startablePut(node, { request, hash }, ports));
  const settled = Promise.all(puts.map(({ ended }) => ended));
  const carriers = new Map(puts.map(({ node, carry }): [string, Carrier] => [node.nodeId, carry]));
  const change = { change: "create", id: valueId, body: record } as const;
  const decision = await ports.decider.decide({ position, change, carriers }, signal);
  // Whoever stops this gives its copies up next: nothing may still be on its way.
  if (signal.aborted) await settled;
  signal.throwIfAborted();
  const holding: NodeId[] = [];
  const enough = new Promise<void>((resolve) => {
    for (const { node, ended } of puts) {
      void ended.then(({ error }) => {
        if (error !== undefined) return;
        holding.push(node.nodeId);
        if (holding.length >= ACKNOWLEDGED_COPIES) resolve();
      });
    }
  });
  if (decision.outcome.outcome !== "unknown") {
    await Promise.race([enough, settled]);
    const waiting = new AbortController();
    await Promise.race([settled, ports.clock.sleep(LAST_COPIES_MS, AbortSignal.any([signal, waiting.signal]))]);
    waiting.abort();
  }
  signal.throwIfAborted();
  return { record, blocks, decision, holding: [...holding], settled };
}

interface StartablePut {
  readonly node: StorageTarget;
  readonly carry: Carrier;
  readonly ended: Promise<PutOutcome>;
}

/** The PUT begins when the proposer knows whether there is an Accept to go with it. */
function startablePut(
  node: StorageTarget,
  { request, hash }: { readonly request: CommitRequest; readonly hash: ChunkRecord["hash"] },
  ports: CommitPorts,
): StartablePut {
  let end: (outcome: PutOutcome) => void;
  const ended = new Promise<PutOutcome>((resolve) => {
    end = resolve;
  });
  const put = async (accept: GrantedRequest | null): Promise<EntriesAnswer<ChunkRecord>> => {
    const headers = accept === null ? {} : headersOf(accept);
    const outcome = await putCopy({ request, ports, hash, node, accept: headers });
    end(outcome);
    // The clean-up of a stopped job says nothing about the node.
    if (!request.signal.aborted) ports.links.heard(node.nodeId, isSilence(outcome));
    if (outcome.error !== undefined) throw asError(outcome.error, node);
    if (accept !== null && outcome.vote !== null) return checkedAnswer(node, accept.entries, outcome.vote);
    throw new VStackError("bad-answer", `${node.nodeId} did not say how it votes`);
  };
  return { node, carry: put, ended };
}

/** An Accept that is too long for a header is sent alone in the next turn. */
function headersOf(accept: GrantedRequest): Readonly<Record<string, string>> {
  try {
    return carriedAccept(accept);
  } catch {
    return {};
  }
}

function isSilence({ error }: PutOutcome): boolean {
  return error instanceof VStackError && (error.code === "timeout" || error.code === "unreachable");
}

function asError(error: unknown, { nodeId }: StorageTarget): Error {
  return error instanceof Error ? error : new VStackError("internal", `Cannot PUT to ${nodeId}`, { cause: error });
}
