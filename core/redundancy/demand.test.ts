import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Heat } from "./demand.ts";
import { cooled, demandOf, heated, mergedHeat, NO_HEAT } from "./demand.ts";

const DAY = 86_400;
const HALF = { shortHalfLifeSeconds: DAY, longHalfLifeSeconds: 7 * DAY };

describe("heated()", () => {
  test("counts one whole reading as a demand of 1, halved after each half-life", () => {
    const heat = heated(NO_HEAT, { bytes: 500, views: 1 }, HALF, 0);
    expect(demandOf(heat, 500, HALF, 0)).toEqual({ short: 1, long: 1 / 7 });
    expect(demandOf(heat, 500, HALF, DAY).short).toBe(0.5);
    expect(demandOf(heat, 500, HALF, 7 * DAY).long).toBe(1 / 14);
  });

  test("never forgets a view", () => {
    const heat = heated(heated(NO_HEAT, { bytes: 1, views: 2 }, HALF, 0), { bytes: 1, views: 3 }, HALF, 1e9);
    expect(heat.views).toBe(5);
  });

  test("takes a clock that went back as one that stood still", () => {
    const heat = heated(NO_HEAT, { bytes: 100, views: 0 }, HALF, DAY);
    expect(heated(heat, { bytes: 100, views: 0 }, HALF, 0)).toEqual({ ...heat, shortBytes: 200, longBytes: 200 });
  });

  test("refuses what nobody can have served", () => {
    expect(() => heated(NO_HEAT, { bytes: -1, views: 0 }, HALF, 0)).toThrow("Cannot count -1 bytes");
    expect(() => demandOf(NO_HEAT, 0, HALF, 0)).toThrow("Cannot tell the demand of 0 bytes");
  });
});

test("demandOf() estimates the same rate by both half-lives, within three per cent, once they have settled", () => {
  let heat = NO_HEAT;
  for (let hour = 0; hour < 24 * 90; hour += 1) heat = heated(heat, { bytes: 25, views: 0 }, HALF, hour * 3600);
  const { short, long } = demandOf(heat, 100, HALF, 24 * 90 * 3600);
  // Six readings a day; the mean life is the half-life by ln 2.
  expect(Math.abs(short / (6 / Math.LN2) - 1)).toBeLessThan(0.03);
  expect(Math.abs(long / short - 1)).toBeLessThan(0.03);
});

test("mergedHeat() gives what one would have seen, whoever saw what, in any order", () => {
  const events = fc.array(
    fc.record({
      atSeconds: fc.integer({ min: 0, max: 30 * DAY }),
      bytes: fc.integer({ min: 0, max: 1e9 }),
      who: fc.boolean(),
    }),
    { minLength: 1, maxLength: 30 },
  );
  const property = fc.property(events, (all) => {
    const inOrder = all.toSorted((a, b) => a.atSeconds - b.atSeconds);
    const seenBy = (who: boolean | null): Heat =>
      inOrder
        .filter((event) => who === null || event.who === who)
        .reduce((heat, { bytes, atSeconds }) => heated(heat, { bytes, views: 1 }, HALF, atSeconds), NO_HEAT);
    const [one, other] = [seenBy(true), seenBy(false)];
    const merged = cooled(mergedHeat(one, other, HALF), HALF, 31 * DAY);
    const whole = cooled(seenBy(null), HALF, 31 * DAY);
    expect(merged.views).toBe(whole.views);
    expect(Math.abs(merged.shortBytes - whole.shortBytes)).toBeLessThanOrEqual(whole.shortBytes * 1e-9);
    expect(mergedHeat(one, other, HALF)).toEqual(mergedHeat(other, one, HALF));
  });
  fc.assert(property, { seed: 21, numRuns: 200 });
});
