import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { PathConditions } from "./conditions.ts";
import { PACKET_BYTES, startWindow, windowAfterIdle, windowAfterRound, windowRate } from "./connection-window.ts";
import { constantRate } from "./rate-curve.ts";

const path: PathConditions = {
  ...{ rate: constantRate(1e9), roundTripMs: 50, jitterMs: 0, lossRatio: 0, slowStart: true, fault: null },
};
const fullRound = (lossRatio: number, random = seededRandom(1)) => ({ lossRatio, random });

describe("windowAfterRound()", () => {
  it("doubles ten packets every round while nothing is lost", () => {
    let window = startWindow(path);
    const packets: number[] = [];
    for (let round = 0; round < 5 && window !== null; round += 1) {
      packets.push(window.windowBytes / PACKET_BYTES);
      window = windowAfterRound(window, { ...fullRound(0), sentBytes: window.windowBytes });
    }
    expect(packets).toEqual([10, 20, 40, 80, 160]);
  });

  it("halves at a loss and then grows by one packet a round", () => {
    const before = { windowBytes: 80 * PACKET_BYTES, thresholdBytes: Infinity };
    const halved = windowAfterRound(before, { sentBytes: before.windowBytes, lossRatio: 1, random: () => 0.5 });
    expect(halved.windowBytes).toBe(40 * PACKET_BYTES);
    const after = windowAfterRound(halved, { ...fullRound(0), sentBytes: halved.windowBytes });
    expect(after.windowBytes).toBe(41 * PACKET_BYTES);
  });

  it("does not grow on rounds that did not use it", () => {
    const window = { windowBytes: 80 * PACKET_BYTES, thresholdBytes: Infinity };
    expect(windowAfterRound(window, { ...fullRound(0), sentBytes: PACKET_BYTES })).toBe(window);
  });

  it.each([0.0003, 0.001, 0.003, 0.01, 0.03])(
    "keeps the mean rate that Mathis foresees at a loss of %d",
    (lossRatio) => {
      const seed = 11;
      const random = seededRandom(seed);
      const lossy = { ...path, lossRatio, slowStart: false };
      let window = startWindow(lossy);
      let rates = 0;
      const rounds = 60_000;
      for (let round = 0; round < rounds && window !== null; round += 1) {
        rates += windowRate(window, lossy);
        window = windowAfterRound(window, { sentBytes: window.windowBytes, lossRatio, random });
      }
      const mathis = (1.22 * PACKET_BYTES) / (0.05 * Math.sqrt(lossRatio));
      expect(rates / rounds / mathis, `seed ${seed}`).toBeGreaterThan(0.87);
      expect(rates / rounds / mathis, `seed ${seed}`).toBeLessThan(1.13);
    },
  );
});

describe("startWindow()", () => {
  it("is none without slow start and loss", () => {
    expect(startWindow({ ...path, slowStart: false })).toBeNull();
  });
});

describe("windowAfterIdle()", () => {
  it("begins anew after a second, and keeps its threshold", () => {
    const window = { windowBytes: 80 * PACKET_BYTES, thresholdBytes: 40 * PACKET_BYTES };
    expect(windowAfterIdle(window, 999)).toBe(window);
    expect(windowAfterIdle(window, 1000)).toEqual({ ...window, windowBytes: 10 * PACKET_BYTES });
  });
});
