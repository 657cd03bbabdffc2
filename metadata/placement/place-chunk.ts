/**
 * A chunk on its way to the nodes: wait until there are enough of them, note the intent, store, decide. What comes back is
 * decided and durable on at least two nodes.
 */
import type { NodeId } from "#core/ids.ts";
import { blockSizeFor } from "#core/placement/blocks.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ACKNOWLEDGED_COPIES, REPLICA_COUNT } from "#core/placement/record.ts";
import { rankByRendezvous } from "#core/placement/rendezvous.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { MintCapability, StorageTarget } from "#wire/exchange/store-chunk.ts";
import { storeChunk } from "#wire/exchange/store-chunk.ts";
import type { PlacementRegister } from "./placement-register.ts";
import type { Releases } from "./releases.ts";

/** Looks for nodes this often while there are too few. */
const WAIT_STEP_MS = 250;
/** Failures of one chunk in a row while enough nodes are said to be alive; with the pauses about a minute. */
const MAX_FAILURES = 8;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 15_000;

export interface PlacedChunk {
  readonly record: ChunkRecord;
  /** Block hashes for the manifest, base64. */
  readonly blocks: string;
}

/** @throws VStackError `unavailable` when it fails again and again, `conflict` when the position is taken, the signal's reason */
export type PlaceChunk = (
  position: Position,
  bytes: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
) => Promise<PlacedChunk>;

export interface PlaceChunkPorts {
  readonly register: PlacementRegister;
  readonly releases: Releases;
  /** Nodes that may be given a chunk now. */
  readonly writable: () => readonly StorageTarget[];
  /** Of each chunk; {@link REPLICA_COUNT} when left out, another number in a lab. */
  readonly copies?: number;
  readonly mint: MintCapability;
  readonly clock: Clock;
  readonly fetch: FetchPort;
}

export function chunkPlacer(ports: PlaceChunkPorts): PlaceChunk {
  return async (position, bytes, signal) => {
    for (let failures = 0; ; ) {
      const nodes = await enoughNodes(ports, signal);
      try {
        return await placeOnce(position, { bytes, nodes, signal }, ports);
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        if (errorCode(error) !== "unavailable" || failures >= MAX_FAILURES) throw error;
        await ports.clock.sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), signal);
      }
    }
  };
}

/** Waits as long as it takes: whoever uploads sees why, and may cancel. */
export async function enoughNodes(
  { writable, clock }: Pick<PlaceChunkPorts, "writable" | "clock">,
  signal: AbortSignal,
): Promise<readonly StorageTarget[]> {
  for (;;) {
    signal.throwIfAborted();
    const nodes = writable();
    if (nodes.length >= ACKNOWLEDGED_COPIES) return nodes;
    await clock.sleep(WAIT_STEP_MS, signal);
  }
}

interface Attempt {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly nodes: readonly StorageTarget[];
  readonly signal: AbortSignal;
}

async function placeOnce(
  position: Position,
  { bytes, nodes, signal }: Attempt,
  ports: PlaceChunkPorts,
): Promise<PlacedChunk> {
  const { copies = REPLICA_COUNT } = ports;
  const hash = await chunkHashOf(bytes);
  await ports.releases.intend({ position, hash, nodeIds: nodes.map(({ nodeId }) => nodeId) });
  const { record, blocks } = await storeChunk(
    { bytes, position, nodes, blockSizeBytes: blockSizeFor(bytes.length), copies, mint: ports.mint, signal },
    ports,
  );
  await ports.releases.withdraw({ position, hash, nodeIds: neverAsked(position, nodes, { record, copies }) });
  const proposed = await ports.register.propose(position, record, null);
  if (proposed.outcome === "chosen") return { record: proposed.record, blocks };
  throw new VStackError("conflict", `Cannot place "${positionText(position)}" as another chunk was decided there`);
}

/** Nodes are asked in the order of their rank: behind the last holder nobody was, unless a place stayed empty. */
function neverAsked(
  position: Position,
  nodes: readonly StorageTarget[],
  { record, copies }: { record: ChunkRecord; copies: number },
): NodeId[] {
  const holders = new Set(record.holders.map(({ nodeId }) => nodeId));
  const ranking = rankByRendezvous(positionText(position), nodes);
  const last = ranking.findLastIndex((nodeId) => holders.has(nodeId));
  // Fewer holders than places: the last place went through the whole ranking and found nobody.
  return holders.size < copies ? [] : ranking.slice(last + 1);
}
