import { describe, expect, it } from "vitest";
import { busyRate } from "./busy-rate.ts";

describe("busyRate()", () => {
  it("counts time once in which several transfers ran", () => {
    const spans = [
      { startMs: 0, endMs: 1000, bytes: 1000 },
      { startMs: 500, endMs: 1500, bytes: 2000 },
      { startMs: 600, endMs: 700, bytes: 500 },
    ];
    expect(busyRate(spans)).toBeCloseTo((3500 * 1000) / 1500);
  });

  it("leaves out the time between", () => {
    const spans = [
      { startMs: 5000, endMs: 6000, bytes: 1000 },
      { startMs: 0, endMs: 1000, bytes: 3000 },
    ];
    expect(busyRate(spans)).toBe(2000);
  });

  it("says nothing without bytes or time", () => {
    expect(busyRate([])).toBeNull();
    expect(busyRate([{ startMs: 3, endMs: 3, bytes: 10 }])).toBeNull();
  });
});
