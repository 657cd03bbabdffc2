import { toJsonSchema } from "@valibot/to-json-schema";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { evaluate } from "#core/benchmark/evaluate.ts";
import { benchSession, timelineOf } from "#core/simulation/bench-session.ts";
import { COMPETITORS, replaySession, runMatrix } from "#core/simulation/run-matrix.ts";
import { steadyPlan } from "#core/simulation/promises.ts";
import { BenchReportSchema } from "./bench-report.ts";

const FILE = "../../docs/schemas/bench-report.schema.json";
const jsonSchema = toJsonSchema(BenchReportSchema, { target: "draft-2020-12", errorMode: "ignore" });

const competitors = ["smart", "nearest"].flatMap((name) => COMPETITORS.get(name) ?? []);
const shown = { ladderBitsPerSecond: [1e6, 4e6], segmentSeconds: 4, seconds: 24 };
const video = { ...shown, spread: 0.2 };

/** Two strategies, two seeds, one network whose first node hangs. */
function smallReport() {
  const matrix = {
    ...{
      scenarios: ["1:2:4"],
      competitors,
      qualities: ["abr", "fixed"] as const,
      seeds: [1, 2],
      video,
      remembers: false,
    },
    planOf: () => ({
      ...steadyPlan([1, 2, 4]),
      changes: [{ atMs: 2_000, nodeId: "n1", change: { fault: { kind: "hang" as const } } }],
    }),
  };
  const sessions = [...runMatrix(matrix)].map((row) => benchSession(row, false));
  const [competitor] = competitors;
  if (competitor === undefined) throw new Error("smart is not known");
  const { plan, result } = replaySession(matrix, { scenario: "1:2:4", seed: 1, competitor, quality: "abr" });
  const timeline = timelineOf(result, plan, video.segmentSeconds);
  return evaluate({
    run: {
      ...{ id: "test", startedAt: "2026-01-01T00:00:00.000Z", durationSeconds: 1, mode: "custom", tiers: ["sim"] },
      ...{ seed: 1, version: "0.0.0" },
      machine: { cpus: 2, cpuModel: "any", memoryBytes: 1, platform: "any", node: "v20", chromium: null },
    },
    inputs: { scenarios: ["1:2:4"], strategies: ["smart", "nearest"], seeds: [1, 2], files: [] },
    parts: [
      {
        ...{ schema: 1, tier: "sim", chromium: null, video: shown, measurements: [], notRun: [] },
        sessions: sessions.map((session, at) => (at === 0 ? { ...session, timeline } : session)),
      },
    ],
    twins: [],
  });
}

describe("BenchReportSchema", () => {
  it("is published as it is (npx vitest run wire/contract/bench-report.test.ts -u writes it anew)", async () => {
    await expect(`${JSON.stringify(jsonSchema, null, 2)}\n`).toMatchFileSnapshot(FILE);
  });

  it("accepts what the evaluation makes, and loses nothing of it", () => {
    const report = smallReport();
    expect(v.parse(BenchReportSchema, JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it("is read by other programs: an independent validator accepts a report and refuses a broken one", () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(JSON.stringify(jsonSchema)) as object,
    );
    const report: object = smallReport();
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...report, verdict: "perhaps" })).toBe(false);
  });
});
