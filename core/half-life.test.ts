import { describe, expect, it } from "vitest";
import { leftAfter } from "./half-life.ts";
import { seededRandom } from "./random.ts";

describe("leftAfter()", () => {
  it("is all at the start, a half after one half-life, and exact after whole ones", () => {
    expect([0, 1, 2, 10, 64].map(leftAfter)).toEqual([1, 1 / 2, 1 / 4, 1 / 1024, 1 / 2 ** 64]);
  });

  it("agrees with 2^-x to the last bits", () => {
    const random = seededRandom(5);
    for (let round = 0; round < 20_000; round += 1) {
      const halfLives = random() * 10 ** (random() * 5 - 3);
      const [ours, platform] = [leftAfter(halfLives), 0.5 ** halfLives];
      expect(Math.abs(ours - platform) / platform, `${halfLives} half-lives`).toBeLessThan(5e-16);
    }
  });

  it("never grows, and comes to nothing", () => {
    const lefts = Array.from({ length: 3_000 }, (_, step) => leftAfter(step / 2));
    expect(lefts.every((left, step) => step === 0 || left <= (lefts[step - 1] ?? 1))).toBe(true);
    expect(leftAfter(1e9)).toBe(0);
    expect(leftAfter(Infinity)).toBe(0);
    expect(leftAfter(-1)).toBe(1);
  });

  it("gives the very same bits on every machine", () => {
    // Written down from one machine: another one that computes other bits would replay recordings to other decisions.
    const written = [
      0.9330329915368074, 0.7737824967711949, 0.7071067811865475, 0.7937005259840998, 0.14865088937534016,
    ];
    expect([0.1, 0.37, 0.5, 1 / 3, 2.75].map(leftAfter)).toEqual(written);
  });
});
