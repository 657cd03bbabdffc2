/**
 * The estimate book: what is believed about every node and about the link that they share, and what may still be asked
 * for twice; shared by all fetches of a program. book-snapshot.ts writes it down and reads it back.
 *
 * The book is a value, and {@link applyEvent} makes a new one of it. A program that never looks back keeps a book of its
 * own instead ({@link ownBook}) and lets it {@link learn}: a session has tens of thousands of events.
 */
import type { Draft } from "../draft.ts";
import type { NodeId } from "../ids.ts";
import { breakerShortened } from "./breaker.ts";
import type { HedgeBudget } from "./hedge-budget.ts";
import { earnHedges, HEDGE_START_BYTES, refundHedge, spendHedge } from "./hedge-budget.ts";
import type { LinkEstimate } from "./link-estimate.ts";
import { copyOfLink, linkBytes, linkClosed, linkOpened, newLink } from "./link-estimate.ts";
import type { NodeEstimate, NodeEvent, NodeReport, NodeView } from "./node-estimate.ts";
import { copyOfNode, onNodeBytes, onNodeEvent, reportEstimate, UNKNOWN_NODE } from "./node-estimate.ts";
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
  return { nodes: NodeTable.of(nodes), link: newLink(), hedgeBudget: HEDGE_START_BYTES };
}

/** The book after an event. Times must not run backwards by more than the caller's clock does. */
export function applyEvent(book: EstimateBook, event: EstimateEvent): EstimateBook {
  const { nodes, link, hedgeBudget } = book;
  const next: OwnBook = { nodes: nodes.withCopyOf(event.nodeId), link: copyOfLink(link), hedgeBudget };
  learn(next, event);
  return next;
}

/** A book that nobody else has. What was read of it holds until the next event. */
export type OwnBook = Draft<EstimateBook>;

/** The same beliefs, in a book of one's own. */
export function ownBook({ nodes, link, hedgeBudget }: EstimateBook): OwnBook {
  return { nodes: nodes.map(copyOfNode), link: copyOfLink(link), hedgeBudget };
}

/** The event changes the book, in place. */
export function learn(book: OwnBook, event: EstimateEvent): void {
  const { nodeId, atMs } = event;
  const node = book.nodes.changing(nodeId);
  const { openUntilMs } = node.breaker;
  onNodeEvent(node, event, atMs);
  if (book.nodes.size > MAX_BOOK_NODES) book.nodes = book.nodes.without(leastRecent(book.nodes));
  if (node.breaker.openUntilMs !== openUntilMs) book.nodes = easeBreakers(book.nodes, atMs);
  if (event.saw === "block-bad") book.nodes = easeQuarantines(book.nodes, atMs);
  learnOfLink(book.link, event);
  book.hedgeBudget = nextBudget(book.hedgeBudget, event);
}

/** A node of the book at `nowMs`; of an unknown node, that nothing is known. */
export function viewNode(book: EstimateBook, nodeId: NodeId, nowMs: number): NodeView {
  return book.nodes.view(nodeId, nowMs);
}

/** The same for people, with the counts that strategies do not look at. */
export function reportNode(book: EstimateBook, nodeId: NodeId, nowMs: number): NodeReport {
  return reportEstimate(book.nodes.get(nodeId) ?? UNKNOWN_NODE, nowMs);
}

/** The most frequent event, said without an object: bytes of an open body arrived. */
export function learnBytes(book: OwnBook, nodeId: NodeId, bytes: number, atMs: number): void {
  onNodeBytes(book.nodes.changing(nodeId), bytes, atMs);
  linkBytes(book.link, bytes, atMs);
  book.hedgeBudget = earnHedges(book.hedgeBudget, bytes);
}

function learnOfLink(link: LinkEstimate, event: EstimateEvent): void {
  switch (event.saw) {
    case "first-byte":
      linkOpened(link, event.nodeId, event.atMs);
      break;
    case "bytes":
      linkBytes(link, event.bytes, event.atMs);
      break;
    case "ended":
      if (event.answered) linkClosed(link, event.nodeId, event.atMs);
      break;
    case "started":
    case "block-ok":
    case "block-bad":
      break;
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
