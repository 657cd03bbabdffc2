/**
 * The page `/storage` against a real cluster in lab mode: bytes counted from the nodes, the map by
 * keyboard, a damaged piece that is found and heals, settings that do not fit. Everything is set to seconds first.
 */
import type { ConfigPatch } from "#wire/contract/redundancy-schemas.ts";
import type { Overhead } from "#wire/contract/storage-schemas.ts";
import { seriousFindings } from "../fixtures/axe.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import type { Page } from "../fixtures/test.ts";
import { demoIdOf, expect, test } from "../fixtures/test.ts";

/** A video of some megabytes changes its form, or a piece is made again; the machine is shared. */
const HEALED_MS = 60_000;
const QUICK: ConfigPatch = { graceSeconds: 5, holdOffSeconds: 2, scrubCycleSeconds: 30 };

let lab: Cluster;
let videoId: string;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  lab = await startCluster("--lab");
  videoId = await demoIdOf(lab);
  await lab.api.put("/api/redundancy/config", QUICK);
});
test.afterAll(async () => {
  await lab.stop();
});

const cells = (page: Page, name: RegExp) => page.getByRole("gridcell", { name });

async function openMap(page: Page): Promise<void> {
  await page.goto(`${lab.url}/storage?video=${videoId}`);
  await expect(page.getByRole("grid", { name: "Pieces by chunk and node" })).toBeVisible();
}

test("bytes are those of the nodes, against content and against three copies", async ({ page }) => {
  await page.goto(`${lab.url}/storage`);
  await expect(page.getByRole("heading", { name: "Storage", level: 1 })).toBeVisible();
  await expect(page.getByText(/Counted from the nodes' inventories/)).toBeVisible();
  const { contentBytes, keptBytes } = await lab.api.get<Overhead>("/api/storage/overhead");
  expect((keptBytes ?? 0) / contentBytes).toBeCloseTo(3, 1);
  await expect(page.getByText("3.00x").first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Pieces of each node" }).getByRole("row")).toHaveCount(7);
  await expect(page.getByRole("heading", { name: "What it gains and costs" })).toBeVisible();
  await expect(
    page.getByRole("region", { name: "Bytes by form" }).getByRole("row", { name: /^replication/ }),
  ).toBeVisible();
  // Some cycle is always under way: a person may hurry it all the same.
  await expect(page.getByRole("button", { name: "Scrub now" })).toBeEnabled();
});

test("a byte flipped in the map is found by a scrub, and heals while one looks on", async ({ page }) => {
  test.setTimeout(3 * HEALED_MS);
  await openMap(page);
  const cell = cells(page, /, intact, /).first();
  await cell.click();
  const piece = page.getByRole("region", { name: "Chosen piece" });
  await piece.getByRole("button", { name: "Flip a byte" }).click();
  await expect(piece.getByText(/You flipped a byte/)).toBeVisible();
  await page.getByRole("button", { name: "Scrub now" }).click();
  await expect(page.getByText(/Found [1-9]\d* corrupt/)).toBeVisible({ timeout: HEALED_MS });
  await expect(piece.getByText(/, intact, /)).toBeVisible({ timeout: HEALED_MS });
  await expect(cells(page, /corrupt|missing/)).toHaveCount(0, { timeout: HEALED_MS });
});

test("a file deleted in the map is missed, and made again", async ({ page }) => {
  test.setTimeout(2 * HEALED_MS);
  await openMap(page);
  await cells(page, /, intact, /)
    .nth(4)
    .click();
  const piece = page.getByRole("region", { name: "Chosen piece" });
  await piece.getByRole("button", { name: "Delete its file" }).click();
  await expect(piece.getByText(/You took its file away/)).toBeVisible();
  await page.getByRole("button", { name: "Scrub now" }).click();
  await expect(page.getByText(/[1-9]\d* missing/).first()).toBeVisible({ timeout: HEALED_MS });
  await expect(cells(page, /missing/)).toHaveCount(0, { timeout: HEALED_MS });
});

test("the map has one stop of Tab, and arrow keys go round in it", async ({ page }) => {
  await openMap(page);
  const grid = page.getByRole("grid", { name: "Pieces by chunk and node" });
  await expect(grid.locator('[tabindex="0"]')).toHaveCount(1);
  await grid.locator('[tabindex="0"]').focus();
  for (const key of ["ArrowDown", "ArrowDown", "End", "ArrowLeft"]) await page.keyboard.press(key);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Segment 1 on n5" })).toBeVisible();
  await page.keyboard.press("PageUp");
  await page.keyboard.press("Home");
  await page.keyboard.press("Space");
  await expect(page.getByRole("heading", { name: "Init segment on n1" })).toBeVisible();
});

test("settings that do not fit are refused where they are typed, and those that do are kept", async ({ page }) => {
  await page.goto(`${lab.url}/storage`);
  await page.getByText("When a video changes its form").click();
  await page.getByRole("textbox", { name: /^Demote below/ }).fill("99");
  await expect(page.getByRole("alert").getByText(/Cannot use demoteBelow of 99/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Save 1 changed" })).toHaveAttribute("aria-disabled", "true");
  await page.getByRole("textbox", { name: /^Demote below/ }).fill("3");
  await page.getByRole("button", { name: "Save 1 changed" }).click();
  await expect(page.getByRole("button", { name: "Nothing to save" })).toBeVisible();
  expect(await lab.api.get("/api/redundancy/config")).toMatchObject({ config: { demoteBelow: 3, ...QUICK } });
});

test("sliders answer with simulated figures, and say so", async ({ page }) => {
  await page.goto(`${lab.url}/storage`);
  const outcome = page.getByRole("region", { name: "Simulated outcome" });
  await expect(outcome.getByRole("row", { name: /^Always replicas 3\.00x/ })).toBeVisible();
  const adaptive = outcome.getByRole("row", { name: /^Adaptive/ });
  const before = await adaptive.textContent();
  await page.getByRole("slider", { name: "Promote above" }).press("Home");
  await expect(adaptive).not.toHaveText(before ?? "");
  await expect(page.getByRole("heading", { name: "What if simulated" })).toBeVisible();
});

test("the commands repair and scrub end, and status tells of both", async () => {
  const scrub = await lab.vstack("scrub", "--json");
  expect(JSON.parse(scrub.stdout)).toMatchObject({ scrub: { isRunning: false } });
  const repair = await lab.vstack("repair");
  expect(repair.code, repair.stderr).toBe(0);
  expect((await lab.vstack("status")).stdout).toMatch(/Kept for .* three copies would be/);
  const { stdout } = await lab.vstack("status", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ redundancy: { repair: { isRunning: false } } });
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious in ${colorScheme}, and a phone of 360 pixels scrolls no way but down`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 360, height: 780 });
    await openMap(page);
    await cells(page, /intact/)
      .first()
      .click();
    for (const group of ["When a video changes its form", "Repair", "Scrub"]) {
      await page.locator("summary").getByText(group, { exact: true }).click();
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await seriousFindings(page)).toEqual([]);
  });
}
