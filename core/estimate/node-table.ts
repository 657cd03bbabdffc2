/**
 * Estimates by node, as a value: a changed table is a new one. Every read of a body changes one of a handful of nodes, and
 * every decision looks at all of them; two short arrays are copied and searched many times as fast as a Map is copied.
 */
import type { NodeId } from "../ids.ts";
import type { NodeEstimate, NodeView } from "./node-estimate.ts";
import { staysAsItIs, UNKNOWN_NODE, viewEstimate } from "./node-estimate.ts";

export class NodeTable {
  /** In the order in which the nodes were met. */
  readonly ids: readonly NodeId[];
  readonly estimates: readonly NodeEstimate[];
  /** Views that no time changes, kept until the node's next event; by place, empty where none was asked for. */
  readonly #views: (NodeView | undefined)[];

  private constructor(
    ids: readonly NodeId[],
    estimates: readonly NodeEstimate[],
    views: readonly (NodeView | undefined)[],
  ) {
    this.ids = ids;
    this.estimates = estimates;
    this.#views = views.slice();
  }

  /** Of entries with the same node, the last counts. */
  static of(entries: Iterable<readonly [NodeId, NodeEstimate]>): NodeTable {
    const nodes = new Map(entries);
    return new NodeTable([...nodes.keys()], [...nodes.values()], []);
  }

  get size(): number {
    return this.ids.length;
  }

  has(nodeId: NodeId): boolean {
    return this.ids.includes(nodeId);
  }

  get(nodeId: NodeId): NodeEstimate | undefined {
    return this.estimates[this.ids.indexOf(nodeId)];
  }

  /** The node at a time; of an unknown one, that nothing is known. */
  view(nodeId: NodeId, nowMs: number): NodeView {
    const at = this.ids.indexOf(nodeId);
    const kept = this.#views[at];
    if (kept !== undefined) return kept;
    const estimate = this.estimates[at] ?? UNKNOWN_NODE;
    const view = viewEstimate(estimate, nowMs);
    if (at !== -1 && staysAsItIs(estimate)) this.#views[at] = view;
    return view;
  }

  with(nodeId: NodeId, estimate: NodeEstimate): NodeTable {
    const at = this.ids.indexOf(nodeId);
    if (at === -1) return new NodeTable([...this.ids, nodeId], [...this.estimates, estimate], this.#views);
    const changed = new NodeTable(this.ids, this.estimates.with(at, estimate), this.#views);
    changed.#views[at] = undefined;
    return changed;
  }

  without(nodeId: NodeId): NodeTable {
    return NodeTable.of([...this].filter(([id]) => id !== nodeId));
  }

  /** All of them changed. */
  map(change: (estimate: NodeEstimate) => NodeEstimate): NodeTable {
    return new NodeTable(this.ids, this.estimates.map(change), []);
  }

  *[Symbol.iterator](): Generator<readonly [NodeId, NodeEstimate]> {
    for (const [at, estimate] of this.estimates.entries()) {
      const nodeId = this.ids[at];
      if (nodeId !== undefined) yield [nodeId, estimate];
    }
  }
}
