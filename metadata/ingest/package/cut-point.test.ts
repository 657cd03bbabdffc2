import { describe, expect, test } from "vitest";
import { type GroupSize, groupsInNextSegment } from "./cut-point.ts";

/** Groups that end at these times, one after another. */
function groupsEnding(...endSeconds: number[]): GroupSize[] {
  return endSeconds.map((end, index) => ({
    startSeconds: endSeconds[index - 1] ?? 0,
    endSeconds: end,
    sizeBytes: 1000,
  }));
}

describe("groupsInNextSegment()", () => {
  test.each([
    ["waits while the target is not reached", [1, 2], 0],
    ["cuts at the target", [2, 4], 2],
    ["cuts at 4 s whether it reads 3.9999 or 4.0001", [2, 3.9999, 6], 2],
    ["takes the nearer end: the later", [2.5, 5], 2],
    ["takes the nearer end: the earlier", [3.5, 8], 1],
    ["takes the later of two equally near ends", [2.667, 5.333], 2],
    ["takes a long group alone", [9.3], 1],
    ["does not choose a sliver", [0.5, 9], 2],
    ["but cuts a sliver off where the whole would be too long", [0.5, 12.3], 1],
    ["takes exactly 12 s", [12], 1],
  ])("%s", (_name, ends, count) => {
    expect(groupsInNextSegment(groupsEnding(...ends, (ends.at(-1) ?? 0) + 1), false)).toBe(count);
  });

  test("waits until what follows is more than a sliver", () => {
    expect(groupsInNextSegment(groupsEnding(2, 4), false)).toBe(0);
    expect(groupsInNextSegment(groupsEnding(2, 4, 4.9), false)).toBe(0);
    expect(groupsInNextSegment(groupsEnding(2, 4, 4.9, 5), false)).toBe(2);
  });

  test("leaves no sliver at the end, unless the whole would be too long", () => {
    expect(groupsInNextSegment(groupsEnding(2, 4, 4.04), true)).toBe(3);
    expect(groupsInNextSegment(groupsEnding(2, 4, 5), true)).toBe(2);
    expect(groupsInNextSegment(groupsEnding(11.9, 12.3), true)).toBe(1);
  });

  test("takes the rest at the end", () => {
    expect(groupsInNextSegment(groupsEnding(1, 2), true)).toBe(2);
    expect(groupsInNextSegment([], true)).toBe(0);
  });

  test("cuts before a group that would make the segment too large", () => {
    const [first, second] = groupsEnding(1, 2);
    if (first === undefined || second === undefined) throw new Error("no groups");
    expect(groupsInNextSegment([first, { ...second, sizeBytes: 16 * 1024 * 1024 }], false)).toBe(1);
    expect(groupsInNextSegment([first, { ...second, sizeBytes: 16 * 1024 * 1024 }], true)).toBe(1);
  });
});
