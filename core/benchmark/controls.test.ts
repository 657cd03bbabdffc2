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
    expect(verdicts(other(() => ({ throughputShare: 0.86 })))["sim-null a4 goodput"]).toBe("fail");
  });

  it("is unsure when the limit lies within what chance alone shows", () => {
    const varied = sessions({ ...NULL, strategy: "naive" }, 3, (seed) => ({
      throughputShare: [0.9, 0.9, 0.78][seed - 1] ?? 0,
    }));
    expect(verdicts([...sessions(NULL, 3), ...varied])["sim-null a4 goodput"]).toBe("unsure");
  });

  it("does not take for a win that somebody was busy at the better times of the link", () => {
    const lucky = sessions({ ...NULL, strategy: "naive" }, 3, () => ({ goodputBytesPerSecond: 1.1e6 }));
    expect(verdicts([...sessions(NULL, 3), ...lucky])["sim-null a4 goodput"]).toBe("pass");
    const measured = [...sessions(NULL, 3), ...lucky].map((one) => ({
      ...{ ...one, tier: "browser" as const },
      metrics: { ...one.metrics, throughputShare: null },
    }));
    const found = controlsOf(measured, "browser").find(({ id }) => id === "browser-null a4 goodput");
    expect(found).toMatchObject({ verdict: "fail" });
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
