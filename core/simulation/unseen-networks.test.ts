/** The promise of stalls on networks that the seed draws: a rule that was fitted to a trace fails here first. */
import { describe, expect, it } from "vitest";
import { planFor } from "../network/named-plans.ts";
import { DEFAULT_VIDEO } from "../playback/video-model.ts";
import { smartStrategy } from "../schedule/smart-strategy.ts";
import type { MatrixOptions } from "./run-matrix.ts";
import { runMatrix } from "./run-matrix.ts";

const MAX_EXCESS_MS = 500;
const MAX_DUPLICATE_SHARE = 0.05;

const options: MatrixOptions = {
  ...{ scenarios: ["drawn:slow", "drawn:middling", "drawn:fast"], qualities: ["fixed"], remembers: true },
  ...{ seeds: [501, 502], competitors: [smartStrategy], video: { ...DEFAULT_VIDEO, seconds: 120 } },
  planOf: (name, seed) => {
    const plan = planFor(name, { seed, nodeIds: ["n1", "n2", "n3", "n4"] });
    if (plan === undefined) throw new Error(`No network is called ${name}`);
    return plan;
  },
};

describe("smartStrategy on drawn networks", () => {
  it("stalls no half second more than nine tenths of the network force, keeps its rules, and asks for little twice", () => {
    const rows = [...runMatrix(options)];
    for (const { scenario, seed, excessStallMs, violations, duplicateBytes, receivedBytes } of rows) {
      const where = `${scenario}, seed ${seed}`;
      expect(excessStallMs, where).toBeLessThan(MAX_EXCESS_MS);
      expect(violations, where).toEqual([]);
      expect(duplicateBytes / receivedBytes, where).toBeLessThan(MAX_DUPLICATE_SHARE);
    }
  }, 60_000);
});
