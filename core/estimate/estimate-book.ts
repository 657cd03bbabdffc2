/**
 * The estimate book: what is believed about every node and about the link that they share, and what may still be asked
 * for twice; shared by all fetches of a program. A value: each event makes a new book. book-snapshot.ts writes it down and
 * reads it back.
 */
import type { NodeId } from "../ids.ts";
import { breakerShortened } from "./breaker.ts";
import type { HedgeBudget } from "./hedge-budget.ts";
import { earnHedges, HEDGE_START_BYTES, refundHedge, spendHedge } from "./hedge-budget.ts";
import type { LinkEstimate } from "./link-estimate.ts";
import { EMPTY_LINK, linkBytes, linkClosed, linkOpened } from "./link-estimate.ts";
import type { NodeEstimate, NodeEvent, NodeReport, NodeView } from "./node-estimate.ts";
import { onNodeEvent, reportEstimate, UNKNOWN_NODE } from "./node-estimate.ts";
import { NodeTable } from "./node-table.ts";
import { isQuarantined, quarantineShortened } from "./quarantine.ts";

/** Twice the nodes of a cluster, so that one that was replaced is not forgotten in the middle of a session. */
export const MAX_BOOK_NODES = 128;

export interface EstimateBook {
  readonly nodes: NodeTable;
  readonly link: LinkEstimate;
  readonly hedgeBudget: HedgeBudget;
}

/** An event of an attempt on a node, at a monotonic time. */
export type EstimateEvent = NodeEvent & { readonly nodeId: NodeId; readonly atMs: number };

/** Nothing known about anybody. */
export function emptyBook(): EstimateBook {
  return bookOf([]);
}

/** What is known about these nodes, and nothing else. */
export function bookOf(nodes: Iterable<readonly [NodeId, NodeEstimate]>): EstimateBook {
  return { nodes: NodeTable.of(nodes), link: EMPTY_LINK, hedgeBudget: HEDGE_START_BYTES };
}

/** The book after an event. Times must not run backwards by more than the caller's clock does. */
export function applyEvent(book: EstimateBook, event: EstimateEvent): EstimateBook {
  const { nodeId, atMs } = event;
  const before = book.nodes.get(nodeId) ?? UNKNOWN_NODE;
  const after = onNodeEvent(before, event, atMs);
  let nodes = book.nodes.with(nodeId, after);
  if (nodes.size > MAX_BOOK_NODES) nodes = nodes.without(leastRecent(nodes));
  if (after.breaker.openUntilMs !== before.breaker.openUntilMs) nodes = easeBreakers(nodes, atMs);
  if (event.saw === "block-bad") nodes = easeQuarantines(nodes, atMs);
  return { nodes, link: nextLink(book.link, event), hedgeBudget: nextBudget(book.hedgeBudget, event) };
}

/** A node of the book at `nowMs`; of an unknown node, that nothing is known. */
export function viewNode(book: EstimateBook, nodeId: NodeId, nowMs: number): NodeView {
  return book.nodes.view(nodeId, nowMs);
}

/** The same for people, with the counts that strategies do not look at. */
export function reportNode(book: EstimateBook, nodeId: NodeId, nowMs: number): NodeReport {
  return reportEstimate(book.nodes.get(nodeId) ?? UNKNOWN_NODE, nowMs);
}

function nextLink(link: LinkEstimate, event: EstimateEvent): LinkEstimate {
  switch (event.saw) {
    case "first-byte":
      return linkOpened(link, event.nodeId, event.atMs);
    case "bytes":
      return linkBytes(link, event.bytes, event.atMs);
    case "ended":
      return event.answered ? linkClosed(link, event.nodeId, event.atMs) : link;
    case "started":
    case "block-ok":
    case "block-bad":
      return link;
  }
}

function nextBudget(budget: HedgeBudget, event: EstimateEvent): HedgeBudget {
  if (event.saw === "bytes") return earnHedges(budget, event.bytes);
  if (event.saw === "started" && event.isHedge) return spendHedge(budget, event.wantedBytes);
  if (event.saw === "ended" && event.isHedge) return refundHedge(budget, event.wantedBytes - event.receivedBytes);
  return budget;
}

/** When no node is left that answers, the fault is likelier ours (offline): no back-off may then be long. */
function easeBreakers(nodes: NodeTable, atMs: number): NodeTable {
  if (!nodes.every(({ breaker }) => breaker.openUntilMs !== null)) return nodes;
  return nodes.map((node) => ({ ...node, breaker: breakerShortened(node.breaker, atMs) }));
}

/** When every node is caught lying, the block list is likelier wrong than all of them: no quarantine may then be long. */
function easeQuarantines(nodes: NodeTable, atMs: number): NodeTable {
  if (!nodes.every(({ quarantine }) => isQuarantined(quarantine, atMs))) return nodes;
  return nodes.map((node) => ({ ...node, quarantine: quarantineShortened(node.quarantine, atMs) }));
}

function leastRecent(nodes: NodeTable): NodeId {
  return [...nodes].reduce((oldest, entry) => (entry[1].lastEventMs < oldest[1].lastEventMs ? entry : oldest))[0];
}
