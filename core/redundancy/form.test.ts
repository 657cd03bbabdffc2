import { expect, test } from "vitest";
import { pieces, recordOf, SCHEME } from "./clusters.contract.ts";
import { ERASURE, formOf, formText, keptPerByte, pieceBytes, piecesWithout, REPLICATION, sameForm } from "./form.ts";

test("formOf() tells the forms apart by scheme and copies", () => {
  expect(formOf(recordOf(pieces("a/replica b/replica c/replica")))).toEqual(REPLICATION);
  expect(formOf(recordOf(pieces("a/0 b/1 c/2 d/3 e/4")))).toEqual(ERASURE);
  const hybrid = formOf(recordOf(pieces("a/0 b/1 c/2 d/3 e/4 f/replica")));
  expect(sameForm(hybrid, ERASURE)).toBe(false);
  expect(
    [REPLICATION, ERASURE, hybrid, { ...hybrid, replicas: 2 }, { ...REPLICATION, replicas: 2 }].map(formText),
  ).toEqual([
    ...["replication", "erasure", "erasure and 1 replica", "erasure and 2 replicas", "replication with 2 copies"],
  ]);
});

test("keptPerByte() is 3, 5/3, and one more for each replica on top", () => {
  expect(keptPerByte(REPLICATION, SCHEME)).toBe(3);
  expect(keptPerByte(ERASURE, SCHEME)).toBeCloseTo(1.667, 3);
  expect(keptPerByte({ kind: "erasure", replicas: 2 }, SCHEME)).toBeCloseTo(3.667, 3);
});

test("pieceBytes() counts short shards as short", () => {
  const bytes = pieces("a/0 a/2 a/4 a/replica").map((piece) => pieceBytes(100, SCHEME, piece));
  expect(bytes).toEqual([64, 0, 64, 100]);
});

test("piecesWithout() compares node and content", () => {
  expect(piecesWithout(pieces("a/0 a/replica b/0"), pieces("a/replica b/1"))).toEqual(pieces("a/0 b/0"));
});
