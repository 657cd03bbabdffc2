/** The pieces of a rendition, chunk by chunk and node by node: what its records name, and what is known of each piece. */
import type { NodeId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord, Holder } from "#core/placement/record.ts";
import type { Cluster } from "#core/redundancy/cluster.ts";
import { domainOf, isCounted } from "#core/redundancy/cluster.ts";
import { lossesSurvived } from "#core/redundancy/durability.ts";
import { formOf, pieceBytes, pieceText, piecesWithout } from "#core/redundancy/form.ts";
import type { ChunkMap, MapRow, PieceCell, PieceState } from "#wire/contract/storage-schemas.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { ChunkMapAsk } from "../upkeep/redundancy-port.ts";
import type { FaultyPieces } from "./faulty-pieces.ts";
import type { Inventories } from "./inventories.ts";
import type { PlanStore } from "./plan-store.ts";

export interface ChunkMapPorts {
  readonly catalog: CatalogStore;
  readonly directory: Pick<NodeDirectory, "members">;
  readonly cluster: () => Cluster;
  readonly faulty: Pick<FaultyPieces, "of">;
  readonly plans: Pick<PlanStore, "at">;
  readonly inventories: Pick<Inventories, "has" | "counted">;
}

export async function chunkMap(ask: ChunkMapAsk, ports: ChunkMapPorts): Promise<ChunkMap | undefined> {
  const { videoId, from, limit } = ask;
  const video = await ports.catalog.video(videoId);
  const renditions = video?.renditions.map(({ id }) => id) ?? [];
  const rendition = ask.rendition ?? renditions[0];
  const facts = video?.renditions.find(({ id }) => id === rendition);
  if (rendition === undefined || facts === undefined) return undefined;
  const rows: MapRow[] = [];
  const init: Position = { slot: "init", videoId, rendition };
  const hasInit = facts.kind !== "subtitles";
  const shift = hasInit ? 1 : 0;
  if (hasInit && from === 0 && limit > 0) {
    const entry = await ports.catalog.entry(init);
    if (entry !== undefined) rows.push(await rowOf(init, entry.record, ports));
  }
  const page = { videoId, rendition, from: Math.max(0, from - shift), limit: limit - rows.length };
  for (const { seq, record } of page.limit > 0 ? await ports.catalog.segments(page) : []) {
    rows.push(await rowOf({ slot: "segment", videoId, rendition, seq }, record, ports));
  }
  return {
    ...{ videoId, rendition, renditions, from, total: facts.segmentCount + shift },
    countedAtSeconds: ports.inventories.counted().atSeconds,
    nodes: columns(rows, ports),
    rows,
  };
}

/** Every known node, and those that only a record names. */
function columns(rows: readonly MapRow[], { directory }: ChunkMapPorts): ChunkMap["nodes"] {
  const states = new Map<NodeId, ChunkMap["nodes"][number]["state"]>();
  for (const { heartbeat, state } of directory.members()) states.set(heartbeat.nodeId, state);
  for (const { nodeId } of rows.flatMap(({ pieces }) => pieces)) if (!states.has(nodeId)) states.set(nodeId, "dead");
  return [...states].map(([nodeId, state]) => ({ nodeId, state })).sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
}

async function rowOf(position: Position, record: ChunkRecord, ports: ChunkMapPorts): Promise<MapRow> {
  const key = positionText(position);
  const cluster = ports.cluster();
  const faults = new Map(
    (await ports.faulty.of(position, record.hash)).map((fault) => [pieceText(fault.holder), fault.verdict]),
  );
  const written = (await ports.plans.at(key))?.plan.write ?? [];
  const moving = new Set(written.map(pieceText));
  const cells: PieceCell[] = record.holders.map((holder) => {
    const fault = faults.get(pieceText(holder));
    const isMoving = moving.has(pieceText(holder));
    return cellOf(holder, record, isMoving ? "moving" : stateOf(holder, fault, { record, cluster, ports }));
  });
  const coming = piecesWithout(written, record.holders).map((holder) => cellOf(holder, record, "moving"));
  const intact = record.holders.filter((holder) => !faults.has(pieceText(holder)) && isCounted(cluster, holder));
  const pieces = intact.map((piece) => ({ piece, domain: domainOf(cluster, piece.nodeId) }));
  return {
    ...{ key, slot: key.split("/").at(-1) ?? key, hash: record.hash, sizeBytes: record.sizeBytes },
    ...{ version: record.version, form: formOf(record) },
    dataShards: record.scheme.kind === "erasure" ? record.scheme.dataShards : null,
    lossesLeft: lossesSurvived({ scheme: record.scheme, pieces }),
    pieces: [...cells, ...coming],
  };
}

interface Around {
  readonly record: ChunkRecord;
  readonly cluster: Cluster;
  readonly ports: ChunkMapPorts;
}

/** Checks know more than lists; of a node that is away nobody knows. */
function stateOf(
  holder: Holder,
  fault: "corrupt" | "absent" | undefined,
  { record, cluster, ports }: Around,
): PieceState {
  if (fault !== undefined) return fault === "corrupt" ? "corrupt" : "missing";
  const state = cluster.get(holder.nodeId)?.state;
  if (state !== "alive" && state !== "draining") return "unknown";
  const shard = holder.holds === "shard" ? holder.shard : null;
  const isListed = ports.inventories.has(holder.nodeId, { hash: record.hash, shard });
  // What was put since the list was made is not in it; what is missing is found by the comparison with the list.
  return isListed === undefined ? "unknown" : "intact";
}

function cellOf(holder: Holder, { sizeBytes, scheme }: ChunkRecord, state: PieceState): PieceCell {
  const shard = holder.holds === "shard" ? holder.shard : null;
  return { nodeId: holder.nodeId, shard, state, bytes: pieceBytes(sizeBytes, scheme, holder) };
}
