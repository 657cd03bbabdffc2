/**
 * One more copy of a chunk that has too few, because a node was lost while it was stored: verified bytes from a holder, a
 * durable copy on the next node in rank, then the record by compare-and-set. Interrupted anywhere, it leaves an intent that
 * finish-interrupted.ts ends.
 */
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { REPLICA_COUNT } from "#core/placement/record.ts";
import { rankByRendezvous } from "#core/placement/rendezvous.ts";
import type { StorageTarget } from "#wire/exchange/store-chunk.ts";
import { storeReplica } from "#wire/exchange/store-chunk.ts";
import { indexDecided } from "./index-decided.ts";
import { readReplica } from "./read-replica.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

/**
 * Adds one copy.
 *
 * @returns its bytes; 0 when nothing was to do or no node can take it now
 * @throws VStackError when no holder can be read or the chosen node did not take the copy; it may be tried again
 */
export async function mendChunk(position: Position, ports: UpkeepPorts, signal: AbortSignal): Promise<number> {
  return await ports.locks.run(position, async () => {
    signal.throwIfAborted();
    const record = await ports.register.read(position);
    if (record?.scheme.kind !== "replication" || (await ports.isBeingStored(position.videoId))) return 0;
    if (record.holders.length >= REPLICA_COUNT) {
      await indexDecided(position, ports, signal);
      return 0;
    }
    const node = await chooseNode(position, record, ports);
    if (node === undefined) return 0;
    const bytes = await readReplica(record, ports, signal);
    await addCopy(position, { record, node, bytes }, ports, signal);
    return bytes.length;
  });
}

/** The best in rank that is no holder and has nothing of it to give up any more: a DELETE under way would take the new copy. */
async function chooseNode(
  position: Position,
  { hash, holders }: ChunkRecord,
  { writable, releases }: UpkeepPorts,
): Promise<StorageTarget | undefined> {
  const nodes = new Map(writable().map((node) => [node.nodeId, node]));
  for (const { nodeId } of holders) nodes.delete(nodeId);
  if (nodes.size === 0) return undefined;
  for (const nodeId of await releases.givingUp({ position, hash })) nodes.delete(nodeId);
  const [best] = rankByRendezvous(positionText(position), [...nodes.values()]);
  return best === undefined ? undefined : nodes.get(best);
}

interface Copy {
  readonly record: ChunkRecord;
  readonly node: StorageTarget;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function addCopy(
  position: Position,
  { record, node, bytes }: Copy,
  ports: UpkeepPorts,
  signal: AbortSignal,
): Promise<void> {
  const { register, releases, mint, clock } = ports;
  const what = { position, hash: record.hash };
  const intent = { ...what, nodeIds: [node.nodeId] };
  await releases.intend(intent);
  try {
    await storeReplica({ ...what, node, bytes, mint, signal }, ports);
  } catch (error) {
    // Stopped: whether the copy is there is found out at the next start. Refused: it is given up, should it be there.
    if (!signal.aborted) await releases.settleChunk(intent, register, clock.wallMs());
    throw error;
  }
  const mended: ChunkRecord = {
    ...record,
    version: record.version + 1,
    holders: [...record.holders, { nodeId: node.nodeId, holds: "replica" }],
  };
  // In conflict another change came first (the video was removed): settling then gives the copy up.
  await register.propose(position, mended, record.version);
  await indexDecided(position, ports, signal);
  await releases.settleChunk(intent, register, clock.wallMs());
}
