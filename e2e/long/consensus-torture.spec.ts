/** The long form: 100,000 operations of racing proposers on a real cluster whose nodes are killed, frozen, cut off and wiped. */
import { expect, test } from "playwright/test";
import { torture } from "../consensus/torture.ts";

const OPERATIONS = 100_000;
/** With two cores of its own a machine needs two to three minutes. */
const LIMIT_MS = 540_000;
/** For starting, healing and the last reading. */
const REST_MS = 120_000;

test("100,000 operations under kills, freezes, cuts and wiped disks are linearizable, and none is lost", async () => {
  test.setTimeout(LIMIT_MS + REST_MS);
  const seed = Number(process.env["VSTACK_SEED"] ?? "7");
  const say = (line: string) => {
    console.log(line);
  };
  const report = await torture({ operations: OPERATIONS, seed, limitMs: LIMIT_MS, say });
  console.log(JSON.stringify(report));
  expect(report.violations, `seed ${seed}`).toEqual([]);
  expect(report.lost, `seed ${seed}`).toBe(0);
  expect(report.operations, `seed ${seed}: the machine was too slow for as many`).toBeGreaterThanOrEqual(OPERATIONS);
  for (const kind of ["kill", "freeze", "cut", "wipe", "replace", "proposer"] as const) {
    expect(report.faults[kind], `${kind} in seed ${seed}`).toBeGreaterThan(5);
  }
});
