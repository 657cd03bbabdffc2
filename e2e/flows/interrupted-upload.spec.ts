/** An upload that is interrupted, by a person, the network or a reload, goes on or leaves nothing behind. */
import { DEMO_FILES } from "../fixtures/cluster.ts";
import { cuttableWay } from "../fixtures/cuttable-way.ts";
import { expect, test } from "../fixtures/test.ts";
import {
  chooseFiles,
  chunkCount,
  copyOf,
  networkOf,
  rowOf,
  sentOffsets,
  titles,
  uploadSlowly,
  waitForStored,
} from "../fixtures/uploading.ts";

const [, , LARGE = ""] = DEMO_FILES;

test("pausing stops the send, and resuming goes on at the server's offset", async ({ page, cluster }) => {
  const offsets = sentOffsets(page);
  const { network, row } = await uploadSlowly(page, cluster, await copyOf(LARGE, "paused.mp4"), "paused.mp4");
  await page.getByRole("button", { name: "Pause paused.mp4" }).click();
  await expect(row).toContainText(/Paused at .* of 2\.6 MB/);
  expect(offsets).toEqual([0]);
  await network.normal();
  await page.getByRole("button", { name: "Resume paused.mp4" }).click();
  await waitForStored(row);
  expect(offsets.length).toBeGreaterThan(1);
  expect(offsets[1]).toBeGreaterThan(0);
});

test("after a reload the same file goes on where it stopped, whatever it is called now", async ({ page, cluster }) => {
  const path = await copyOf(LARGE, "reloaded.mp4");
  page.on("dialog", (dialog) => void dialog.accept());
  await uploadSlowly(page, cluster, path, "reloaded.mp4");
  await page.reload();
  const interrupted = page.getByRole("region", { name: "Interrupted" });
  await expect(interrupted).toContainText("reloaded");
  await expect(interrupted).toContainText(/[0-9]+ % received/);
  const offsets = sentOffsets(page);
  await (await networkOf(page)).normal();
  await chooseFiles(page, await copyOf(path, "another name.mp4"));
  await waitForStored(rowOf(page, "another name.mp4"));
  await expect(interrupted).toBeHidden();
  expect(offsets[0]).toBeGreaterThan(0);
  expect((await titles(cluster)).filter((title) => title === "reloaded")).toHaveLength(1);
});

test("a connection that drops is waited for", async ({ page, cluster }) => {
  const way = await cuttableWay(cluster.url);
  try {
    const path = await copyOf(LARGE, "dropped.mp4");
    const offsets = sentOffsets(page);
    const { network, row } = await uploadSlowly(page, way, path, "dropped.mp4");
    way.cut();
    await expect(row).toContainText("The connection broke. Trying again by itself");
    way.mend();
    await network.normal();
    await waitForStored(row);
    expect(offsets.at(-1)).toBeGreaterThan(0);
  } finally {
    way.close();
  }
});

test("cancelling leaves nothing behind", async ({ page, cluster }) => {
  const before = await chunkCount(cluster);
  const { row } = await uploadSlowly(page, cluster, await copyOf(LARGE, "cancelled.mp4"), "cancelled.mp4");
  expect(await titles(cluster)).toContain("cancelled");
  await page.getByRole("button", { name: "Cancel cancelled.mp4" }).click();
  await expect(row).toBeHidden();
  expect(await titles(cluster)).not.toContain("cancelled");
  expect(await chunkCount(cluster)).toBe(before);
  await page.reload();
  await expect(page.getByRole("region", { name: "Interrupted" })).toBeHidden();
});
