/** Every page in light and dark, on a phone and by keyboard: axe finds nothing serious, nothing scrolls sideways. */
import { seriousFindings } from "../fixtures/axe.ts";
import { DEMO_FILES } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import { playback, startWatching, waitForTime } from "../fixtures/watching.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious in ${colorScheme}`, async ({ page, cluster, demoId }) => {
    await page.emulateMedia({ colorScheme });
    for (const path of [
      "/",
      `/watch/${demoId}`,
      "/upload",
      `/embed/${demoId}`,
      "/devtools",
      "/nodes",
      "/storage",
      "/chaos",
      "/bench",
      "/no-such-page",
    ]) {
      await page.goto(`${cluster.url}${path}`);
      await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
      expect(await seriousFindings(page), path).toEqual([]);
    }
    await page.goto(cluster.url);
    await page.getByRole("button", { name: /More about/ }).click();
    expect(await seriousFindings(page), "with a menu open").toEqual([]);
    await page.getByRole("menuitem", { name: "Delete" }).click();
    expect(await seriousFindings(page), "with a question open").toEqual([]);
    await page.goto(`${cluster.url}/upload`);
    await page.getByLabel("Files to upload").setInputFiles(DEMO_FILES);
    await expect(page.getByRole("button", { name: "Upload 3 files" })).toBeVisible();
    expect(await seriousFindings(page), "with files chosen").toEqual([]);
    await startWatching(page, `${cluster.url}/watch/${demoId}`);
    await page.keyboard.press("d");
    await page.keyboard.press("n");
    await expect(page.locator("vstack-devtools").first()).toBeVisible();
    expect(await seriousFindings(page), "with panel and stats open").toEqual([]);
  });
}

test("nothing scrolls sideways on phones of 360 and 320 pixels", async ({ page, cluster, demoId }) => {
  for (const path of ["/", `/watch/${demoId}`, "/upload", "/devtools", "/nodes", "/storage", "/chaos", "/bench"]) {
    await page.setViewportSize({ width: 360, height: 640 });
    await page.goto(`${cluster.url}${path}`);
    await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
    for (const width of [360, 320]) {
      await page.setViewportSize({ width, height: 640 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(width);
    }
  }
});

test("keys play, seek, mute and open the panel", async ({ page, cluster, demoId }) => {
  await startWatching(page, `${cluster.url}/watch/${demoId}`);
  await page.keyboard.press("5");
  await waitForTime(page, 24);
  await page.keyboard.press("k");
  const paused = (await playback(page)).currentTime;
  await page.keyboard.press("l");
  await expect.poll(async () => (await playback(page)).currentTime).toBeGreaterThan(paused + 5);
  await page.keyboard.press("d");
  await expect(page.locator("vstack-devtools").first()).toBeVisible();
  await page.keyboard.press("d");
  await expect(page.locator("vstack-devtools").first()).toBeHidden();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});
