import { describe, expect, it } from "vitest";
import { videoIdFromBytes } from "../ids.ts";
import { seededRandom } from "../random.ts";
import { acceptorCount, GROUP_COUNT, groupOfVideo } from "./groups.ts";

describe("groupOfVideo()", () => {
  it("spreads videos over all groups, none with twice its share", () => {
    const random = seededRandom(1);
    const counts = new Map<number, number>();
    for (let video = 0; video < 100 * GROUP_COUNT; video += 1) {
      const group = groupOfVideo(videoIdFromBytes(Uint8Array.from({ length: 16 }, () => random() * 256)));
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: GROUP_COUNT }, (_, group) => group));
    expect(Math.max(...counts.values())).toBeLessThan(200);
  });
});

describe("acceptorCount()", () => {
  it.each([
    [1, 5, 1],
    [2, 5, 2],
    [3, 5, 3],
    [4, 5, 3],
    [5, 5, 5],
    [6, 3, 3],
    [64, 5, 5],
  ] as const)("of %i nodes when %i are wanted is %i", (nodes, wanted, count) => {
    expect(acceptorCount(nodes, wanted)).toBe(count);
  });
});
