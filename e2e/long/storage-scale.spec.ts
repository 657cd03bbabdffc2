/** The long form: a node with 100,000 chunks is as fast as one with 100, and starts again within a second. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "playwright/test";

const TOP = fileURLToPath(new URL("../../", import.meta.url));
const BENCH_MS = 900_000;

test("PUT and GET at 100,000 chunks stay within 1.2 times of those at 100", async () => {
  test.setTimeout(BENCH_MS);
  const words = ["--import", "tsx", "nodes/storage/scale.bench.ts"];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: TOP, timeout: BENCH_MS });
  const line = stdout.trim().split("\n").at(-1) ?? "";
  console.log(line);
  expect(JSON.parse(line)).toMatchObject({ verdict: "pass" });
});
