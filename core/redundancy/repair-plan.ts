/**
 * What to repair first, and where. Every chunk that lacks a piece, or whose pieces share a failure domain although they
 * need not, gives an order; the most endangered comes first. Repair goes on within a budget (byte-budget.ts).
 *
 * Hold-off: a node that is away may come back with all that it had (a restart, an update), so its pieces are waited for,
 * unless another loss would already take the chunk. What is known to be missing or rotten on a node that is there is
 * repaired at once. Seconds and bytes.
 */
import type { ChunkRecord, Holder } from "../placement/record.ts";
import type { Cluster } from "./cluster.ts";
import { domainOf, isCounted } from "./cluster.ts";
import { recordLosses } from "./change-plan.ts";
import { lossesSurvived } from "./durability.ts";
import type { ErasureScheme } from "./form.ts";
import { formOf, LOSSES_PROMISED, pieceBytes, pieceText, piecesWithout, wholeForm } from "./form.ts";
import type { PolicyConfig } from "./policy-config.ts";
import { spreadPieces } from "./spread.ts";

export interface ChunkFacts {
  /** Text of the position. */
  readonly key: string;
  readonly record: ChunkRecord;
  /** Pieces that were looked for and are not there, or not intact. */
  readonly faulty: readonly Holder[];
}

export interface RepairOrder {
  readonly chunk: ChunkFacts;
  /** Further losses that the chunk survives as it is: 2 or more is whole, 0 is in need, -1 waits for a node to come back. */
  readonly lossesLeft: number;
  readonly holders: readonly Holder[];
  readonly writeBytes: number;
  readonly isUnderSpread: boolean;
  readonly reason: string;
}

/** A chunk that is not repaired now. */
export interface RepairWait {
  readonly chunk: ChunkFacts;
  readonly lossesLeft: number;
  /** When time alone changes that; null when a node has to come first. */
  readonly untilSeconds: number | null;
  readonly reason: string;
}

export interface RepairPlan {
  /** Most endangered first. */
  readonly orders: readonly RepairOrder[];
  readonly waits: readonly RepairWait[];
  /** Chunks that survive fewer losses than promised, once repaired too, as there are no better places for their pieces. */
  readonly underSpread: number;
}

export interface RepairWorld {
  readonly cluster: Cluster;
  readonly scheme: ErasureScheme;
  readonly config: Pick<PolicyConfig, "holdOffSeconds">;
  readonly nowSeconds: number;
}

export function planRepairs(chunks: Iterable<ChunkFacts>, world: RepairWorld): RepairPlan {
  const orders: RepairOrder[] = [];
  const waits: RepairWait[] = [];
  let underSpread = 0;
  for (const chunk of chunks) {
    const found = examine(chunk, world);
    const { record, faulty } = chunk;
    const stays =
      found === undefined ? piecesWithout(record.holders, faulty) : "holders" in found ? found.holders : null;
    if (stays !== null && standing(record, stays, world.cluster) < LOSSES_PROMISED) underSpread += 1;
    if (found === undefined) continue;
    if ("holders" in found) orders.push(found);
    else waits.push(found);
  }
  orders.sort((a, b) => a.lossesLeft - b.lossesLeft || (a.chunk.key < b.chunk.key ? -1 : 1));
  return { orders, waits, underSpread };
}

/** Undefined when the chunk is as it should be, or as good as it can be. */
function examine(chunk: ChunkFacts, world: RepairWorld): RepairOrder | RepairWait | undefined {
  const { record, faulty } = chunk;
  const { cluster } = world;
  const intact = piecesWithout(record.holders, faulty);
  const counted = intact.filter((piece) => isCounted(cluster, piece));
  const away = piecesWithout(intact, counted);
  const draining = counted.filter(({ nodeId }) => cluster.get(nodeId)?.state === "draining");
  const lossesLeft = standing(record, counted, cluster);
  if (lossesLeft < 0) {
    const reason = `Unreadable: ${counted.length} of ${record.holders.length} pieces are there`;
    return { chunk, lossesLeft, untilSeconds: null, reason };
  }
  const isWhole = away.length === 0 && faulty.length === 0 && draining.length === 0;
  if (isWhole && lossesLeft >= LOSSES_PROMISED) return undefined;
  const waited = lossesLeft > 0 ? awaited(away, world) : [];
  if (waited.length > 0 && waited.length === away.length && faulty.length === 0 && draining.length === 0) {
    const untilSeconds = Math.max(...waited.map((one) => one.untilSeconds));
    const nodes = waited.map(({ piece }) => piece.nodeId).join(", ");
    return { chunk, lossesLeft, untilSeconds, reason: `Waits for ${nodes}: survives ${lossesLeft} more losses` };
  }
  const keep = [...piecesWithout(counted, draining), ...waited.map(({ piece }) => piece)];
  return orderFor(chunk, { keep, lossesLeft }, world);
}

/** Pieces on nodes that went away a short while ago. */
function awaited(away: readonly Holder[], { cluster, config, nowSeconds }: RepairWorld) {
  return away.flatMap((piece) => {
    const node = cluster.get(piece.nodeId);
    if (node === undefined) return [];
    const untilSeconds = node.stateSinceSeconds + config.holdOffSeconds;
    return nowSeconds < untilSeconds ? [{ piece, untilSeconds }] : [];
  });
}

interface Found {
  readonly keep: readonly Holder[];
  readonly lossesLeft: number;
}

function orderFor(
  chunk: ChunkFacts,
  { keep, lossesLeft }: Found,
  world: RepairWorld,
): RepairOrder | RepairWait | undefined {
  const { key, record, faulty } = chunk;
  const { cluster, scheme } = world;
  const form = wholeForm(formOf(record));
  const spread = spreadPieces({
    key,
    sizeBytes: record.sizeBytes,
    form,
    scheme,
    keep: [...keep, ...faultyInPlace(chunk, cluster)],
    cluster,
  });
  if (spread === undefined)
    return { chunk, lossesLeft, untilSeconds: null, reason: "No node can take what is missing" };
  const broken = new Set(faulty.map(pieceText));
  const fresh = piecesWithout(spread.holders, record.holders);
  const write = [...fresh, ...spread.holders.filter((piece) => broken.has(pieceText(piece)) && !fresh.includes(piece))];
  // Nothing to write, or a move that makes nothing safer: the cluster has no better place. It is looked at again.
  if (write.length === 0) return undefined;
  const isMoveOnly = faulty.length === 0 && keep.length === record.holders.length;
  if (isMoveOnly && recordLosses({ scheme: record.scheme, holders: spread.holders }, cluster) <= lossesLeft)
    return undefined;
  const writeBytes = write.reduce((sum, piece) => sum + pieceBytes(record.sizeBytes, record.scheme, piece), 0);
  const pieces = `${write.length} of ${spread.holders.length} pieces`;
  const hasTooFew = isMoveOnly && spread.holders.length > record.holders.length;
  const why = hasTooFew
    ? "were never made"
    : isMoveOnly
      ? "share a failure domain"
      : "are missing, rotten or on a node that leaves";
  const reason = `${pieces} ${why}: survives ${lossesLeft} more losses${spread.isUnderSpread ? ", under-spread for want of domains" : ""}`;
  return { chunk, lossesLeft, holders: spread.holders, writeBytes, isUnderSpread: spread.isUnderSpread, reason };
}

/** Faulty pieces on nodes that are alive keep their place: they are made again where they were, and no record changes. */
function faultyInPlace({ faulty, record }: ChunkFacts, cluster: Cluster): Holder[] {
  const named = new Set(record.holders.map(pieceText));
  return faulty.filter((piece) => named.has(pieceText(piece)) && cluster.get(piece.nodeId)?.state === "alive");
}

function standing({ scheme }: ChunkRecord, pieces: readonly Holder[], cluster: Cluster): number {
  return lossesSurvived({
    scheme,
    pieces: pieces.map((piece) => ({ piece, domain: domainOf(cluster, piece.nodeId) })),
  });
}
