import { expect, test } from "vitest";
import type { NetworkPlan } from "./conditions.ts";
import { FREE_PATH } from "./path-phases.ts";
import { constantRate } from "./rate-curve.ts";
import { withValues } from "./with-values.ts";

const path = { ...FREE_PATH, rate: constantRate(1000), roundTripMs: 20 };
const plan: NetworkPlan = {
  ...{ id: "scenario:hang", expect: "", kind: "shared-access", access: constantRate(500) },
  nodes: [
    { nodeId: "n1", path },
    { nodeId: "n2", path },
  ],
  changes: [
    { atMs: 5, nodeId: "n1", change: { rate: constantRate(1) } },
    { atMs: 6, nodeId: "n1", change: { rate: constantRate(2), fault: { kind: "hang" } } },
    { atMs: 7, nodeId: "n2", change: { rate: constantRate(3) } },
  ],
};

test("withValues() keeps a named value to the end, and everything else of the plan", () => {
  const made = withValues(plan, { nodes: [{ nodeId: "n1", path: { rate: constantRate(9) } }] });
  expect(made.nodes).toEqual([
    { nodeId: "n1", path: { ...path, rate: constantRate(9) } },
    { nodeId: "n2", path },
  ]);
  expect(made.changes).toEqual([
    { atMs: 6, nodeId: "n1", change: { fault: { kind: "hang" } } },
    { atMs: 7, nodeId: "n2", change: { rate: constantRate(3) } },
  ]);
  expect(made).toMatchObject({ kind: "shared-access", access: constantRate(500) });
});

test("withValues() without a plan begins with nodes that nothing holds back", () => {
  const made = withValues(undefined, { access: constantRate(7), nodes: [{ nodeId: "n1", path: { roundTripMs: 80 } }] });
  expect(made.nodes).toEqual([{ nodeId: "n1", path: { ...FREE_PATH, roundTripMs: 80 } }]);
  expect(made.access).toEqual(constantRate(7));
});

test("withValues() says what it is on top of, and goes on saying so", () => {
  const once = withValues(plan, { nodes: [] });
  expect(once.expect).toBe("By hand, on top of scenario:hang");
  expect(withValues(once, { nodes: [] }).expect).toBe(once.expect);
});
