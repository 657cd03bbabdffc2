import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ladderOf } from "./ladder.ts";

const sizes = (width: number, height: number, isWhole = true) =>
  ladderOf({ width, height, frameRate: 25 }, isWhole).map((rung) => `${rung.width}x${rung.height}`);

describe("ladderOf()", () => {
  it("goes down from the source, and from 1080p at most", () => {
    expect(sizes(3840, 2160)).toEqual(["1920x1080", "1280x720", "852x480", "426x240"]);
    expect(sizes(1280, 720)).toEqual(["1280x720", "852x480", "426x240"]);
    expect(sizes(1280, 720, false)).toEqual(["1280x720"]);
  });

  it("measures an upright film by its short side", () => {
    expect(sizes(1080, 1920)).toEqual(["1080x1920", "720x1280", "480x852", "240x426"]);
  });

  it("leaves out a rung that is close to a better one", () => {
    expect(sizes(960, 540)).toEqual(["960x540", "426x240"]);
  });

  it("keeps a small source as it is", () => {
    expect(sizes(320, 180)).toEqual(["320x180"]);
  });

  it("spends a few megabits at most, and more on fast pictures", () => {
    const rates = (frameRate: number) =>
      ladderOf({ width: 1920, height: 1080, frameRate }, true).map(({ maxBitsPerSecond }) => maxBitsPerSecond);
    expect(rates(25)).toEqual([5_639_000, 2_853_000, 1_442_000, 450_000]);
    for (const [index, rate] of rates(50).entries()) expect(rate / (rates(25)[index] ?? 0)).toBeCloseTo(1.4, 2);
  });

  it("never enlarges, is even, and gets smaller from rung to rung", () => {
    const side = fc.integer({ min: 2, max: 20_000 });
    fc.assert(
      fc.property(side, side, fc.boolean(), (width, height, isWhole) => {
        const rungs = ladderOf({ width, height, frameRate: 25 }, isWhole);
        expect(rungs.length).toBeGreaterThan(0);
        for (const [index, rung] of rungs.entries()) {
          expect([rung.width % 2, rung.height % 2]).toEqual([0, 0]);
          expect(rung.width).toBeLessThanOrEqual(Math.max(2, width));
          expect(rung.height).toBeLessThanOrEqual(Math.max(2, height));
          const above = rungs[index - 1];
          if (above !== undefined) expect(rung.maxBitsPerSecond).toBeLessThan(above.maxBitsPerSecond);
        }
      }),
    );
  });
});
