import { describe, expect, test } from "vitest";
import type { NodeView } from "../estimate/node-estimate.ts";
import { judgePatiently } from "./patience.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { attemptOn, knownView, UNKNOWN } from "./situations.contract.ts";

const NEAR = knownView(1e6, 10);

describe("judgePatiently()", () => {
  const judged = (change: Partial<RunningAttempt>, view: NodeView, nowMs: number) =>
    judgePatiently({
      attempt: attemptOn("a", [0, 9], { firstByteMs: null, lastProgressMs: 0, ...change }),
      view,
      nowMs,
    });

  test("waits four times the usual worst for the first byte, at least 400 ms", () => {
    expect(judged({}, NEAR, 399).is).toBe("on-time");
    expect(judged({}, NEAR, 400).is).toBe("silent");
    const far = { ...NEAR, firstByteMsP95: 150 };
    expect(judged({}, far, 599).is).toBe("on-time");
    expect(judged({}, far, 600).is).toBe("silent");
  });

  test("never waits longer than 700 ms, but for a node whose usual first byte is over half of that", () => {
    expect(judged({}, { ...NEAR, firstByteMsP95: 300 }, 700).is).toBe("silent");
    expect(judged({}, { ...NEAR, firstByteMsP95: 600 }, 1_199).is).toBe("on-time");
    expect(judged({}, { ...NEAR, firstByteMsP95: 600 }, 1_200).is).toBe("silent");
  });

  test("waits 600 ms for the first byte of an unknown node", () => {
    expect(judged({}, UNKNOWN, 599).is).toBe("on-time");
    expect(judged({}, UNKNOWN, 600).is).toBe("silent");
  });

  test("waits four usual gaps between bytes, at least 300 ms, at most 700", () => {
    const body = { firstByteMs: 10, lastProgressMs: 100, receivedBytes: 900_000 };
    expect(judged(body, NEAR, 399).is).toBe("on-time");
    expect(judged(body, NEAR, 400).is).toBe("silent");
    expect(judged({ ...body, usualGapMs: 150 }, NEAR, 699).is).toBe("on-time");
    expect(judged({ ...body, usualGapMs: 150 }, NEAR, 700).is).toBe("silent");
    expect(judged({ ...body, usualGapMs: 900 }, NEAR, 800).is).toBe("silent");
  });

  test("gives a silent attempt three more seconds", () => {
    expect(judged({}, NEAR, 3_399)).toEqual({ is: "silent", reviewAtMs: 3_400 });
    expect(judged({}, NEAR, 3_400).is).toBe("hopeless");
  });

  test("looks at an attempt again when its patience may be over", () => {
    expect(judged({}, NEAR, 100)).toEqual({ is: "on-time", reviewAtMs: 400 });
  });
});
