/** The Reed-Solomon codec where it is used: in Chromium, in a page and in the service worker, under our own policies. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runVstack } from "../../fixtures/cluster.ts";
import { bundleForPage } from "../../fixtures/page-bundle.ts";
import { expect, test } from "../../fixtures/test.ts";

const SCRIPT = "codec-checks.js";
const CHECKS = "wire/client/erasure-codec.contract.ts";
const EACH = 6;
const BENCH_MS = 80_000;

test("both kernels do in a page what they do in Node, and the page's policy lets SIMD be used", async ({
  page,
  cluster,
}) => {
  const body = await bundleForPage(CHECKS, "codecChecks");
  await page.route(`**/${SCRIPT}`, (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.goto(`${cluster.url}/`);
  await page.addScriptTag({ url: `/${SCRIPT}` });
  expect(await page.evaluate(`codecChecks.checkPlatform(["simd", "table"])`)).toEqual({
    ...{ kernel: "simd", checks: 2 * EACH, failures: [] },
  });
});

test("the service worker uses SIMD", async ({ page, context, cluster }) => {
  const body = await bundleForPage(CHECKS, "codecChecks");
  await page.goto(`${cluster.url}/`);
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  expect(await worker.evaluate(`${body}; codecChecks.checkPlatform([])`)).toMatchObject({ kernel: "simd" });
});

test("a page whose policy forbids WebAssembly gets the table", async ({ page, cluster }) => {
  const body = await bundleForPage(CHECKS, "codecChecks");
  const policy = { "content-security-policy": "default-src 'self'" };
  await page.route("**/strict", (route) => route.fulfill({ contentType: "text/html", headers: policy, body: "<p>" }));
  await page.route(`**/${SCRIPT}`, (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.goto(`${cluster.url}/strict`);
  await page.addScriptTag({ url: `/${SCRIPT}` });
  expect(await page.evaluate("codecChecks.checkPlatform([])")).toMatchObject({ kernel: "table" });
});

test("`vstack bench codec` measures Node and Chromium, and reports where it is told to", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vstack-codec-"));
  try {
    const { stdout } = await runVstack(["bench", "codec", "--rounds", "1", "--json", "--out", folder], BENCH_MS);
    const said = JSON.parse(stdout) as { report: string; rows: { platform: string; bytesPerSecond: number }[] };
    expect(said.report).toBe(join(folder, "codec.json"));
    expect(new Set(said.rows.map(({ platform }) => platform))).toEqual(new Set(["node", "chromium"]));
    const report = JSON.parse(await readFile(said.report, "utf8")) as { rows: unknown };
    expect(report.rows).toEqual(said.rows);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
