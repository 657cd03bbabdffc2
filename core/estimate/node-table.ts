/**
 * Estimates by node. Every read of a body changes one of a handful of nodes, and every decision looks at all of them; a
 * short array is searched many times as fast as a Map.
 *
 * The table is a value: `with...`, `without` and `map` make a new one. `changing` alone is for whoever owns the table and
 * all of its nodes.
 */
import type { Draft } from "../draft.ts";
import type { NodeId } from "../ids.ts";
import type { NodeEstimate, NodeView } from "./node-estimate.ts";
import { copyOfNode, newNode, staysAsItIs, UNKNOWN_NODE, viewEstimate, writeView } from "./node-estimate.ts";

/**
 * Its view is kept until the node's next event, where time alone does not change it. Then it is written anew into the same
 * object: what was read of a book that is changed in place holds until the next event, and every decision reads views.
 */
interface Entry {
  readonly nodeId: NodeId;
  readonly estimate: Draft<NodeEstimate>;
  view: Draft<NodeView> | null;
  isViewNew: boolean;
}

export class NodeTable {
  /** In the order in which the nodes were met. */
  private readonly entries: Entry[];

  private constructor(entries: Entry[]) {
    this.entries = entries;
  }

  /** Of entries with the same node, the last counts. */
  static of(entries: Iterable<readonly [NodeId, NodeEstimate]>): NodeTable {
    return new NodeTable([...new Map(entries)].map(([nodeId, estimate]) => entryOf(nodeId, estimate)));
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
    if (entry.isViewNew && entry.view !== null) return entry.view;
    if (!staysAsItIs(entry.estimate)) return viewEstimate(entry.estimate, nowMs);
    if (entry.view === null) entry.view = viewEstimate(entry.estimate, nowMs);
    else writeView(entry.view, entry.estimate, nowMs);
    entry.isViewNew = true;
    return entry.view;
  }

  /** The node, to be changed in place, in this very table; met by it, if it was not known. */
  changing(nodeId: NodeId): Draft<NodeEstimate> {
    let entry = this.entries[this.#placeOf(nodeId)];
    if (entry === undefined) {
      entry = entryOf(nodeId, newNode());
      this.entries.push(entry);
    }
    entry.isViewNew = false;
    return entry.estimate;
  }

  /** A table in which this node, known or not, may be changed, and no other. */
  withCopyOf(nodeId: NodeId): NodeTable {
    const at = this.#placeOf(nodeId);
    const entry = entryOf(nodeId, copyOfNode(this.entries[at]?.estimate ?? UNKNOWN_NODE));
    return new NodeTable(at === -1 ? [...this.entries, entry] : this.entries.with(at, entry));
  }

  without(nodeId: NodeId): NodeTable {
    return new NodeTable(this.entries.filter((entry) => entry.nodeId !== nodeId));
  }

  /** All of them changed. */
  map(change: (estimate: NodeEstimate) => NodeEstimate): NodeTable {
    return new NodeTable(this.entries.map(({ nodeId, estimate }) => entryOf(nodeId, change(estimate))));
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

function entryOf(nodeId: NodeId, estimate: NodeEstimate): Entry {
  return { nodeId, estimate, view: null, isViewNew: false };
}
