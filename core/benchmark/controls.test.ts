import { describe, expect, it } from "vitest";
import { controlsOf } from "./controls.ts";
import type { BenchSession } from "./report.ts";
import { session, sessions } from "./sessions.contract.ts";

const NULL = { scenario: "a4", kind: "shared-access" } as const;

function verdicts(all: readonly BenchSession[]): Record<string, string> {
  return Object.fromEntries(controlsOf(all, "sim").map(({ id, verdict }) => [id, verdict]));
}

describe("controlsOf()", () => {
  it("passes strategies that agree where nobody can win", () => {
    const all = [...sessions(NULL, 3), ...sessions({ ...NULL, strategy: "naive" }, 3)];
    expect(verdicts(all)).toEqual({
      ...{ "sim-null a4 stalls": "pass", "sim-null a4 goodput": "pass" },
      ...{ "sim-bound": "pass", "sim-rules": "pass", "sim-invalid": "pass" },
    });
  });

  it("fails a point of stall, and 3 % of goodput", () => {
    const other = (metrics: Parameters<typeof sessions>[2]) => [
      ...sessions(NULL, 3),
      ...sessions({ ...NULL, strategy: "naive" }, 3, metrics),
    ];
    expect(verdicts(other(() => ({ stallMs: 2_000 })))["sim-null a4 stalls"]).toBe("fail");
    expect(verdicts(other(() => ({ goodputBytesPerSecond: 0.96e6 })))["sim-null a4 goodput"]).toBe("fail");
  });

  it("compares nobody with himself", () => {
    expect(verdicts(sessions(NULL, 3))["sim-null a4 stalls"]).toBe("not-run");
  });

  it("fails when anybody beats the bound, whoever it is", () => {
    const all = [session({ strategy: "naive" }, { throughputShare: 1.01 })];
    expect(verdicts(all)["sim-bound"]).toBe("fail");
  });

  it("fails a broken rule, and too many sessions that do not count", () => {
    expect(verdicts([session({ violations: ["segment 3 starved"] })])["sim-rules"]).toBe("fail");
    const all = [session({}), session({ seed: 2, invalidReason: "busy" })];
    expect(verdicts(all)["sim-invalid"]).toBe("fail");
  });

  it("says nothing of a tier that did not run", () => {
    expect(controlsOf([session({})], "browser")).toEqual([]);
  });
});
