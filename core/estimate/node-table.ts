/**
 * Estimates by node, as a value: a changed table is a new one. Every read of a body changes one of a handful of nodes, and
 * every decision looks at all of them; a short array is copied and searched many times as fast as a Map is copied.
 */
import type { NodeId } from "../ids.ts";
import type { NodeEstimate, NodeView } from "./node-estimate.ts";
import { staysAsItIs, UNKNOWN_NODE, viewEstimate } from "./node-estimate.ts";

/** Its view is kept until the node's next event, where time alone does not change it. */
interface Entry {
  readonly nodeId: NodeId;
  readonly estimate: NodeEstimate;
  view: NodeView | null;
}

export class NodeTable {
  /** In the order in which the nodes were met. */
  private readonly entries: readonly Entry[];

  private constructor(entries: readonly Entry[]) {
    this.entries = entries;
  }

  /** Of entries with the same node, the last counts. */
  static of(entries: Iterable<readonly [NodeId, NodeEstimate]>): NodeTable {
    return new NodeTable([...new Map(entries)].map(([nodeId, estimate]) => ({ nodeId, estimate, view: null })));
  }

  get size(): number {
    return this.entries.length;
  }

  get ids(): NodeId[] {
    return this.entries.map(({ nodeId }) => nodeId);
  }

  get(nodeId: NodeId): NodeEstimate | undefined {
    return this.entries[this.#placeOf(nodeId)]?.estimate;
  }

  /** The node at a time; of an unknown one, that nothing is known. */
  view(nodeId: NodeId, nowMs: number): NodeView {
    const entry = this.entries[this.#placeOf(nodeId)];
    if (entry === undefined) return viewEstimate(UNKNOWN_NODE, nowMs);
    if (entry.view !== null) return entry.view;
    const view = viewEstimate(entry.estimate, nowMs);
    if (staysAsItIs(entry.estimate)) entry.view = view;
    return view;
  }

  with(nodeId: NodeId, estimate: NodeEstimate): NodeTable {
    const at = this.#placeOf(nodeId);
    const entry = { nodeId, estimate, view: null };
    return new NodeTable(at === -1 ? [...this.entries, entry] : this.entries.with(at, entry));
  }

  without(nodeId: NodeId): NodeTable {
    return new NodeTable(this.entries.filter((entry) => entry.nodeId !== nodeId));
  }

  /** All of them changed. */
  map(change: (estimate: NodeEstimate) => NodeEstimate): NodeTable {
    return new NodeTable(
      this.entries.map(({ nodeId, estimate }) => ({ nodeId, estimate: change(estimate), view: null })),
    );
  }

  every(holds: (estimate: NodeEstimate) => boolean): boolean {
    return this.entries.every(({ estimate }) => holds(estimate));
  }

  *[Symbol.iterator](): Generator<readonly [NodeId, NodeEstimate]> {
    for (const { nodeId, estimate } of this.entries) yield [nodeId, estimate];
  }

  #placeOf(nodeId: NodeId): number {
    const { entries } = this;
    for (let at = 0; at < entries.length; at += 1) if (entries[at]?.nodeId === nodeId) return at;
    return -1;
  }
}
