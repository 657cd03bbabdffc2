import { expect, test } from "vitest";
import { isPutBack } from "./put-back.ts";

const before = { incarnation: "a", starts: 7, writes: 100, program: "p1" };

test.each([
  ["the next start of the same disk", { ...before, starts: 8, program: "p2" }, false],
  ["the same program, heard in another order", { ...before, writes: 90 }, false],
  ["a snapshot of an earlier start", { ...before, starts: 6, program: "p2" }, true],
  ["a snapshot of an earlier start, started once more unheard", { ...before, writes: 80, program: "p3" }, true],
  ["a snapshot of the last start", { ...before, starts: 8, writes: 99, program: "p2" }, true],
  ["a disk that was wiped is another acceptor", { incarnation: "b", starts: 1, writes: 0, program: "p2" }, false],
])("isPutBack() judges %s", (_what, now, verdict) => {
  expect(isPutBack(before, now)).toBe(verdict);
});
