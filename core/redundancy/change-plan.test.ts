import { describe, expect, test } from "vitest";
import type { ChunkRecord } from "../placement/record.ts";
import type { WantedChange } from "./change-plan.ts";
import { isRecord, planChange, recordLosses, writtenBytes } from "./change-plan.ts";
import { clusterOf, hashOf, pieces, recordOf, SCHEME } from "./clusters.contract.ts";
import { pieceText } from "./form.ts";

const CLUSTER = clusterOf("a b c d e f");
const REPLICAS = recordOf(pieces("a/replica b/replica c/replica"), 4);

function wanted(to: string, from: ChunkRecord = REPLICAS, change: Partial<WantedChange> = {}): WantedChange {
  const { holders, scheme, blocksDigest } = recordOf(pieces(to));
  return { key: "v/720p/0", from, holders, scheme, blocksDigest, faulty: [], reason: "cold", ...change };
}

describe("planChange()", () => {
  test("writes what is new, drops what is named no more, and makes the next version", () => {
    const planned = planChange(wanted("a/0 b/1 c/2 d/3 e/4"), CLUSTER);
    if (planned.outcome !== "planned") throw new Error(planned.outcome);
    const { plan } = planned;
    expect(plan.write.map(pieceText)).toEqual(["a/0", "b/1", "c/2", "d/3", "e/4"]);
    expect(plan.drop.map(pieceText)).toEqual(["a/replica", "b/replica", "c/replica"]);
    expect(plan.to).toMatchObject({ version: 5, scheme: SCHEME, blocksDigest: hashOf("1"), hash: REPLICAS.hash });
    expect(plan.giveUp).toEqual({ ...REPLICAS, version: 5 });
    expect(writtenBytes(plan)).toBe(5 * 1_000_000);
  });

  test("makes a rotten piece again in place, without another version", () => {
    const planned = planChange(
      wanted("a/replica b/replica c/replica", REPLICAS, { faulty: pieces("b/replica") }),
      CLUSTER,
    );
    expect(planned).toMatchObject({ outcome: "planned", plan: { isInPlace: true, to: REPLICAS, drop: [] } });
    expect(planned.outcome === "planned" && planned.plan.write.map(pieceText)).toEqual(["b/replica"]);
  });

  test("finds nothing to do where nothing changes", () => {
    expect(planChange(wanted("a/replica b/replica c/replica"), CLUSTER)).toEqual({ outcome: "nothing-to-do" });
  });

  test("refuses a weaker form, and takes a weak one that is stronger than what is left", () => {
    expect(planChange(wanted("a/0 a/1 c/2 d/3 e/4"), CLUSTER)).toMatchObject({
      outcome: "refused",
      reason: 'Cannot change "v/720p/0" as the new form survives 1 losses: the present one survives 2',
    });
    const faulty = pieces("b/replica c/replica");
    expect(planChange(wanted("a/replica d/replica", REPLICAS, { faulty }), CLUSTER).outcome).toBe("planned");
  });
});

test("recordLosses() takes everything that is named as there", () => {
  expect(recordLosses(REPLICAS, CLUSTER)).toBe(2);
});

test("isRecord() tells another value of the same version from this one", () => {
  expect(isRecord(REPLICAS, { ...REPLICAS })).toBe(true);
  expect(isRecord(REPLICAS, { ...REPLICAS, holders: pieces("a/replica b/replica d/replica") })).toBe(false);
  expect(isRecord(REPLICAS, { ...REPLICAS, version: 5 })).toBe(false);
});
