/** Uploading and the library as a person meets them: the page, a real cluster, and what is left on the nodes. */
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DEMO, DEMO_FILES, startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import {
  chooseFiles,
  chunkCount,
  copyOf,
  openUpload,
  rowOf,
  titles,
  uploadSlowly,
  waitForStored,
} from "../fixtures/uploading.ts";
import { pressPlay, waitForTime } from "../fixtures/watching.ts";

const [SMALL = "", MIDDLE = "", LARGE = ""] = DEMO_FILES;
const NODES = ["n1", "n2", "n3", "n4", "n5", "n6"];

test("a file chosen on the page goes through its phases and plays at the link", async ({
  page,
  cluster,
  pageErrors,
}) => {
  const path = await copyOf(LARGE, "phases.mp4");
  const { network, row } = await uploadSlowly(page, cluster, path, "phases.mp4");
  const phase = row.locator("[aria-current=step]");
  await expect(phase).toHaveText(/Receive/);
  await expect(row).toContainText(/[0-9.]+ kB\/s, .* left/);
  // Nodes that stand still hold the job in the phase that is looked for.
  for (const node of NODES) await cluster.signal(node, "SIGSTOP");
  try {
    await network.normal();
    await expect(phase).toHaveText([/Package/, /Distribute/]);
  } finally {
    for (const node of NODES) await cluster.signal(node, "SIGCONT");
  }
  const id = await waitForStored(row);
  await expect(row).toContainText("Stored. It can be watched");
  await expect(row).not.toContainText("At risk");
  await row.getByRole("link", { name: "Watch" }).click();
  await expect(page).toHaveURL(`${cluster.url}/watch/${id}`);
  await pressPlay(page);
  await waitForTime(page, 1);
  expect(pageErrors).toEqual([]);
});

test("a title is given before the start, and several files become the qualities of one video", async ({
  page,
  cluster,
}) => {
  await openUpload(page, cluster.url);
  await chooseFiles(page, await copyOf(SMALL, "ladder-240p.mp4"), await copyOf(MIDDLE, "ladder-480p.mp4"));
  await expect(page.getByLabel("Title of ladder-240p.mp4")).toHaveValue("ladder-240p");
  await page.getByLabel("These files are one video").check();
  await page.getByLabel("Title of the video").fill("A ladder <b>& more</b>");
  await page.getByRole("button", { name: "Upload 2 files as one video" }).click();
  const id = await waitForStored(rowOf(page, "ladder-240p.mp4"));
  await expect(rowOf(page, "ladder-480p.mp4")).toBeHidden();
  await page.goto(`${cluster.url}/watch/${id}`);
  await expect(page.getByRole("heading", { name: "A ladder <b>& more</b>" })).toBeVisible();
  await pressPlay(page);
  await waitForTime(page, 1);
  await expect(page.getByLabel("Quality").getByRole("option")).toHaveText([/Auto/, "480p", "240p"]);
});

test("a film and its subtitles are taken for one video, and the captions can be chosen", async ({ page, cluster }) => {
  const subtitles = test.info().outputPath("film.en.vtt");
  await writeFile(subtitles, "WEBVTT\n\n00:00.000 --> 00:40.000\nHello from the harbour\n");
  await openUpload(page, cluster.url);
  await chooseFiles(page, subtitles, await copyOf(SMALL, "film.mp4"));
  await expect(page.getByLabel("These files are one video")).toBeChecked();
  await page.getByRole("button", { name: "Upload 2 files as one video" }).click();
  const id = await waitForStored(page.getByRole("article").filter({ hasText: "2 files" }));
  await page.goto(`${cluster.url}/watch/${id}`);
  await expect(page.getByRole("heading", { name: "film", exact: true })).toBeVisible();
  await expect(page.getByText("1 quality")).toBeVisible();
  await pressPlay(page);
  await waitForTime(page, 1);
  await page.getByRole("button", { name: /captions/i }).click();
  const shown = async () =>
    await page
      .locator("video")
      .evaluate((video: HTMLVideoElement) =>
        [...video.textTracks].flatMap(({ mode, activeCues }) =>
          mode === "showing" ? [...(activeCues ?? [])].map((cue) => (cue as VTTCue).text) : [],
        ),
      );
  await expect.poll(shown).toEqual(["Hello from the harbour"]);
});

test("what is no video is refused before its first byte, and what only looks like one by the server", async ({
  page,
  cluster,
}) => {
  const notes = test.info().outputPath("notes.mp4");
  const empty = test.info().outputPath("empty.mp4");
  const garbage = test.info().outputPath("garbage.mp4");
  await writeFile(notes, "no video at all\n".repeat(30));
  await writeFile(empty, "");
  // The first bytes of a real file, and then none of its boxes.
  await writeFile(garbage, Buffer.concat([(await readFile(SMALL)).subarray(0, 24), Buffer.alloc(60_000, 7)]));
  const before = await chunkCount(cluster);
  await openUpload(page, cluster.url);
  const requests: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/uploads")) requests.push(request.url());
  });
  await chooseFiles(page, notes, empty, garbage);
  await expect(rowOf(page, "notes.mp4")).toContainText("“notes.mp4” is a text, not a video. Choose an MP4");
  await expect(rowOf(page, "empty.mp4")).toContainText("“empty.mp4” is empty. Was it copied to its end?");
  expect(requests).toEqual([]);
  await page.getByRole("button", { name: "Upload 1 file" }).click();
  const row = rowOf(page, "garbage.mp4");
  await expect(row).toHaveAttribute("data-state", "failed", { timeout: 20_000 });
  await expect(row).toContainText(/Cannot read the file/);
  expect(await chunkCount(cluster)).toBe(before);
  // The library keeps the reason until somebody has seen it.
  await page.getByRole("link", { name: "Library" }).click();
  // Other tests' failures may lie beside it: the cluster is theirs too.
  const failed = page.getByRole("region", { name: "Could not be stored" }).getByRole("article", { name: "garbage" });
  await expect(failed).toContainText(/Cannot read the file/);
  await failed.getByRole("button", { name: "Dismiss garbage" }).click();
  await expect(failed).toBeHidden();
  expect(await titles(cluster)).not.toContain("garbage");
});

test("a video is renamed, found, sorted and deleted, and its bytes go", async ({ page }) => {
  // A cluster of its own: chunks that another test's video shares would stay.
  const own = await startCluster("--no-demo");
  try {
    await openUpload(page, own.url);
    await chooseFiles(page, SMALL, LARGE);
    await page.getByLabel("Title of demo-240p.mp4").fill("Zebra");
    await page.getByLabel("Title of demo-720p.mp4").fill("Aardvark");
    await page.getByRole("button", { name: "Upload 2 files" }).click();
    await waitForStored(rowOf(page, "demo-240p.mp4"));
    await waitForStored(rowOf(page, "demo-720p.mp4"));

    await page.getByRole("link", { name: "Library" }).click();
    const names = page.getByRole("list", { name: "Videos" }).getByRole("heading");
    await page.getByLabel("Sort by").selectOption("Title");
    await expect(names).toHaveText(["Aardvark", "Zebra"]);
    await expect(page).toHaveURL(/sort=title/);
    await page.getByLabel("Sort by").selectOption("Largest");
    await expect(names).toHaveText(["Aardvark", "Zebra"]);

    await page.getByRole("button", { name: "More about Zebra" }).click();
    await expect(page.getByRole("menuitem", { name: "Rename" })).toBeFocused();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Rename" });
    await dialog.getByLabel("Title").fill("Antelope");
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await page.getByLabel("Sort by").selectOption("Title");
    await expect(names).toHaveText(["Aardvark", "Antelope"]);

    await page.getByLabel("Search by title").fill("lope");
    await expect(names).toHaveText(["Antelope"]);
    const stored = await chunkCount(own);
    await page.getByRole("button", { name: "More about Antelope" }).click();
    await expect(page.getByRole("menuitem", { name: "Rename" })).toBeFocused();
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    const question = page.getByRole("dialog", { name: "Delete “Antelope”?" });
    await expect(question).toContainText("1.1 MB");
    await question.getByRole("button", { name: "Delete" }).click();
    await expect(page.getByText("No title contains “lope”")).toBeVisible();
    await expect.poll(async () => await chunkCount(own)).toBeLessThan(stored);
    expect(await titles(own)).toEqual(["Aardvark"]);

    await page.getByRole("button", { name: "Show all videos" }).click();
    await page.getByRole("button", { name: "More about Aardvark" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await expect(page.getByText("Nothing here yet")).toBeVisible();
    await expect.poll(async () => await chunkCount(own)).toBe(0);
  } finally {
    await own.stop();
  }
});

test("the embedded player plays in a frame of another site", async ({ page, cluster, demoId }) => {
  const site = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><iframe src="${cluster.url}/embed/${demoId}" width="640" height="360"></iframe>`);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  try {
    await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`);
    const frame = page.frameLocator("iframe");
    await frame.getByRole("button", { name: "Play", exact: true }).click();
    await expect
      .poll(async () => await frame.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime))
      .toBeGreaterThan(1);
    await expect(frame.getByRole("banner")).toHaveCount(0);
    await expect(frame.getByRole("heading", { name: DEMO.title })).toBeAttached();
  } finally {
    site.close();
  }
});
