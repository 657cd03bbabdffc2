import { describe, expect, test } from "vitest";
import type { NodeFacts } from "./cluster.ts";
import { clusterOf, pieces, recordOf, SCHEME } from "./clusters.contract.ts";
import { pieceText } from "./form.ts";
import type { ChunkFacts, RepairPlan } from "./repair-plan.ts";
import { planRepairs } from "./repair-plan.ts";

function chunk(key: string, holders: string, faulty = ""): ChunkFacts {
  return { key, record: recordOf(pieces(holders)), faulty: faulty === "" ? [] : pieces(faulty) };
}

function plan(
  chunks: readonly ChunkFacts[],
  change: Readonly<Record<string, Partial<NodeFacts>>> = {},
  nowSeconds = 10_000,
  names = "a b c d e f g",
): RepairPlan {
  const config = { holdOffSeconds: 900 };
  return planRepairs(chunks, { cluster: clusterOf(names, change), scheme: SCHEME, config, nowSeconds });
}

const dead = (stateSinceSeconds: number) => ({ state: "dead", stateSinceSeconds }) as const;
const SHARDS = "a/0 b/1 c/2 d/3 e/4";

describe("planRepairs()", () => {
  test("has nothing to say of a whole chunk", () => {
    expect(plan([chunk("one", SHARDS), chunk("two", "a/replica b/replica c/replica")])).toEqual({
      orders: [],
      waits: [],
      underSpread: 0,
    });
  });

  test("waits for a node that went a short while ago, then repairs on another domain", () => {
    const early = plan([chunk("one", SHARDS)], { e: dead(9_500) });
    expect(early.waits).toMatchObject([{ untilSeconds: 10_400, reason: "Waits for e: survives 1 more losses" }]);
    expect(early.orders).toEqual([]);
    const [order] = plan([chunk("one", SHARDS)], { e: dead(9_500) }, 10_400).orders;
    expect(order?.holders.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId === "e")).toEqual([]);
    expect(order).toMatchObject({ lossesLeft: 1, writeBytes: 1_000_000 });
  });

  test("does not wait when one more loss would take the chunk", () => {
    const [order] = plan([chunk("one", SHARDS)], { d: dead(9_990), e: dead(9_990) }).orders;
    expect(order?.lossesLeft).toBe(0);
  });

  test("repairs the most endangered first", () => {
    const { orders } = plan(
      [chunk("a-hurt", SHARDS, "a/0"), chunk("b-weak", SHARDS, "a/0 b/1"), chunk("c-hurt", SHARDS, "c/2")],
      {},
    );
    expect(orders.map(({ chunk: { key }, lossesLeft }) => `${key} ${lossesLeft}`)).toEqual([
      "b-weak 0",
      "a-hurt 1",
      "c-hurt 1",
    ]);
  });

  test("makes a rotten piece again where it is, at once", () => {
    const [order] = plan([chunk("one", SHARDS, "c/2")]).orders;
    expect(order?.holders.map(pieceText)).toEqual(SHARDS.split(" "));
  });

  test("moves what is on a node that leaves, reading from it meanwhile", () => {
    const [order] = plan([chunk("one", "a/replica b/replica c/replica")], { c: { state: "draining" } }).orders;
    expect(order?.lossesLeft).toBe(2);
    expect(order?.holders.map(({ nodeId }) => nodeId)).not.toContain("c");
    expect(order?.holders).toHaveLength(3);
  });

  test("shares a domain when there is no other, says so, leaves it, and moves it when one has come", () => {
    const [order] = plan([chunk("one", SHARDS)], { e: dead(0) }, 10_000, "a b c d e").orders;
    expect(order?.isUnderSpread).toBe(true);
    const holders = order?.holders.map(pieceText).join(" ") ?? "";
    expect(plan([chunk("one", holders)], {}, 10_000, "a b c d")).toEqual({ orders: [], waits: [], underSpread: 1 });
    const [moved] = plan([chunk("one", holders)], {}, 10_000, "a b c d f").orders;
    expect(moved?.holders.map(({ nodeId }) => nodeId).toSorted()).toEqual(["a", "b", "c", "d", "f"]);
  });

  test("waits for a node when too few pieces are there to make anything of", () => {
    const gone = { a: dead(0), b: dead(0), c: dead(0) };
    expect(plan([chunk("one", SHARDS)], gone).waits).toMatchObject([
      { lossesLeft: -1, untilSeconds: null, reason: "Unreadable: 2 of 5 pieces are there" },
    ]);
  });
});
