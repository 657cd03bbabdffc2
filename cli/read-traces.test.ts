import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planFor, planNames } from "#core/network/named-plans.ts";
import { rateAt } from "#core/network/rate-curve.ts";
import { readTraces } from "./read-traces.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vstack-traces-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const node = { id: "n1", city: "Somewhere", rtt_ms: 12, trace: "path-1", scale: 0.5 };
const assignment = {
  ...{ id: "b1-new", topology: "independent", expect: "e", client: "Elsewhere" },
  access: { constant_kbit_s: 8000 },
  nodes: [node, { id: "n2", rtt_ms: 4, constant_kbit_s: 80 }],
};
const CSV = "time_s,kbit_s,latency_ms\n0,800,\n10,800,\n";

async function put(assignments: unknown, csv = CSV): Promise<void> {
  await writeFile(join(folder, "assignments.json"), JSON.stringify({ note: "n", assignments }));
  await writeFile(join(folder, "path-1.csv"), csv);
}

describe("readTraces()", () => {
  test("makes plans of a folder that nobody has seen before", async () => {
    await put([assignment]);
    const files = await readTraces(folder);
    expect(planNames(files).map(({ name }) => name)).toContain("b1-new");
    const plan = planFor("b1-new", { seed: 1, nodeIds: ["n1", "n2"], files });
    expect(plan?.nodes.map(({ path }) => [path.roundTripMs, rateAt(path.rate, 0)])).toEqual([
      [12, 50_000],
      [4, 10_000],
    ]);
    expect(rateAt(plan?.access ?? { durationMs: 0, steps: [] }, 0)).toBe(1_000_000);
  });

  test("takes round trips from the trace where the assignment has none, if they were measured", async () => {
    const unmeasured = { id: "n1", trace: "path-1" };
    await put([{ ...assignment, nodes: [unmeasured] }]);
    await expect(readTraces(folder)).rejects.toThrow(/n1 of b1-new has no rtt_ms/);
    await put([{ ...assignment, nodes: [unmeasured] }], "time_s,kbit_s,latency_ms\n0,800,33\n10,800,33\n");
    const plan = planFor("b1-new", { seed: 1, nodeIds: ["n1"], files: await readTraces(folder) });
    expect(plan?.nodes[0]?.path.roundTripMs).toBe(33);
  });

  test.each([
    [
      "a trace outside the folder",
      [{ ...assignment, nodes: [{ ...node, trace: "../path-1" }] }],
      /assignments\.0\.nodes\.0\.trace: Expected letters/,
    ],
    [
      "a trace that is not there",
      [{ ...assignment, nodes: [{ ...node, trace: "other" }] }],
      /other\.csv is wrong: It is not there/,
    ],
    ["trace and constant", [{ ...assignment, nodes: [{ ...node, constant_kbit_s: 1 }] }], /either trace or constant/],
    ["a topology of another kind", [{ ...assignment, topology: "ring" }], /assignments\.0\.topology/],
    ["an id twice", [assignment, assignment], /Expected different ids/],
    ["nothing", [], /assignments/],
  ])("says what is wrong with %s", async (_name, assignments, wanted) => {
    await put(assignments);
    await expect(readTraces(folder)).rejects.toThrow(wanted);
    await expect(readTraces(folder)).rejects.toMatchObject({ code: "bad-request" });
  });

  test("names the file and the line of a bad trace", async () => {
    await put([assignment], "time_s,kbit_s,latency_ms\n0,800,\n5,x,\n10,800,\n");
    await expect(readTraces(folder)).rejects.toThrow(/path-1\.csv is wrong: line 3: Expected a rate/);
  });

  test("says that a folder has no assignments, or none that can be read", async () => {
    await expect(readTraces(folder)).rejects.toThrow(/assignments\.json is wrong: It is not there/);
    await writeFile(join(folder, "assignments.json"), "{");
    await expect(readTraces(folder)).rejects.toThrow(/It is no JSON/);
  });
});
