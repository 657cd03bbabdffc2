import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { SeenAttempt, SeenDecision } from "./hindsight.ts";
import { hindsightOf } from "./hindsight.ts";

const attempt = (nodeId: string, given: Partial<SeenAttempt> = {}): SeenAttempt => ({
  ...{ nodeId, start: 0, end: 1000, startedMs: 0, firstByteMs: 10, endedMs: 110, receivedBytes: 1000 },
  ...{ outcome: "complete", ...given },
});
const decision = (...chosen: string[]): SeenDecision => ({
  chosen,
  candidates: ["a", "b", "c"].map((nodeId) => ({ nodeId })),
});
const hung = (nodeId: string, endedMs: number) =>
  attempt(nodeId, { firstByteMs: null, endedMs, receivedBytes: 0, outcome: "stalled" });

describe("hindsightOf()", () => {
  it("regrets nothing when the chosen one was the best that was seen", () => {
    const attempts = [attempt("a"), attempt("b", { startedMs: 110, firstByteMs: 150, endedMs: 400 })];
    const [first] = hindsightOf([decision("a"), decision("b")], attempts);
    expect(first).toEqual({ attempts: [0], tookMs: 110, bestNodeId: "a", bestMs: 110, regretMs: 0 });
  });

  it("regrets the time that a better node would have saved, by its first byte and rate of this segment", () => {
    const slow = attempt("a", { endedMs: 510 });
    const quick = attempt("b", { startedMs: 600, firstByteMs: 620, endedMs: 720 });
    const [first, second] = hindsightOf([decision("a"), decision("b")], [slow, quick]);
    expect(first).toMatchObject({ bestNodeId: "b", bestMs: 120, regretMs: 390 });
    expect(second?.regretMs).toBe(0);
  });

  it("regrets a node that hung, against the one that did it instead", () => {
    const attempts = [hung("a", 700), attempt("b", { startedMs: 700, firstByteMs: 720, endedMs: 820 })];
    expect(hindsightOf([decision("a"), decision("b")], attempts)[0]).toMatchObject({ bestNodeId: "b", regretMs: 580 });
  });

  it("charges a rival with what it delivered meanwhile: sharing a chunk well is no mistake", () => {
    const share = { startedMs: 0, firstByteMs: 10, endedMs: 110 };
    const attempts = [
      attempt("a", { ...share, receivedBytes: 1000 }),
      attempt("b", { ...share, end: 9000, receivedBytes: 9000 }),
    ];
    expect(hindsightOf([decision("a", "b")], attempts)).toEqual([
      { attempts: [0, 1], tookMs: 110, bestNodeId: "a", bestMs: 110, regretMs: 0 },
    ]);
  });

  it("compares what was stopped in its middle for what it brought", () => {
    const stopped = attempt("a", { receivedBytes: 200, endedMs: 110, outcome: "cancelled" });
    const quick = attempt("b", { startedMs: 200, firstByteMs: 210, endedMs: 310 });
    expect(hindsightOf([decision("a"), decision("b")], [stopped, quick])[0]).toMatchObject({
      bestNodeId: "b",
      bestMs: 30,
      regretMs: 80,
    });
  });

  it.each<[string, SeenAttempt[]]>([
    ["an attempt is under way", [attempt("a", { endedMs: null, outcome: null })]],
    ["the trace has no such attempt", []],
  ])("says nothing while %s", (_name, attempts) => {
    expect(hindsightOf([decision("a")], attempts)[0]).toMatchObject({ tookMs: null, bestMs: null, regretMs: null });
  });

  it("says what a failed attempt took, and no regret when nobody showed that it could do better", () => {
    expect(hindsightOf([decision("a")], [hung("a", 700)])[0]).toMatchObject({
      tookMs: 700,
      bestMs: null,
      regretMs: null,
    });
  });

  it("gives each decision its own attempts, in order", () => {
    const attempts = ["a", "b", "c", "a"].map((nodeId) => attempt(nodeId));
    const decisions = [decision("a", "b"), decision("c"), decision("a")];
    expect(hindsightOf(decisions, attempts).map((one) => one.attempts)).toEqual([[0, 1], [2], [3]]);
  });

  it("never regrets less than nothing, whatever happened", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seededRandom(seed);
      const any = (most: number) => Math.floor(random() * most);
      const attempts = Array.from({ length: 1 + any(8) }, () => {
        const [startedMs, waitMs, bodyMs] = [any(500), any(100), any(400)];
        return attempt("abc".charAt(any(3)), {
          ...{ startedMs, firstByteMs: random() < 0.2 ? null : startedMs + waitMs },
          ...{ endedMs: random() < 0.1 ? null : startedMs + waitMs + bodyMs, receivedBytes: any(1000) },
          outcome: ["complete", "cancelled", "stalled", "failed", null][any(5)] ?? null,
        });
      });
      const decisions = attempts.map(({ nodeId }) => decision(nodeId));
      for (const { regretMs, tookMs, bestMs } of hindsightOf(decisions, attempts)) {
        expect(regretMs === null || (regretMs >= 0 && Number.isFinite(regretMs)), `seed ${seed}`).toBe(true);
        expect(regretMs === null || regretMs <= (tookMs ?? 0), `seed ${seed}`).toBe(true);
        expect(bestMs === null || bestMs >= 0, `seed ${seed}`).toBe(true);
      }
    }
  });
});
