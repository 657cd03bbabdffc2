import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterOf, node, pieces, SCHEME, SIZE_BYTES } from "./clusters.contract.ts";
import type { Form } from "./form.ts";
import { ERASURE, pieceText, piecesWithout, REPLICATION } from "./form.ts";
import type { SpreadInput } from "./spread.ts";
import { spreadPieces } from "./spread.ts";

const SEVEN = clusterOf("a b c d e f g");

function input(change: Partial<SpreadInput> = {}): SpreadInput {
  return {
    key: "video/720p/0",
    sizeBytes: SIZE_BYTES,
    form: ERASURE,
    scheme: SCHEME,
    keep: [],
    cluster: SEVEN,
    ...change,
  };
}

describe("spreadPieces()", () => {
  test("puts every piece of every form on a domain of its own, as long as there are enough", () => {
    const forms: Form[] = [REPLICATION, ERASURE, { kind: "erasure", replicas: 1 }, { kind: "erasure", replicas: 2 }];
    const property = fc.property(fc.constantFrom(...forms), fc.nat(), (form, seed) => {
      const spread = spreadPieces(input({ form, key: `video/${seed}` }));
      const holders = spread?.holders ?? [];
      expect(holders).toHaveLength(form.replicas + (form.kind === "erasure" ? 5 : 0));
      expect(new Set(holders.map(({ nodeId }) => nodeId)).size).toBe(holders.length);
      expect(spread?.isUnderSpread).toBe(false);
    });
    fc.assert(property, { seed: 24, numRuns: 200 });
  });

  test("leaves what lies well where it is, and places the missing shard alone", () => {
    const keep = pieces("c/0 a/1 e/3 g/4");
    const holders = spreadPieces(input({ keep }))?.holders ?? [];
    expect(piecesWithout(keep, holders)).toEqual([]);
    expect(piecesWithout(holders, keep).map(({ holds, ...rest }) => ("shard" in rest ? rest.shard : holds))).toEqual([
      2,
    ]);
  });

  test("shares domains when they are short, on other nodes, and says so; then spreads again", () => {
    const few = clusterOf("a b c d e f", { b: { domain: "a" }, c: { domain: "a" } });
    const spread = spreadPieces(input({ cluster: few }));
    expect(spread?.isUnderSpread).toBe(true);
    expect(new Set(spread?.holders.map(({ nodeId }) => nodeId)).size).toBe(5);
    const joined = clusterOf("a b c d e f g", { b: { domain: "a" }, c: { domain: "a" } });
    const later = spreadPieces(input({ keep: spread?.holders ?? [], cluster: joined }));
    expect(later?.isUnderSpread).toBe(false);
    // Four domains, five pieces: one had to share, so one moves.
    expect(piecesWithout(later?.holders ?? [], spread?.holders ?? [])).toHaveLength(1);
  });

  test("gives nothing to nodes that are full, leaving, away or to be avoided", () => {
    const cluster = clusterOf("a b c d e f g h i", {
      a: { freeBytes: 10 },
      b: { state: "draining" },
      c: { state: "suspect" },
      d: { state: "dead" },
    });
    const holders = spreadPieces(
      input({ form: REPLICATION, cluster, avoid: new Set([node("e"), node("f")]) }),
    )?.holders;
    expect(holders?.map(pieceText).toSorted()).toEqual(["g/replica", "h/replica", "i/replica"]);
  });

  test("is undefined when a piece finds no node at all", () => {
    expect(spreadPieces(input({ cluster: clusterOf("a", { a: { state: "dead" } }) }))).toBeUndefined();
  });
});
