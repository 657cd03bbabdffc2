import { describe, expect, it } from "vitest";
import { deliveredMessage } from "./delivery-figures.ts";
import { sampleTrace } from "./sample-manifest.contract.ts";

const attempt = (firstByteMs: number | null) => ({
  ...{ id: 0, nodeId: "node-1", start: 0, end: 1000, because: "first", startedMs: 0, firstByteMs, endedMs: 100 },
  ...{ receivedBytes: 1000, verifyMs: 2, blocksVerified: 1, predictedMs: null, outcome: "complete", reason: null },
});
const fetched = (id: string, given = {}) =>
  sampleTrace({
    id,
    deliveredBytes: 100_000,
    endedMs: 120,
    attempts: [attempt(40), attempt(20), attempt(null)],
    ...given,
  });
const cached = (id: string, given = {}) =>
  sampleTrace({ id, servedFrom: "cache", deliveredBytes: 100_000, endedMs: 1, ...given });

describe("deliveredMessage()", () => {
  it("tells the times of a fetched segment and its rate after the first byte", () => {
    expect(deliveredMessage(fetched("a"), [], "r1")).toEqual({
      kind: "delivered",
      session: "s1",
      request: "r1",
      deliveredBytes: 100_000,
      servedFrom: "nodes",
      firstByteMs: 20,
      networkMs: 120,
      rateBytesPerSecond: 1_000_000,
      strategy: "smart",
    });
  });

  it("speaks for a cached segment with what the network did lately, not with the speed of memory", () => {
    const earlier = [fetched("slow", { endedMs: 220 }), fetched("fast"), cached("c")];
    expect(deliveredMessage(cached("now"), earlier, "r").rateBytesPerSecond).toBeCloseTo(200_000 / 0.3);
  });

  it("knows no rate when nothing was fetched, or only by the other strategy, or too little", () => {
    const earlier = [cached("c"), fetched("n", { strategy: "naive" }), fetched("i", { deliveredBytes: 700 })];
    expect(deliveredMessage(cached("now"), earlier, "r").rateBytesPerSecond).toBeNull();
  });

  it("takes the rate of a small segment from the larger ones before it", () => {
    const init = fetched("init", { deliveredBytes: 700 });
    expect(deliveredMessage(init, [fetched("a"), init], "r").rateBytesPerSecond).toBe(1_000_000);
  });

  it("rests on eight segments, so that it follows the network", () => {
    const old = Array.from({ length: 20 }, (_, i) => fetched(`old${i}`, { endedMs: 1_020 }));
    const recent = Array.from({ length: 8 }, (_, i) => fetched(`new${i}`));
    expect(deliveredMessage(cached("now"), [...old, ...recent], "r").rateBytesPerSecond).toBe(1_000_000);
  });
});
