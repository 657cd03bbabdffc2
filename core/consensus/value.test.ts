import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Change, Value } from "./value.ts";
import { applyChange, outcomeOf } from "./value.ts";

const FIRST: Value<string> = { version: 1, id: "a", previousId: null, body: "one" };
const SECOND: Value<string> = { version: 2, id: "b", previousId: "a", body: "two" };
const DELETED: Value<string> = { version: 3, id: "c", previousId: "b", body: null };

describe("applyChange()", () => {
  it("creates only where nothing stands", () => {
    const create: Change<string> = { change: "create", id: "x", body: "new" };
    expect(applyChange(null, create)).toEqual({ version: 1, id: "x", previousId: null, body: "new" });
    expect(applyChange(FIRST, create)).toBe(FIRST);
  });

  it("replaces only the version that was expected", () => {
    const replace: Change<string> = { change: "replace", id: "x", expectedVersion: 2, body: "new" };
    expect(applyChange(SECOND, replace)).toEqual({ version: 3, id: "x", previousId: "b", body: "new" });
    expect(applyChange(FIRST, replace)).toBe(FIRST);
    expect(applyChange(null, replace)).toBeNull();
  });

  it("makes nothing of a deletion any more", () => {
    expect(applyChange(DELETED, { change: "replace", id: "x", expectedVersion: 3, body: "new" })).toBe(DELETED);
    expect(applyChange(DELETED, { change: "create", id: "x", body: "new" })).toBe(DELETED);
  });

  it("applied twice is applied once", () => {
    const ids = fc.constantFrom("x", "y");
    const changes = fc.oneof(
      ids.map((id): Change<string> => ({ change: "create", id, body: "new" })),
      fc
        .tuple(ids, fc.integer({ min: 0, max: 4 }), fc.constantFrom("new", null))
        .map(([id, expectedVersion, body]): Change<string> => ({ change: "replace", id, expectedVersion, body })),
    );
    fc.assert(
      fc.property(fc.constantFrom(null, FIRST, SECOND, DELETED), changes, (current, change) => {
        const once = applyChange(current, change);
        expect(applyChange(once, change)).toEqual(once);
      }),
    );
  });
});

describe("outcomeOf()", () => {
  const create: Change<string> = { change: "create", id: "a", body: "one" };

  it("is chosen when the own value stands, and replaced when it was the one before", () => {
    expect(outcomeOf(FIRST, create)).toEqual({ outcome: "chosen", value: FIRST });
    expect(outcomeOf(SECOND, create)).toEqual({ outcome: "replaced", value: SECOND });
  });

  it("is certain of a conflict as far as the chain of ids reaches", () => {
    const other: Change<string> = { change: "create", id: "x", body: "new" };
    expect(outcomeOf(FIRST, other)).toEqual({ outcome: "conflict", value: FIRST, isCertain: true });
    expect(outcomeOf(SECOND, other)).toEqual({ outcome: "conflict", value: SECOND, isCertain: true });
    // Version 1 is two versions back: it may have been ours.
    expect(outcomeOf(DELETED, other)).toEqual({ outcome: "conflict", value: DELETED, isCertain: false });
  });

  it("tells a reader of an empty register so, and whoever expected a version there that it is not", () => {
    expect(outcomeOf(null, { change: "keep" })).toEqual({ outcome: "empty" });
    const replace: Change<string> = { change: "replace", id: "x", expectedVersion: 1, body: "new" };
    expect(outcomeOf(null, replace)).toEqual({ outcome: "conflict", value: null, isCertain: true });
  });
});
