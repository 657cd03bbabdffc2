/**
 * Gives a node that joined its share: of each chunk at most one piece, and only to the new node, by core/redundancy/rebalance.ts.
 * Which nodes have their share is kept durably; a restart in the middle begins the pass again, and finds what is left.
 */
import * as v from "valibot";
import type { NodeId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { Cluster } from "#core/redundancy/cluster.ts";
import { moveFor } from "#core/redundancy/rebalance.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Log } from "#wire/server/log.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { PieceIndex } from "../catalog/piece-index.ts";
import type { Database } from "../database/open-database.ts";
import type { ChangeRunner, Standing } from "../redundancy/change-runner.ts";
import type { ClusterFacts } from "../redundancy/cluster-facts.ts";

const ROUND_MS = 2000;
const PAGE_CHUNKS = 200;
const WORKERS = 2;
/** A pass that leaves moves undone (a node was busy or away) is made again; so often, then it is good enough. */
const MAX_PASSES = 3;
const SETTING = "balanced-nodes";

export interface RebalanceLoopPorts {
  readonly db: Database;
  readonly catalog: Pick<CatalogStore, "entry">;
  readonly pieces: Pick<PieceIndex, "positionsOn">;
  readonly runner: ChangeRunner;
  readonly cluster: ClusterFacts;
  readonly clock: Clock;
  readonly log: Log;
}

export class RebalanceLoop {
  readonly #ports: RebalanceLoopPorts;
  #balanced: Set<string> | undefined;

  constructor(ports: RebalanceLoopPorts) {
    this.#ports = ports;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (!signal.aborted) {
      await this.round(signal).catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, "Cannot give a new node its share: will try again");
      });
      await clock.sleep(ROUND_MS, signal);
    }
  }

  /** Moves what new nodes are to have. @returns pieces that were moved */
  async round(signal: AbortSignal): Promise<number> {
    const balanced = (this.#balanced ??= await this.#recall());
    const cluster = this.#ports.cluster.read();
    const nodes = [...cluster.values()];
    const joined = nodes.filter(({ nodeId, state }) => state === "alive" && !balanced.has(nodeId));
    const gone = [...balanced].filter((nodeId) => !nodes.some((node) => node.nodeId === nodeId));
    for (const nodeId of gone) balanced.delete(nodeId);
    if (joined.length === 0 && gone.length === 0) return 0;
    const ids = new Set(joined.map(({ nodeId }) => nodeId));
    let moved = 0;
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const { done, failed } = await this.#pass(ids, signal);
      moved += done;
      if (failed === 0) break;
    }
    for (const nodeId of ids) balanced.add(nodeId);
    await this.#remember(balanced);
    if (moved > 0) this.#ports.log.info({ nodes: [...ids], moved }, "New nodes have their share");
    return moved;
  }

  async #pass(joined: ReadonlySet<NodeId>, signal: AbortSignal) {
    const { pieces } = this.#ports;
    const sum = { done: 0, failed: 0 };
    for (let after: Position | null = null; ; ) {
      const nodeIds: NodeId[] = [...this.#ports.cluster.read().keys()];
      const page: Position[] = await pieces.positionsOn(nodeIds, after, PAGE_CHUNKS);
      const queue = page.values();
      const worker = async () => {
        for (const position of queue) {
          const end = await this.#move(position, joined, signal);
          if (end === "changed") sum.done += 1;
          else if (end !== "idle") sum.failed += 1;
        }
      };
      await Promise.all(Array.from({ length: WORKERS }, worker));
      after = page.at(-1) ?? null;
      if (page.length < PAGE_CHUNKS) return sum;
    }
  }

  async #move(position: Position, joined: ReadonlySet<NodeId>, signal: AbortSignal) {
    const { catalog, runner, cluster, log } = this.#ports;
    signal.throwIfAborted();
    const entry = await catalog.entry(position);
    if (entry === undefined) return "idle";
    const standing = { key: positionText(position), record: entry.record, faulty: [] };
    if (wantedMove(standing, cluster.read(), joined) === undefined) return "idle";
    const want = (now: Standing, facts: Cluster) => wantedMove(now, facts, joined);
    try {
      return (await runner.run({ position, kind: "move", lossesLeft: null, want }, signal)).end;
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ position: positionText(position), err: error }, "Cannot move a piece to a new node now");
      return "failed";
    }
  }

  async #recall(): Promise<Set<string>> {
    const row = await this.#ports.db
      .selectFrom("redundancy_settings")
      .select("value_json")
      .where("name", "=", SETTING)
      .executeTakeFirst();
    return new Set(v.parse(v.array(v.string()), JSON.parse(row?.value_json ?? "[]")));
  }

  async #remember(balanced: ReadonlySet<string>): Promise<void> {
    const row = { name: SETTING, value_json: JSON.stringify([...balanced].sort()) };
    await this.#ports.db
      .insertInto("redundancy_settings")
      .values(row)
      .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
      .execute();
  }
}

/**
 * Only to a node that joined: new chunks prefer the members of their acceptor group, so that what lies elsewhere than the
 * ranking alone says is no mistake.
 */
function wantedMove({ key, record, faulty }: Standing, cluster: Cluster, joined: ReadonlySet<NodeId>) {
  const holding = new Set(record.holders.map(({ nodeId }) => nodeId));
  const seen = new Map(
    [...cluster].map(([nodeId, node]) => {
      const isOpen = holding.has(nodeId) || joined.has(nodeId) || node.state !== "alive";
      return [nodeId, isOpen ? node : { ...node, state: "suspect" as const }];
    }),
  );
  const move = moveFor({ key, record, faulty }, seen);
  if (move === undefined) return undefined;
  return { scheme: record.scheme, holders: move.holders, reason: move.reason };
}
