/** A benchmark from the page: started, followed, cancelled, and its report read. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seriousFindings } from "../fixtures/axe.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

let lab: Cluster;

test.beforeAll(async () => {
  test.setTimeout(90_000);
  lab = await startCluster("--lab", "--no-demo", "--nodes", "2");
});
test.afterAll(async () => {
  await lab.stop();
});

test("a benchmark is started from the page, seen to go on, and cancelled", async ({ page, pageErrors }) => {
  await page.goto(`${lab.url}/bench`);
  await expect(page.getByText("None yet")).toBeVisible();
  await page.getByRole("button", { name: "Start Smoke" }).click();
  await expect(page.getByRole("heading", { name: "Running: Smoke" })).toBeVisible();
  const progress = page.getByRole("progressbar", { name: "Progress of the benchmark" });
  await expect
    .poll(async () => await progress.evaluate((bar: HTMLProgressElement) => bar.value), { timeout: 30_000 })
    .toBeGreaterThan(0);
  // One at a time, from wherever the next one is asked for.
  const second = await page.request.post(`${lab.url}/api/bench`, { data: { mode: "smoke" } });
  expect(second.status()).toBe(409);
  expect(await seriousFindings(page), "while it runs").toEqual([]);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "Cancelled" })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("button", { name: "Start Smoke" })).toBeVisible();
  expect(pageErrors).toEqual([]);
});

test("the report of an earlier run is viewed and downloaded", async ({ page, context }) => {
  const id = "2026-11-20T10-00-00-000Z";
  const folder = join(lab.data, "metadata", "bench", id);
  await mkdir(folder, { recursive: true });
  const run = { id, mode: "smoke", startedAtMs: 1_763_632_800_000, endedAtMs: 1_763_632_840_000, outcome: "done" };
  await writeFile(join(folder, "run.json"), JSON.stringify({ ...run, verdict: "unsure", lastWords: [] }));
  await writeFile(join(folder, "report.json"), "{}");
  await writeFile(join(folder, "report.html"), "<!doctype html><title>Report</title><h1>Report of a run</h1>");
  // Runs are read when the server starts.
  await lab.signal("metadata", "SIGKILL");
  await lab.restart("metadata");
  await page.goto(`${lab.url}/bench`);
  const [report] = await Promise.all([context.waitForEvent("page"), page.getByRole("link", { name: /^View/ }).click()]);
  await expect(report.getByRole("heading", { name: "Report of a run" })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /^JSON/ }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^bench-.*\.json$/);
});

test("the page is for everybody: axe in both themes, and phones of 360 and 320 pixels from any page", async ({
  page,
}, info) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${lab.url}/bench`);
    await expect(page.getByRole("button", { name: "Start CI" })).toBeVisible();
    expect(await seriousFindings(page), colorScheme).toEqual([]);
    await page.screenshot({ path: info.outputPath(`bench-${colorScheme}.png`), fullPage: true });
  }
  for (const width of [360, 320]) {
    await page.setViewportSize({ width, height: 640 });
    await page.goto(lab.url);
    const link = page.getByRole("link", { name: "Benchmarks" });
    await link.click();
    await expect(page.getByRole("heading", { name: "Benchmarks" })).toBeVisible();
    await expect(link).toBeInViewport({ ratio: 0.95 });
    await page.screenshot({ path: info.outputPath(`bench-${width}.png`) });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
});

test("without --lab the page says how benchmarks are run", async ({ page, cluster }) => {
  await page.goto(`${cluster.url}/bench`);
  await expect(page.getByText("npx vstack up --lab")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Start/ })).toHaveCount(0);
});
