import { describe, expect, test } from "vitest";
import type { MeasuredFacts, SentRequest } from "./measured-session.ts";
import { measuredSession } from "./measured-session.ts";

const request = (nodeId: string, hash: string, rest: Partial<SentRequest> = {}): SentRequest => ({
  ...{ nodeId, hash, start: 0, end: 1_000, sentBytes: 1_000, arrivedMs: 0, endedMs: 500, ...rest },
});

function facts(rest: Partial<MeasuredFacts> = {}): MeasuredFacts {
  return {
    ...{ scenario: "s1", strategy: "smart", quality: "abr", seed: 1, nodeIds: ["n1", "n2"], violations: [] },
    plan: { kind: "independent", changes: [] },
    video: {
      chunks: new Map([
        ["low0", { rendition: "low", seq: 0, sizeBytes: 1_000 }],
        ["high0", { rendition: "high", seq: 0, sizeBytes: 4_000 }],
        ["high1", { rendition: "high", seq: 1, sizeBytes: 4_000 }],
      ]),
      bitsPerSecond: new Map([
        ["low", 1e6],
        ["high", 4e6],
      ]),
    },
    seen: {
      ...{ outcome: "ended", endMs: 9_000, startupMs: 400, stalls: [{ fromMs: 2_000, toMs: 2_600 }] },
      ...{ playedSeconds: 8, bufferMeanSeconds: 3, buffer: [], droppedFrames: 2 },
      segments: [
        { rendition: "low", seq: 0 },
        { rendition: "high", seq: 1 },
      ],
    },
    requests: [],
    paces: [],
    pageLateMsP99: 3,
    attempts: null,
    ...rest,
  };
}

describe("measuredSession()", () => {
  test("tells bytes sent twice from bytes sent in vain", () => {
    const { metrics, nodes } = measuredSession(
      facts({
        requests: [
          request("n1", "init", { end: 100, sentBytes: 100 }),
          request("n1", "low0", { endedMs: 1_000 }),
          // A hedge of the last 400 bytes, of which 300 came.
          request("n2", "low0", { start: 600, sentBytes: 300, arrivedMs: 700, endedMs: 900 }),
          // The player gave it up.
          request("n2", "high0", { end: 4_000, sentBytes: 700, arrivedMs: 2_000, endedMs: 2_500 }),
          request("n1", "high1", { end: 4_000, sentBytes: 4_000, arrivedMs: 3_000, endedMs: 5_000 }),
        ],
      }),
    );
    expect(metrics).toMatchObject({ receivedBytes: 6_100, duplicateBytes: 300, lostBytes: 700, requests: 5 });
    // 5,000 useful bytes in 1 + 0.5 + 2 busy seconds.
    expect(metrics.goodputBytesPerSecond).toBeCloseTo(5_000 / 3.5, 6);
    expect(metrics).toMatchObject({ stallMs: 600, stallCount: 1, meanBitsPerSecond: 2.5e6, switches: 1 });
    expect(nodes).toEqual([
      { nodeId: "n1", receivedBytes: 5_100, requests: 3, faults: 0 },
      { nodeId: "n2", receivedBytes: 1_000, requests: 2, faults: 0 },
    ]);
  });

  test("counts the rendition that was loaded last of a segment", () => {
    const segments = ["low", "high"].map((rendition) => ({ rendition, seq: 0 }));
    const { metrics } = measuredSession(facts({ seen: { ...facts().seen, segments } }));
    expect(metrics).toMatchObject({ meanBitsPerSecond: 4e6, switches: 0 });
  });

  test("says how long a fault held bytes before they were asked for elsewhere", () => {
    const changes = [{ atMs: 1_000, nodeId: "n1", change: { fault: { kind: "hang" as const } } }];
    const hit = request("n1", "high1", { end: 4_000, sentBytes: 900, arrivedMs: 800, endedMs: 3_000 });
    const taken = request("n2", "high1", {
      start: 900,
      end: 4_000,
      sentBytes: 3_100,
      arrivedMs: 1_420,
      endedMs: 2_000,
    });
    const withFault = (requests: SentRequest[]) =>
      measuredSession(facts({ plan: { kind: "independent", changes }, requests })).metrics.detectedAfterMs;
    expect(withFault([hit, taken])).toBe(420);
    expect(withFault([hit])).toBe(2_000);
    expect(withFault([taken])).toBeNull();
    expect(withFault([{ ...hit, sentBytes: 4_000 }])).toBeNull();
  });

  test.each([
    [{ paces: [{ nodeId: "n1", lateMsP99: 51, passedBytes: 1e6, missedBytes: 0 }] }, /timers of n1 came 51 ms late/],
    [{ paces: [{ nodeId: "n1", lateMsP99: 9, passedBytes: 90, missedBytes: 10 }] }, /n1 delivered 90.0 %/],
    [{ pageLateMsP99: 101 }, /timers of the page came 101 ms late/],
    [{ paces: [{ nodeId: "n1", lateMsP99: 50, passedBytes: 96, missedBytes: 4 }] }, /^$/],
  ])("does not count where %j", (rest, words) => {
    expect(measuredSession(facts(rest)).invalidReason ?? "").toMatch(words);
  });
});
