/**
 * The baseline: round robin over the holders, whole segments, the next holder on an error. It looks at no estimate, races
 * nobody and waits long, as a plain client with a list of mirrors does.
 */
import { covers } from "./source.ts";
import type { Strategy } from "./strategy.ts";

/** Patience without progress; between the 5 s of shaka-player and the 10 s of hls.js. */
const PATIENCE_MS = 8_000;

export const naiveStrategy: Strategy = {
  name: "naive",
  usesParity: "for-lost",
  assign({ missing, candidates, turn, cause }) {
    return missing.flatMap((run) => {
      // By name: every record has an order of its own, and going round it would go to one node again and again.
      const able = candidates
        .filter((candidate) => covers(candidate.source, run))
        .sort((a, b) => (a.source.nodeId < b.source.nodeId ? -1 : 1));
      const next = able[turn % Math.max(1, able.length)];
      return next === undefined ? [] : [{ nodeId: next.source.nodeId, run, because: cause }];
    });
  },
  judge({ attempt, nowMs }) {
    const endOfPatienceMs = attempt.lastProgressMs + PATIENCE_MS;
    return { is: nowMs >= endOfPatienceMs ? "hopeless" : "on-time", reviewAtMs: endOfPatienceMs };
  },
  reviewInMs: () => Infinity,
  segmentsAhead: () => 0,
};
