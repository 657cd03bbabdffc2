import { describe, expect, test } from "vitest";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { restoreBook, snapshotBook } from "./book-snapshot.ts";
import type { EstimateBook } from "./estimate-book.ts";
import { applyEvent, emptyBook, reportNode, viewNode } from "./estimate-book.ts";
import type { NodeEvent } from "./node-estimate.ts";

const A = parseNodeId("a");
const B = parseNodeId("b");
invariant(A !== undefined && B !== undefined, "Cannot name the test's nodes");
const [NODE_A, NODE_B] = [A, B];

const WHOLE = { wantedBytes: 1e6, receivedBytes: 1e6, answered: true, elapsedMs: 110 };
const EVENTS: readonly (readonly [number, NodeEvent])[] = [
  [0, { saw: "started", wantedBytes: 1e6 }],
  [10, { saw: "first-byte", latencyMs: 10 }],
  [10, { saw: "bytes", bytes: 1000 }],
  [110, { saw: "bytes", bytes: 1e6 - 1000 }],
  [110, { saw: "ended", how: "complete", ...WHOLE }],
];

function known(): EstimateBook {
  let book = emptyBook();
  for (const [atMs, event] of EVENTS) book = applyEvent(book, { ...event, nodeId: NODE_A, atMs });
  return applyEvent(book, { saw: "block-ok", nodeId: NODE_B, atMs: 120 });
}

const saved = (book: EstimateBook, nowMs: number) =>
  JSON.parse(JSON.stringify(snapshotBook(book, { nowMs, wallMs: 1_000_000 }))) as unknown;

describe("restoreBook()", () => {
  test("gives back what snapshotBook() wrote, on a clock that began anew", () => {
    const { lastEventMs, ...before } = reportNode(known(), NODE_A, 200);
    expect(lastEventMs).not.toBeNull();
    const book = restoreBook(saved(known(), 200), { nowMs: 5, wallMs: 1_000_000 });
    invariant(book !== undefined, "The snapshot cannot be read");
    expect(reportNode(book, NODE_A, 5)).toMatchObject(before);
  });

  test("keeps half-known nodes half-known and what was in flight out", () => {
    const asked = applyEvent(known(), { saw: "started", wantedBytes: 500, nodeId: NODE_B, atMs: 130 });
    const book = restoreBook(saved(asked, 200), { nowMs: 0, wallMs: 1_000_000 }) ?? emptyBook();
    expect(viewNode(book, NODE_B, 0)).toMatchObject({ inFlightBytes: 0, rateBytesPerSecond: null });
  });

  test("carries quarantine and breaker over the gap, shortened by its length", () => {
    let book = applyEvent(known(), { saw: "block-bad", nodeId: NODE_A, atMs: 1_000 });
    book = applyEvent(book, { saw: "block-bad", nodeId: NODE_A, atMs: 2_000 });
    const restored = restoreBook(saved(book, 2_000), { nowMs: 0, wallMs: 1_000_000 + 3_600_000 }) ?? emptyBook();
    expect(viewNode(restored, NODE_A, 0).health).toBe("quarantined");
    expect(viewNode(restored, NODE_A, 23 * 3_600_000).health).toBe("closed");
  });

  test.each([
    undefined,
    null,
    "text",
    {},
    { schema: 2, savedAtMs: 0, nodes: [] },
    { schema: 1, savedAtMs: "now", nodes: [] },
    { schema: 1, savedAtMs: 0, nodes: {} },
  ])("refuses %j", (value) => {
    expect(restoreBook(value, { nowMs: 0, wallMs: 0 })).toBeUndefined();
  });

  test("refuses beliefs older than a week", () => {
    expect(restoreBook(saved(known(), 200), { nowMs: 0, wallMs: 1_000_000 + 8 * 86_400_000 })).toBeUndefined();
  });

  test("leaves out a node that cannot be read, and keeps the others", () => {
    const snapshot = snapshotBook(known(), { nowMs: 200, wallMs: 0 });
    const nodes = [...snapshot.nodes, { ...snapshot.nodes[0], nodeId: "Not A Node" }, { nodeId: "c" }, 7];
    expect([...(restoreBook({ ...snapshot, nodes }, { nowMs: 0, wallMs: 0 })?.nodes.ids ?? [])]).toEqual(["a", "b"]);
  });

  test("ignores numbers that make no sense", () => {
    const snapshot = snapshotBook(known(), { nowMs: 200, wallMs: 0 });
    const nodes = snapshot.nodes.map((node) => ({
      ...node,
      firstBytesMs: [-1, Number.NaN, 5],
      rateBytesPerSecond: "fast",
    }));
    const book = restoreBook({ ...snapshot, nodes }, { nowMs: 0, wallMs: 0 }) ?? emptyBook();
    expect(viewNode(book, NODE_A, 0)).toMatchObject({ firstByteMsP50: 5, rateBytesPerSecond: null });
  });
});
