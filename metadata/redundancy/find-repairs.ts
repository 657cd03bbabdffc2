/**
 * What is to be repaired, found in the index page by page: chunks with too few holders or crowded ones, pieces that checks
 * found faulty, whatever lies on nodes that are dead, leaving or forgotten, and when it is asked for, pieces that share a
 * failure domain. The most endangered is kept.
 */
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { Cluster, NodeFacts } from "#core/redundancy/cluster.ts";
import type { ErasureScheme } from "#core/redundancy/form.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import type { ChunkFacts, RepairOrder, RepairPlan, RepairWait } from "#core/redundancy/repair-plan.ts";
import { planRepairs } from "#core/redundancy/repair-plan.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { PieceIndex } from "../catalog/piece-index.ts";
import type { ClusterFacts } from "./cluster-facts.ts";
import type { FaultyPieces } from "./faulty-pieces.ts";

/** Chunks of one page. */
const PAGE_CHUNKS = 200;
/** Orders that are kept: the most endangered; the next look finds the others. */
const MAX_ORDERS = 10_000;
/** Waits that are kept, for people to see. */
const MAX_WAITS = 1000;

export interface FindRepairsPorts {
  readonly catalog: Pick<CatalogStore, "entry" | "chunksAtRisk">;
  readonly pieces: Pick<PieceIndex, "positionsOn" | "sharingDomains" | "nodeIds">;
  readonly faulty: FaultyPieces;
  readonly cluster: ClusterFacts;
  readonly config: () => PolicyConfig;
  readonly scheme: ErasureScheme;
  readonly clock: Clock;
  /** Failed a moment ago. */
  readonly isResting: (key: string) => boolean;
  /** Also pieces that share a failure domain: every chunk is looked at for them, which takes its time. */
  readonly withDomains: boolean;
}

export async function findRepairs(ports: FindRepairsPorts, signal: AbortSignal): Promise<RepairPlan> {
  const { config, scheme, clock, isResting } = ports;
  const cluster = ports.cluster.read();
  const world = { cluster, scheme, config: config(), nowSeconds: clock.wallMs() / 1000 };
  let orders: RepairOrder[] = [];
  let waits: RepairWait[] = [];
  let underSpread = 0;
  const seen = new Set<string>();
  for await (const page of suspicious(cluster, ports)) {
    signal.throwIfAborted();
    const fresh = page.filter((position) => !seen.has(positionText(position)));
    if (seen.size < MAX_ORDERS) for (const position of fresh) seen.add(positionText(position));
    const found = planRepairs(await factsOf(fresh, ports), world);
    orders = mostEndangered([...orders, ...found.orders.filter(({ chunk }) => !isResting(chunk.key))]);
    waits = [...waits, ...found.waits].slice(0, MAX_WAITS);
    underSpread += found.underSpread;
  }
  return { orders, waits, underSpread };
}

/** Positions that something may be wrong with, page by page; some twice. */
async function* suspicious(cluster: Cluster, ports: FindRepairsPorts): AsyncGenerator<Position[]> {
  const { catalog, pieces, faulty } = ports;
  yield* pages((after) => catalog.chunksAtRisk(after, PAGE_CHUNKS));
  yield* pages((after) => faulty.positions(after === null ? "" : positionText(after), PAGE_CHUNKS));
  const away = unreliable(cluster, await pieces.nodeIds());
  yield* pages((after) => pieces.positionsOn(away, after, PAGE_CHUNKS));
  if (!ports.withDomains) return;
  const domains = sharedDomains(cluster);
  yield* pages((after) => pieces.sharingDomains(domains, after, PAGE_CHUNKS));
}

/** Nodes that have others in their failure domain. */
function sharedDomains(cluster: Cluster): ReadonlyMap<NodeId, string> {
  const nodes = [...cluster.values()];
  const isShared = ({ nodeId, domain }: NodeFacts) =>
    nodes.some((other) => other.domain === domain && other.nodeId !== nodeId);
  return new Map(nodes.filter(isShared).map(({ nodeId, domain }) => [nodeId, domain]));
}

async function* pages(next: (after: Position | null) => Promise<Position[]>): AsyncGenerator<Position[]> {
  for (let after: Position | null = null; ; ) {
    const page: Position[] = await next(after);
    yield page;
    after = page.at(-1) ?? null;
    if (page.length < PAGE_CHUNKS) return;
  }
}

/** Nodes that are named and are dead, leaving or forgotten; late ones are believed to have their bytes. */
function unreliable(cluster: Cluster, named: readonly string[]): NodeId[] {
  return named.flatMap((text) => {
    const nodeId = parseNodeId(text);
    if (nodeId === undefined) return [];
    const state = cluster.get(nodeId)?.state;
    return state === "alive" || state === "suspect" ? [] : [nodeId];
  });
}

async function factsOf(positions: readonly Position[], { catalog, faulty }: FindRepairsPorts): Promise<ChunkFacts[]> {
  const facts: ChunkFacts[] = [];
  for (const position of positions) {
    const entry = await catalog.entry(position);
    if (entry === undefined) {
      await faulty.forget(position);
      continue;
    }
    const bad = await faulty.of(position, entry.record.hash);
    facts.push({ key: positionText(position), record: entry.record, faulty: bad.map(({ holder }) => holder) });
  }
  return facts;
}

function mostEndangered(orders: readonly RepairOrder[]): RepairOrder[] {
  return [...orders]
    .sort((a, b) => a.lossesLeft - b.lossesLeft || (a.chunk.key < b.chunk.key ? -1 : 1))
    .slice(0, MAX_ORDERS);
}
