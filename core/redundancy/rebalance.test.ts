import { describe, expect, test } from "vitest";
import { clusterOf, node, recordOf, SCHEME, SIZE_BYTES } from "./clusters.contract.ts";
import { ERASURE } from "./form.ts";
import { moveFor } from "./rebalance.ts";
import { spreadPieces } from "./spread.ts";

const BEFORE = clusterOf("a b c d e f g");
const AFTER = clusterOf("a b c d e f g new");

function chunks(count: number) {
  return Array.from({ length: count }, (_, at) => {
    const key = `video/720p/${at}`;
    const spread = spreadPieces({
      key,
      sizeBytes: SIZE_BYTES,
      form: ERASURE,
      scheme: SCHEME,
      keep: [],
      cluster: BEFORE,
    });
    return { key, record: recordOf(spread?.holders ?? []), faulty: [] };
  });
}

describe("moveFor()", () => {
  test("moves nothing while nobody joins", () => {
    expect(chunks(200).filter((chunk) => moveFor(chunk, BEFORE) !== undefined)).toEqual([]);
  });

  test("gives a node that joined its share, all to it, and then rests", () => {
    const all = chunks(800);
    const moves = all.flatMap((chunk) => moveFor(chunk, AFTER) ?? []);
    expect(moves.filter(({ to }) => to !== node("new"))).toEqual([]);
    // Five pieces of a chunk over eight nodes: five eighths of the chunks give it one.
    expect(Math.abs(moves.length / all.length - 5 / 8)).toBeLessThan(0.05);
    const moved = moves.map(({ chunk, holders }) => ({ ...chunk, record: recordOf(holders, 2) }));
    expect(moved.filter((chunk) => moveFor(chunk, AFTER) !== undefined)).toEqual([]);
  });

  test("puts no two pieces into one domain", () => {
    const shared = clusterOf("a b c d e f g new", { new: { domain: "a" } });
    for (const chunk of chunks(100)) {
      const holders = moveFor(chunk, shared)?.holders.map(({ nodeId }) => shared.get(nodeId)?.domain) ?? [];
      expect(new Set(holders).size).toBe(holders.length);
    }
  });

  test("leaves alone what has to be repaired, and a node that is full", () => {
    const [first] = chunks(50).filter((chunk) => moveFor(chunk, AFTER) !== undefined);
    if (first === undefined) throw new Error("nothing moves");
    expect(moveFor({ ...first, faulty: first.record.holders.slice(0, 1) }, AFTER)).toBeUndefined();
    expect(moveFor(first, clusterOf("a b c d e f g new", { new: { freeBytes: 10 } }))).toBeUndefined();
    const [holder] = first.record.holders;
    const away = clusterOf("a b c d e f g new", { [holder?.nodeId ?? ""]: { state: "suspect" } });
    expect(moveFor(first, away)).toBeUndefined();
  });
});
