/** The page `/chaos`: networks are ordered and taken back by hand, by name and by single values, for all or for one player. */
import type { ManifestPage } from "#wire/contract/catalog-api.ts";
import type { NetworkAskWords } from "#wire/contract/emulation-api.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { seriousFindings } from "../fixtures/axe.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { runVstack, startCluster } from "../fixtures/cluster.ts";
import { demoIdOf, expect, test } from "../fixtures/test.ts";

let lab: Cluster;
test.beforeAll(async () => {
  test.setTimeout(90_000);
  lab = await startCluster("--lab", "--nodes", "5");
});
test.afterAll(async () => {
  await lab.stop();
});
test.beforeEach(async ({ page }) => {
  await lab.api.remove(ROUTES.labNetwork);
  await page.goto(`${lab.url}/chaos`);
});

const order = (words: NetworkAskWords) => lab.api.put(ROUTES.labNetwork, words);

/** Of a chunk of the demo on this node. */
async function addressOf(nodeId: string, session: string): Promise<string> {
  const path = `/api/videos/${await demoIdOf(lab)}/manifest?rendition=720p`;
  const { segments, nodes } = await lab.api.get<ManifestPage>(path);
  const found = segments.find(({ record }) => record.holders.some((holder) => String(holder.nodeId) === nodeId));
  const url = nodes.find(({ id }) => String(id) === nodeId)?.url;
  if (found === undefined || url === undefined) throw new Error(`No chunk of the demo is at ${nodeId}`);
  return `${url}/chunks/${found.record.hash}?session=${session}`;
}

test("scenarios are known by name and by traces of a folder, and mistakes are said in words", async () => {
  expect((await runVstack(["network", "list"])).stdout).toMatch(
    /scenario +hang +the first node accepts and says nothing from 10 s/,
  );
  expect((await lab.vstack("network", "scenario", "s6-straggler")).stdout).toMatch(/^s6-straggler for everybody/);
  expect((await lab.vstack("network", "show")).stdout).toMatch(/Access link of each player: 200\.00 Mbit\/s/);
  const unknown = await lab.vstack("network", "profile", "awful");
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toMatch(/Cannot find the profile "awful": known are normal, high_latency/);
  expect((await lab.vstack("network", "set", "--rate", "fast")).code).toBe(2);
});

test("the page sets a profile, single values and faults, for one player too, and restores all", async ({ page }) => {
  await expect(page.getByText("Nothing is emulated")).toBeVisible();
  const profile = page.getByRole("button", { name: /^Low bandwidth/ });
  await profile.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("listitem").filter({ hasText: "profile:low_bandwidth for everybody" })).toBeVisible();
  await expect(profile).toHaveAttribute("aria-pressed", "true");
  await page.goto(`${lab.url}/chaos?session=mine`);
  const card = page.getByRole("article", { name: "n2" });
  const rate = card.getByLabel("Rate");
  await expect(rate).toHaveAttribute("aria-valuetext", /Mbit\/s/);
  await rate.focus();
  await page.keyboard.press("End");
  await card.getByLabel("Fault").selectOption({ label: "Answers 503" });
  await expect(page.getByRole("listitem").filter({ hasText: "values for player mine" })).toBeVisible();
  await expect(rate).toHaveAttribute("aria-valuetext", "no limit");
  const [mine, somebodys] = [await addressOf("n2", "mine"), await addressOf("n2", "somebody")];
  const status = async (address: string) => await page.evaluate(async (url) => (await fetch(url)).status, address);
  await expect.poll(async () => await status(mine)).toBe(503);
  expect(await status(somebodys)).toBe(200);
  await page.getByRole("button", { name: "Restore all" }).click();
  await expect(page.getByText("Nothing is emulated")).toBeVisible();
  expect(await status(mine)).toBe(200);
});

test("the page says why an order was not carried out, until the next one", async ({ page }) => {
  await page.goto(`${lab.url}/chaos?session=no%20name`);
  await page.getByRole("button", { name: /^High latency/ }).click();
  await expect(page.getByRole("alert")).toHaveText(/"session" is wrong/);
  // The state is asked for each second, and answers.
  await page.waitForResponse((answer) => answer.url().endsWith("/api/lab/network") && answer.status() === 200);
  await expect(page.getByRole("alert")).toHaveText(/"session" is wrong/);
  await page.getByLabel("For whom").selectOption("");
  await page.getByRole("button", { name: /^High latency/ }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("the page is for everybody: axe, keyboard and a phone of 320 pixels", async ({ page, pageErrors }, info) => {
  await order({ by: "scenario", scenario: "hang", session: "player-1" });
  await order({ by: "profile", profile: "degraded", session: null });
  await expect(page.getByText("profile:degraded", { exact: true })).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFindings(page), colorScheme).toEqual([]);
    await page.screenshot({ path: info.outputPath(`chaos-${colorScheme}.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 320, height: 640 });
  await page.reload();
  await expect(page.getByText("profile:degraded", { exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Chaos" })).toBeInViewport({ ratio: 0.95 });
  await page.screenshot({ path: info.outputPath("chaos-phone.png") });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  expect(pageErrors).toEqual([]);
});

test("only a lab links the page, and only there is anything emulated", async ({ page, cluster }) => {
  await expect(page.getByRole("link", { name: "Chaos" })).toBeVisible();
  await page.goto(`${cluster.url}/chaos`);
  await expect(page.getByText("npm start -- --lab")).toBeVisible();
  await expect(page.getByRole("link", { name: "Devtools" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Chaos" })).toHaveCount(0);
  const { code, stderr } = await cluster.vstack("network", "profile", "degraded");
  expect(code).toBe(1);
  expect(stderr).toContain("was not started with --lab");
});
