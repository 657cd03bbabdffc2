/**
 * The estimate book written down, so that beliefs survive the death of a worker. Monotonic clocks restart with the
 * program, so every time is stored as an age or a remainder, and wall time bridges the gap. What was in flight is not
 * stored: it died with the program.
 */
import type { NodeId } from "../ids.ts";
import { parseNodeId } from "../ids.ts";
import type { EstimateBook } from "./estimate-book.ts";
import { bookOf, MAX_BOOK_NODES } from "./estimate-book.ts";
import type { Ewma } from "./ewma.ts";
import { addSample, newEwma } from "./ewma.ts";
import type { NodeEstimate } from "./node-estimate.ts";
import { newNode, reportEstimate } from "./node-estimate.ts";
import { MAX_WINDOW_SAMPLES, windowOf } from "./quantiles.ts";

export const BOOK_SCHEMA = 1;
/** A network that nobody used for this long may be another one. */
const MAX_SNAPSHOT_AGE_MS = 7 * 86_400_000;
/** Weight of a restored rate, in half-lives: one half-life of new measurements outweighs it. */
const RESTORED_HALF_LIVES = 1;

/** A moment on both clocks. */
export interface Moment {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Unix milliseconds. */
  readonly wallMs: number;
}

/** Plain JSON; null means "nothing known" or "not so". */
export interface BookSnapshot {
  readonly schema: typeof BOOK_SCHEMA;
  /** Unix milliseconds. */
  readonly savedAtMs: number;
  readonly nodes: readonly NodeSnapshot[];
}

interface NodeSnapshot {
  readonly nodeId: string;
  readonly firstBytesMs: readonly number[];
  readonly rateBytesPerSecond: number | null;
  readonly successes: number;
  readonly failures: number;
  readonly breakerOpenForMs: number | null;
  readonly breakerBackoffMs: number;
  readonly quarantinedForMs: number | null;
  readonly lastLieAgoMs: number | null;
}

/** The book as plain JSON. */
export function snapshotBook(book: EstimateBook, at: Moment): BookSnapshot {
  return {
    schema: BOOK_SCHEMA,
    savedAtMs: at.wallMs,
    nodes: [...book.nodes].map(([nodeId, node]) => snapshotNode(nodeId, node, at.nowMs)),
  };
}

function snapshotNode(nodeId: NodeId, node: NodeEstimate, nowMs: number): NodeSnapshot {
  const report = reportEstimate(node, nowMs);
  const { breaker, quarantine } = node;
  return {
    nodeId,
    firstBytesMs: [...node.firstBytesMs.samples],
    rateBytesPerSecond: report.rateBytesPerSecond,
    successes: report.successes,
    failures: report.failures,
    breakerOpenForMs: breaker.openUntilMs === null ? null : Math.max(0, breaker.openUntilMs - nowMs),
    breakerBackoffMs: breaker.backoffMs,
    quarantinedForMs: quarantine.untilMs === null ? null : Math.max(0, quarantine.untilMs - nowMs),
    lastLieAgoMs: quarantine.lastLieMs === null ? null : nowMs - quarantine.lastLieMs,
  };
}

/**
 * Reads a snapshot back.
 *
 * @param value anything, for example what a database held
 * @returns the book; undefined when the value is no snapshot of this schema, or too old to mean anything. A node that
 *   cannot be read is left out alone.
 */
export function restoreBook(value: unknown, at: Moment): EstimateBook | undefined {
  if (!isObject(value) || value["schema"] !== BOOK_SCHEMA) return undefined;
  const { savedAtMs, nodes } = value;
  if (!isFiniteNumber(savedAtMs) || !Array.isArray(nodes)) return undefined;
  const ageMs = Math.max(0, at.wallMs - savedAtMs);
  if (ageMs > MAX_SNAPSHOT_AGE_MS) return undefined;
  const restored = new Map<NodeId, NodeEstimate>();
  for (const entry of nodes.slice(0, MAX_BOOK_NODES)) {
    const snapshot = readNode(entry);
    if (snapshot !== undefined) restored.set(snapshot.nodeId, restoredNode(snapshot, at.nowMs, ageMs));
  }
  return bookOf(restored);
}

type ReadNode = Omit<NodeSnapshot, "nodeId"> & { readonly nodeId: NodeId };

function readNode(value: unknown): ReadNode | undefined {
  if (!isObject(value) || typeof value["nodeId"] !== "string" || !Array.isArray(value["firstBytesMs"]))
    return undefined;
  const nodeId = parseNodeId(value["nodeId"]);
  const amounts = [value["successes"], value["failures"], value["breakerBackoffMs"]];
  const [successes, failures, breakerBackoffMs] = amounts.filter(isAmount);
  if (nodeId === undefined || successes === undefined || failures === undefined || breakerBackoffMs === undefined) {
    return undefined;
  }
  return {
    nodeId,
    firstBytesMs: value["firstBytesMs"].filter(isAmount).slice(-MAX_WINDOW_SAMPLES),
    rateBytesPerSecond: amountOrNull(value["rateBytesPerSecond"]),
    successes,
    failures,
    breakerBackoffMs,
    breakerOpenForMs: amountOrNull(value["breakerOpenForMs"]),
    quarantinedForMs: amountOrNull(value["quarantinedForMs"]),
    lastLieAgoMs: amountOrNull(value["lastLieAgoMs"]),
  };
}

function restoredNode(snapshot: ReadNode, nowMs: number, ageMs: number): NodeEstimate {
  const { rateBytesPerSecond, breakerOpenForMs, quarantinedForMs, lastLieAgoMs } = snapshot;
  const node = newNode();
  const laterMs = (remainderMs: number | null) => (remainderMs === null ? null : nowMs + remainderMs - ageMs);
  return {
    ...node,
    firstBytesMs: windowOf(snapshot.firstBytesMs),
    throughput: {
      ...node.throughput,
      fast: restoredMean(rateBytesPerSecond),
      slow: restoredMean(rateBytesPerSecond),
      lastEventMs: nowMs - ageMs,
    },
    successes: snapshot.successes,
    failures: snapshot.failures,
    outcomesAtMs: nowMs - ageMs,
    breaker: {
      ...node.breaker,
      openUntilMs: laterMs(breakerOpenForMs),
      backoffMs: snapshot.breakerBackoffMs,
    },
    quarantine: {
      untilMs: laterMs(quarantinedForMs),
      lastLieMs: lastLieAgoMs === null ? null : nowMs - ageMs - lastLieAgoMs,
    },
    lastEventMs: nowMs - ageMs,
  };
}

function restoredMean(value: number | null): Ewma {
  const mean = newEwma();
  if (value !== null) addSample(mean, value, RESTORED_HALF_LIVES);
  return mean;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isAmount(value: unknown): value is number {
  return isFiniteNumber(value) && value >= 0;
}

function amountOrNull(value: unknown): number | null {
  return isAmount(value) ? value : null;
}
