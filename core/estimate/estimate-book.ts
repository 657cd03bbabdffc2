/**
 * The estimate book: what is believed about every node, shared by all fetches of a program. A value: each event makes a
 * new book. book-snapshot.ts writes it down and reads it back.
 */
import type { NodeId } from "../ids.ts";
import { breakerShortened } from "./breaker.ts";
import type { NodeEstimate, NodeEvent, NodeView } from "./node-estimate.ts";
import { onNodeEvent, UNKNOWN_NODE, viewEstimate } from "./node-estimate.ts";
import { isQuarantined, quarantineShortened } from "./quarantine.ts";

/** Twice the nodes of a cluster, so that one that was replaced is not forgotten in the middle of a session. */
export const MAX_BOOK_NODES = 128;

export type EstimateBook = ReadonlyMap<NodeId, NodeEstimate>;

/** An event of an attempt on a node, at a monotonic time. */
export type EstimateEvent = NodeEvent & { readonly nodeId: NodeId; readonly atMs: number };

/** Nothing known about anybody. */
export function emptyBook(): EstimateBook {
  return new Map();
}

/** The book after an event. Times must not run backwards by more than the caller's clock does. */
export function applyEvent(book: EstimateBook, event: EstimateEvent): EstimateBook {
  const before = book.get(event.nodeId) ?? UNKNOWN_NODE;
  const after = onNodeEvent(before, event, event.atMs);
  const next = new Map(book).set(event.nodeId, after);
  if (next.size > MAX_BOOK_NODES) next.delete(leastRecent(next));
  if (after.breaker.openUntilMs !== before.breaker.openUntilMs) easeBreakers(next, event.atMs);
  if (event.saw === "block-bad") easeQuarantines(next, event.atMs);
  return next;
}

/** A node of the book at `nowMs`; of an unknown node, that nothing is known. */
export function viewNode(book: EstimateBook, nodeId: NodeId, nowMs: number): NodeView {
  return viewEstimate(book.get(nodeId) ?? UNKNOWN_NODE, nowMs);
}

/** When no node is left that answers, the fault is likelier ours (offline): no back-off may then be long. */
function easeBreakers(book: Map<NodeId, NodeEstimate>, atMs: number): void {
  if ([...book.values()].some((node) => node.breaker.openUntilMs === null)) return;
  for (const [nodeId, node] of book) book.set(nodeId, { ...node, breaker: breakerShortened(node.breaker, atMs) });
}

/** When every node is caught lying, the block list is likelier wrong than all of them: no quarantine may then be long. */
function easeQuarantines(book: Map<NodeId, NodeEstimate>, atMs: number): void {
  if ([...book.values()].some((node) => !isQuarantined(node.quarantine, atMs))) return;
  for (const [nodeId, node] of book) {
    book.set(nodeId, { ...node, quarantine: quarantineShortened(node.quarantine, atMs) });
  }
}

function leastRecent(book: ReadonlyMap<NodeId, NodeEstimate>): NodeId {
  return [...book].reduce((oldest, entry) => (entry[1].lastEventMs < oldest[1].lastEventMs ? entry : oldest))[0];
}
