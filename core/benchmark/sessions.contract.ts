/** Sessions made up for tests: what is said about them, the rest as it usually is. */
import type { BenchSession, SessionMetrics } from "./report.ts";

const USUAL_METRICS: SessionMetrics = {
  ...{ startupMs: 500, startupShare: 0.8, stallMs: 0, stallCount: 0, playedSeconds: 180, excessStallMs: 0 },
  ...{ meanBitsPerSecond: 4e6, switches: 1, bufferMeanSeconds: 20, goodputBytesPerSecond: 1e6, throughputShare: 0.9 },
  ...{ receivedBytes: 9e7, duplicateBytes: 0, lostBytes: 0, requests: 45, hedges: 0, detectedAfterMs: null },
  droppedFrames: null,
};

export function session(
  about: Partial<Omit<BenchSession, "metrics">>,
  metrics: Partial<SessionMetrics> = {},
): BenchSession {
  return {
    ...{ tier: "sim", scenario: "a1", kind: "independent", strategy: "smart", quality: "abr", seed: 1, isWarm: true },
    ...{ invalidReason: null, outcome: "ended", nodes: [], violations: [], timeline: null },
    ...about,
    metrics: { ...USUAL_METRICS, ...metrics },
  };
}

/** The same for so many seeds and both qualities; metrics by seed. */
export function sessions(
  about: Partial<Omit<BenchSession, "metrics">>,
  seeds: number,
  metrics: (seed: number) => Partial<SessionMetrics> = () => ({}),
): BenchSession[] {
  return (["abr", "fixed"] as const).flatMap((quality) =>
    Array.from({ length: seeds }, (_, at) => session({ ...about, quality, seed: at + 1 }, metrics(at + 1))),
  );
}
