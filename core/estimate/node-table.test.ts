import { describe, expect, test } from "vitest";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { NodeEstimate } from "./node-estimate.ts";
import type { NodeEvent } from "./node-estimate.ts";
import { newNode, onNodeEvent } from "./node-estimate.ts";
import { NodeTable } from "./node-table.ts";

const [A, B] = [parseNodeId("a"), parseNodeId("b")];
invariant(A !== undefined && B !== undefined, "Cannot name the test's nodes");

function nodeAfter(event: NodeEvent): NodeEstimate {
  const node = newNode();
  onNodeEvent(node, event, 0);
  return node;
}
const asked = (bytes: number): NodeEvent => ({ saw: "started", wantedBytes: bytes });
const owing = (bytes: number): NodeEstimate => nodeAfter(asked(bytes));
const failed = { wantedBytes: 0, receivedBytes: 0, answered: false, elapsedMs: 0 };
const refused = nodeAfter({ saw: "ended", how: "refused", ...failed });

describe("NodeTable", () => {
  test("withCopyOf() leaves the table before it as it was, what was seen of it included", () => {
    const before = NodeTable.of([[A, owing(1)]]);
    expect(before.view(A, 5).inFlightBytes).toBe(1);
    const after = before.withCopyOf(A).withCopyOf(B);
    onNodeEvent(after.changing(A), asked(1), 0);
    onNodeEvent(after.changing(B), asked(3), 0);
    expect([before.size, before.view(A, 5).inFlightBytes, before.view(B, 5).inFlightBytes]).toEqual([1, 1, 0]);
    expect([after.size, after.view(A, 5).inFlightBytes, after.view(B, 5).inFlightBytes]).toEqual([2, 2, 3]);
  });

  test("changing() changes what is seen of a node that was looked at before, and meets one that was not known", () => {
    const table = NodeTable.of([[A, owing(1)]]);
    expect(table.view(A, 5).inFlightBytes).toBe(1);
    onNodeEvent(table.changing(A), asked(2), 0);
    onNodeEvent(table.changing(B), asked(4), 0);
    expect([table.view(A, 5).inFlightBytes, table.view(B, 5).inFlightBytes]).toEqual([3, 4]);
  });

  test("view() gives a node that failed as it is at each time, and a healthy one without making it anew", () => {
    const table = NodeTable.of([
      [A, refused],
      [B, owing(1)],
    ]);
    expect([0, 60_000].map((nowMs) => table.view(A, nowMs).health)).toEqual(["open", "half-open"]);
    expect(table.view(A, 60_000).reliability).toBeGreaterThan(table.view(A, 0).reliability);
    expect(table.view(B, 60_000)).toBe(table.view(B, 0));
  });

  test("without() and map() change what is seen", () => {
    const table = NodeTable.of([
      [A, owing(1)],
      [B, owing(1)],
    ]);
    expect(table.view(B, 0).inFlightBytes).toBe(1);
    expect(table.map(() => owing(7)).view(B, 0).inFlightBytes).toBe(7);
    expect([...table.without(A)].map(([nodeId]) => nodeId)).toEqual(["b"]);
  });
});
