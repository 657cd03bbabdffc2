import { expect, test } from "vitest";
import { domainOf, isCounted, isReadable } from "./cluster.ts";
import { clusterOf, node, pieces } from "./clusters.contract.ts";

test("isCounted() believes a node that is late or leaving, isReadable() only one that answers", () => {
  const cluster = clusterOf("a b c d", { b: { state: "suspect" }, c: { state: "draining" }, d: { state: "dead" } });
  const all = pieces("a/0 b/0 c/0 d/0 unknown/0");
  expect(all.map((piece) => isCounted(cluster, piece))).toEqual([true, true, true, false, false]);
  expect(all.map((piece) => isReadable(cluster, piece))).toEqual([true, false, true, false, false]);
});

test("domainOf() makes a forgotten node a domain of its own", () => {
  expect(domainOf(clusterOf("a", { a: { domain: "rack" } }), node("a"))).toBe("rack");
  expect(domainOf(clusterOf("a"), node("b"))).toBe("unknown:b");
});
