import { describe, expect, it } from "vitest";
import { BufferModel } from "./buffer-model.ts";

describe("BufferModel", () => {
  it("starts with the first segment, and ends when all is played", () => {
    const buffer = new BufferModel(8, 0);
    buffer.append(4, 1_000);
    expect(buffer.fallsToMs(1)).toBe(4_000);
    buffer.append(4, 3_000);
    expect([buffer.bufferedSeconds, buffer.hasEverything]).toEqual([6, true]);
    buffer.advance(20_000);
    expect(buffer.state).toBe("ended");
    const summary = buffer.summary(20_000);
    expect(summary).toMatchObject({ startupMs: 1_000, stallMs: 0, stallCount: 0, playedSeconds: 8 });
    // (4 + 2) / 2 for two seconds, 6 / 2 for six.
    expect(summary.bufferMeanSeconds).toBeCloseTo(3);
  });

  it("stalls from the last moment buffered until the next segment", () => {
    const buffer = new BufferModel(12, 0);
    buffer.append(4, 500);
    buffer.append(4, 7_000);
    expect(buffer.state).toBe("playing");
    expect(buffer.summary(7_000)).toMatchObject({ stallMs: 2_500, stallCount: 1, playedSeconds: 4 });
    expect(buffer.summary(12_000)).toMatchObject({ stallMs: 3_500, stallCount: 2, playedSeconds: 8 });
  });

  it("never started is no stall", () => {
    expect(new BufferModel(4, 0).summary(9_000)).toMatchObject({ startupMs: null, stallMs: 0, bufferMeanSeconds: 0 });
  });
});
