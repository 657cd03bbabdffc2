/** The long form of the proof by simulation: a million schedules with every rule, and each rule taken away in turn. */
import { once } from "node:events";
import * as v from "valibot";
import { RULES } from "#core/consensus/rules.ts";
import { spawnProgram } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

/** Ten minutes on two idle cores. */
const SOUND_MS = 40 * 60_000;
const MUTANT_MS = 5 * 60_000;
/** Seeds that nobody looked at while the simulator was written. */
const FIRST_SEED = 10_000_000;
/** The rarest mutant shows once in 6,000 schedules: to miss it has a chance of one in ten million. */
const MUTANT_SCHEDULES = 100_000;

const VerdictSchema = v.object({
  verdict: v.picklist(["passed", "failed"]),
  schedules: v.number(),
  schedulesPerSecond: v.number(),
  again: v.nullable(v.string()),
  failure: v.nullable(v.object({ seed: v.number(), violation: v.object({ invariant: v.string(), text: v.string() }) })),
});

async function simulate(words: readonly string[]) {
  const program = spawnProgram(["simulate", "consensus", "--json", ...words]);
  let said = "";
  program.stdout?.on("data", (part: Buffer) => {
    said += part.toString();
  });
  await once(program, "close");
  const verdict = v.parse(VerdictSchema, JSON.parse(said.trim().split("\n").at(-1) ?? ""));
  return { ...verdict, exitCode: program.exitCode };
}

test("a million schedules break no invariant", async () => {
  test.setTimeout(SOUND_MS);
  const { exitCode, ...verdict } = await simulate(["--schedules", "1000000", "--seed", String(FIRST_SEED)]);
  console.log(`${verdict.schedules} schedules, ${verdict.schedulesPerSecond} a second`);
  expect(verdict.again).toBeNull();
  expect({ exitCode, verdict: verdict.verdict }).toEqual({ exitCode: 0, verdict: "passed" });
  expect(verdict.schedules).toBe(1_000_000);
});

for (const mutant of Object.keys(RULES)) {
  test(`the rule ${mutant} is missed when it is taken away`, async () => {
    test.setTimeout(MUTANT_MS);
    const words = ["--schedules", String(MUTANT_SCHEDULES), "--seed", String(FIRST_SEED), "--mutant", mutant];
    const { exitCode, failure, schedules } = await simulate(words);
    const { seed, violation } = failure ?? { seed: -1, violation: { invariant: "nothing", text: "" } };
    console.log(`${mutant}: ${violation.invariant} at seed ${seed}, ${schedules} schedules`);
    expect(failure, `seeds ${FIRST_SEED} to ${FIRST_SEED + MUTANT_SCHEDULES - 1}`).not.toBeNull();
    expect(exitCode).toBe(1);
  });
}
