/**
 * The Spin model of docs/consensus: searched to the end with every rule, refuted without one. It needs `spin` and `gcc`
 * (Debian: apt-get install spin gcc); without them nothing is proven here, and it says so.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "../fixtures/test.ts";

const MODEL = resolve("docs/consensus/chunkpaxos.pml");
const run = promisify(execFile);
/** The largest search took a minute on a machine that others kept busy, and 400 MB. */
const SEARCH_MS = 15 * 60_000;
/** Deeper than any run of the model. */
const MAX_DEPTH = 200_000;

const missing = [
  ["spin", "-V"],
  ["gcc", "--version"],
].flatMap(([program = "", version = ""]) => (spawnSync(program, [version]).status === 0 ? [] : [program]));

if (missing.length > 0) {
  console.log(`The Spin model was not run: ${missing.join(" and ")} not found on the PATH`);
}

/** What Spin found: errors, and how many states it looked at. */
async function search(
  settings: readonly string[],
): Promise<{ readonly errors: number; readonly states: number; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), "vstack-model-"));
  const within = { cwd: folder, timeout: SEARCH_MS, maxBuffer: 16 * 1024 * 1024 };
  try {
    await run("spin", [...settings, "-a", MODEL], within);
    await run("gcc", ["-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], within);
    const { stdout } = await run(join(folder, "pan"), ["-E", `-m${MAX_DEPTH}`], within);
    const errors = Number(/errors: (\d+)/.exec(stdout)?.[1] ?? Number.NaN);
    const states = Number(/(\d+) states, stored/.exec(stdout)?.[1] ?? Number.NaN);
    return { errors, states, said: stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const SOUND = [["-DFIXED", "-DNP=2"], ["-DNP=0", "-DNQ=1"], []];
const BROKEN = ["-DBALLOT_REUSE", "-DAMNESIA", "-DNO_ADOPTION", "-DNO_SEAL"];

if (missing.length === 0) {
  for (const settings of SOUND) {
    test(`every order of every message keeps one value: ${settings.join(" ") || "the whole model"}`, async () => {
      test.setTimeout(SEARCH_MS);
      const { errors, states, said } = await search(settings);
      console.log(`${settings.join(" ") || "the whole model"}: ${states} states, ${errors} errors`);
      expect(errors).toBe(0);
      expect(states).toBeGreaterThan(10_000);
      // A search that was cut at its depth has proven nothing.
      expect(said).not.toContain("max search depth too small");
    });
  }
  for (const setting of BROKEN) {
    test(`the model is refuted with ${setting}`, async () => {
      test.setTimeout(SEARCH_MS);
      const { errors, said } = await search([setting]);
      expect(errors).toBe(1);
      expect(said).toContain("assertion violated");
    });
  }
}
