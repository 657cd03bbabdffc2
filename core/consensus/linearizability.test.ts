import { describe, expect, test } from "vitest";
import type { Random } from "../random.ts";
import { seededRandom } from "../random.ts";
import type { HistoryOperation } from "./linearizability.ts";
import { whyNotLinearizable } from "./linearizability.ts";
import type { Change, Value } from "./value.ts";
import { applyChange, outcomeOf } from "./value.ts";

const HISTORIES = 4_000;

type Outcome = HistoryOperation["outcome"];
const at = (change: Change<unknown>, outcome: Outcome, invokedAt: number, endedAt: number): HistoryOperation => ({
  ...{ change, outcome, invokedAt, endedAt },
});
const value = (version: number, id: string, previousId: string | null, body: unknown = "b"): Value<unknown> => ({
  ...{ version, id, previousId, body },
});
const create = (id: string): Change<unknown> => ({ change: "create", id, body: "b" });
const replace = (id: string, expectedVersion: number, body: unknown = "b"): Change<unknown> => ({
  ...{ change: "replace", id, expectedVersion, body },
});
const keep: Change<unknown> = { change: "keep" };
const chosen = (one: Value<unknown>): Outcome => ({ outcome: "chosen", value: one });
const UNKNOWN: Outcome = { outcome: "unknown" };
const A = value(1, "a", null);
const B = value(2, "b", "a");

describe("whyNotLinearizable()", () => {
  test.each([
    ["a reading after a change", [at(create("a"), chosen(A), 0, 1), at(keep, chosen(A), 2, 3)]],
    [
      "a reading beside a change that does not see it",
      [at(create("a"), chosen(A), 0, 5), at(keep, { outcome: "empty" }, 1, 2)],
    ],
    ["a change that nobody was told of, seen late", [at(create("a"), UNKNOWN, 0, 1), at(keep, chosen(A), 8, 9)]],
    [
      "a version that nobody saw, made by whoever was told nothing",
      [
        at(create("a"), chosen(A), 0, 1),
        at(replace("b", 1), UNKNOWN, 2, 3),
        at(replace("c", 2), chosen(value(3, "c", "b")), 4, 5),
      ],
    ],
    [
      "a rival told who won",
      [at(create("a"), chosen(A), 0, 3), at(create("x"), { outcome: "conflict", value: A, isCertain: true }, 1, 4)],
    ],
  ])("finds nothing wrong with %s", (_, history) => {
    expect(whyNotLinearizable(history)).toBeNull();
    expect(canBeOrdered(history)).toBe(true);
  });

  test.each([
    ["a lost change", [at(create("a"), chosen(A), 0, 1), at(keep, { outcome: "empty" }, 2, 3)], /stood by/],
    [
      "two values of one version",
      [at(create("a"), chosen(A), 0, 1), at(create("b"), chosen(value(1, "b", null)), 2, 3)],
      /is "a" and "b"/,
    ],
    [
      "a reading that goes back",
      [
        at(create("a"), chosen(A), 0, 1),
        at(replace("b", 1), chosen(B), 2, 9),
        at(keep, chosen(B), 3, 4),
        at(keep, chosen(A), 5, 6),
      ],
      /stood by/,
    ],
    [
      "a change that was refused and stands",
      [
        at(create("x"), { outcome: "conflict", value: A, isCertain: true }, 0, 1),
        at(create("a"), chosen(A), 0, 1),
        at(keep, chosen(value(1, "x", null)), 2, 3),
      ],
      /is "a" and "x"/,
    ],
    ["a value of nobody", [at(keep, chosen(A), 0, 1)], /Nobody wrote/],
    [
      "a change after a deletion",
      [
        at(create("a"), chosen(A), 0, 1),
        at(replace("b", 1, null), chosen(value(2, "b", "a", null)), 2, 3),
        at(replace("c", 2), chosen(value(3, "c", "b")), 4, 5),
      ],
      /deleted the register/,
    ],
    [
      "a change refused where it fits",
      [at(create("a"), chosen(A), 0, 1), at(replace("b", 1), { outcome: "conflict", value: A, isCertain: true }, 2, 3)],
      /refused where it fits/,
    ],
  ])("finds %s", (_, history, why) => {
    expect(whyNotLinearizable(history)).toMatch(why);
    expect(canBeOrdered(history)).toBe(false);
  });

  test("agrees with a search through all orders, on histories that are right and on such that were changed", () => {
    const verdicts = { right: 0, wrong: 0 };
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const random = seededRandom(seed);
      const right = drawHistory(random);
      const history = seed % 2 === 0 ? right : spoilt(right, random);
      const [fast, thorough] = [whyNotLinearizable(history), canBeOrdered(history)];
      expect(fast === null, `seed ${seed}: ${fast ?? "linearizable"}, the search says ${thorough ? "yes" : "no"}`).toBe(
        thorough,
      );
      if (seed % 2 === 0) expect(fast, `seed ${seed} was drawn from a register`).toBeNull();
      verdicts[thorough ? "right" : "wrong"] += 1;
    }
    expect(verdicts.right).toBeGreaterThan(HISTORIES / 2);
    expect(verdicts.wrong).toBeGreaterThan(HISTORIES / 10);
  });
});

/** What clients of a real register see: each operation has its instant within its time, some are never told. */
function drawHistory(random: Random): HistoryOperation[] {
  const drawn = Array.from({ length: 3 + Math.floor(random() * 10) }, (_, index) => {
    const instant = random() * 20;
    const [before, after] = [random() * 3, random() * 3];
    return { index, instant, invokedAt: instant - before, endedAt: instant + after };
  }).toSorted((a, b) => a.instant - b.instant);
  let current: Value<unknown> | null = null;
  return drawn.map(({ index, invokedAt, endedAt }) => {
    const change = drawChange(random, `v${index}`, current);
    const isLost = change.change !== "keep" && random() < 0.2;
    if (isLost && random() < 0.5) return at(change, UNKNOWN, invokedAt, invokedAt + random());
    current = applyChange(current, change);
    return at(
      change,
      isLost ? UNKNOWN : outcomeOf(current, change),
      invokedAt,
      isLost ? invokedAt + random() : endedAt,
    );
  });
}

function drawChange(random: Random, id: string, current: Value<unknown> | null): Change<unknown> {
  const draw = random();
  if (draw < 0.35) return keep;
  if (draw < 0.55 || current === null) return create(id);
  const guess = Math.max(1, current.version - (random() < 0.3 ? 1 : 0));
  return replace(id, guess, random() < 0.05 ? null : "b");
}

/** One thing changed: a time, an outcome, or both. */
function spoilt(history: readonly HistoryOperation[], random: Random): HistoryOperation[] {
  const [one, other] = [random, random].map((draw) => Math.floor(draw() * history.length));
  return history.map((operation, index) => {
    if (index !== one) return operation;
    const moved = random() < 0.2 ? 0 : (random() - 0.5) * 30;
    const answer = history[other ?? 0]?.outcome;
    const outcome =
      random() < 0.5 && operation.change.change === "keep" && answer !== undefined ? answer : operation.outcome;
    return at(operation.change, outcome, operation.invokedAt + moved, operation.endedAt + moved);
  });
}

/** An effect or a sight, which has to find its instant. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly isOptional: boolean;
  /** The register after it; undefined where it does not fit. */
  readonly step: (current: Value<unknown> | null) => Value<unknown> | null | undefined;
}

/**
 * Tries every order (Wing and Gong, "Testing and Verifying Concurrent Objects", 1993; a state that was reached before with the
 * same pieces placed is not tried again: Lowe, "Testing for Linearizability", 2017).
 */
function canBeOrdered(history: readonly HistoryOperation[]): boolean {
  const pieces = history.flatMap(piecesOf);
  const failed = new Set<string>();
  const search = (placed: number, current: Value<unknown> | null): boolean => {
    const open = pieces.filter((_, index) => (placed & (1 << index)) === 0);
    if (open.every(({ isOptional }) => isOptional)) return true;
    const name = `${placed} ${current?.id ?? ""}`;
    if (failed.has(name)) return false;
    const latest = Math.min(...open.filter(({ isOptional }) => !isOptional).map(({ to }) => to));
    for (const [index, piece] of pieces.entries()) {
      if ((placed & (1 << index)) !== 0 || piece.from > latest) continue;
      const next = piece.step(current);
      if (next !== undefined && search(placed | (1 << index), next)) return true;
    }
    failed.add(name);
    return false;
  };
  return search(0, null);
}

function piecesOf({ change, outcome, invokedAt: from, endedAt: to }: HistoryOperation): Piece[] {
  const write = (isOptional: boolean, until: number): Piece => ({
    ...{ from, to: until, isOptional },
    step: (current) => {
      const next = applyChange(current, change);
      return next !== current && next !== null ? next : undefined;
    },
  });
  const sight = (seen: Value<unknown> | null, isRefusal: boolean): Piece => ({
    ...{ from, to, isOptional: false },
    step: (current) => {
      const isSame =
        current?.id === seen?.id && current?.version === seen?.version && current?.previousId === seen?.previousId;
      const fits = isRefusal && applyChange(current, change) !== current;
      return isSame && (current?.body === null) === (seen?.body === null) && !fits ? current : undefined;
    },
  });
  const never: Piece = { from, to, isOptional: false, step: () => undefined };
  switch (outcome.outcome) {
    case "unknown":
      return change.change === "keep" ? [] : [write(true, Infinity)];
    case "empty":
      return change.change === "keep" ? [sight(null, false)] : [never];
    case "chosen":
      if (change.change === "keep") return [sight(outcome.value, false)];
      return outcome.value.id === change.id ? [write(false, to), sightOfOwn(outcome.value, from, to)] : [never];
    case "replaced":
      return change.change !== "keep" && outcome.value.previousId === change.id
        ? [write(false, to), sight(outcome.value, false)]
        : [never];
    case "conflict":
      if (change.change === "keep") return [never];
      return [sight(outcome.value, outcome.isCertain), ...(outcome.isCertain ? [] : [write(true, to)])];
  }
}

/** The value that a change was told that it made. */
function sightOfOwn(own: Value<unknown>, from: number, to: number): Piece {
  return {
    ...{ from, to, isOptional: false },
    step: (current) => (current?.id === own.id && current.previousId === own.previousId ? current : undefined),
  };
}
