import { describe, expect, test } from "vitest";
import type { NodeId } from "../ids.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { WeightedNode } from "./rendezvous.ts";
import { rankByRendezvous } from "./rendezvous.ts";

const KEYS = Array.from({ length: 20_000 }, (_, seq) => `video/720p/${seq}`);

function cluster(weights: readonly number[]): WeightedNode[] {
  return weights.map((weight, index) => {
    const nodeId = parseNodeId(`node-${index + 1}`);
    invariant(nodeId !== undefined, "Cannot name the test's nodes");
    return { nodeId, weight };
  });
}

/** Share of all copies that each node gets when every key goes to its first `copies` nodes. */
function shares(nodes: readonly WeightedNode[], copies: number): number[] {
  const counts = new Map<NodeId, number>();
  for (const key of KEYS) {
    for (const nodeId of rankByRendezvous(key, nodes).slice(0, copies))
      counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  }
  return nodes.map((node) => (counts.get(node.nodeId) ?? 0) / (KEYS.length * copies));
}

describe("rankByRendezvous()", () => {
  test("ranks every node once, the same in any order of the input", () => {
    const nodes = cluster([1, 1, 1, 1, 1, 1]);
    const ranked = rankByRendezvous("key", nodes);
    expect([...ranked].sort()).toEqual(nodes.map((node) => node.nodeId));
    expect(rankByRendezvous("key", nodes.toReversed())).toEqual(ranked);
  });

  test("gives equal nodes equal shares of three copies, within three per cent", () => {
    for (const share of shares(cluster([1, 1, 1, 1, 1, 1]), 3)) expect(Math.abs(share * 6 - 1)).toBeLessThan(0.03);
  });

  test("gives first places by weight, within five per cent", () => {
    const weights = [1, 2, 3, 4];
    for (const [index, share] of shares(cluster(weights), 1).entries()) {
      expect(Math.abs((share * 10) / (weights[index] ?? 0) - 1)).toBeLessThan(0.05);
    }
  });

  test("moves only the keys that the new node wins", () => {
    const [before, after] = [cluster([1, 1, 1, 1, 1]), cluster([1, 1, 1, 1, 1, 1])];
    let moved = 0;
    for (const key of KEYS) {
      const [was, is] = [rankByRendezvous(key, before)[0], rankByRendezvous(key, after)[0]];
      if (was === is) continue;
      expect(is).toBe("node-6");
      moved += 1;
    }
    expect(Math.abs((moved / KEYS.length) * 6 - 1)).toBeLessThan(0.05);
  });

  test("keeps the order of the others when a node leaves", () => {
    const nodes = cluster([1, 1, 1, 1, 1, 1]);
    for (const key of KEYS.slice(0, 500)) {
      const without = rankByRendezvous(
        key,
        nodes.filter((node) => node.nodeId !== "node-3"),
      );
      expect(rankByRendezvous(key, nodes).filter((nodeId) => nodeId !== "node-3")).toEqual(without);
    }
  });

  test("refuses a node without weight", () => {
    expect(() => rankByRendezvous("key", cluster([0]))).toThrow("its weight is 0");
  });
});
