import { describe, expect, it } from "vitest";
import { BandwidthEstimate } from "./bandwidth-estimate.ts";

describe("BandwidthEstimate", () => {
  it("believes the default until the first sample, and then that", () => {
    const estimate = new BandwidthEstimate(500_000);
    expect([estimate.bitsPerSecond, estimate.firstByteMs, estimate.isMeasured]).toEqual([500_000, 100, false]);
    estimate.sample(1_000, 250_000);
    expect(estimate.bitsPerSecond).toBeCloseTo(2_000_000);
  });

  it("falls fast and rises slowly", () => {
    const estimate = new BandwidthEstimate(500_000);
    for (let at = 0; at < 10; at += 1) estimate.sample(2_000, 1_000_000);
    estimate.sample(3_000, 375_000);
    // Half of the fast mean is the new sample: three seconds are its half-life.
    expect(estimate.bitsPerSecond).toBeCloseTo(2_500_000, -5);
    const low = estimate.bitsPerSecond;
    estimate.sample(1_000, 500_000);
    expect(estimate.bitsPerSecond).toBeLessThan(low * 1.3);
  });

  it("is fooled by a segment out of a cache, as hls.js is: 500 Mbit/s (issue 5826)", () => {
    const estimate = new BandwidthEstimate(500_000);
    estimate.sample(12, 2_000_000);
    // At least min(50, bytes / 100,000) milliseconds are reckoned.
    expect(estimate.bitsPerSecond).toBeCloseTo((2_000_000 * 8) / 0.02, -3);
  });
});
