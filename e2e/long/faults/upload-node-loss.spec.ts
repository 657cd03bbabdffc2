/** Storage nodes that die while videos are distributed to them: what the page says, and what is there in the end. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Video } from "#wire/contract/catalog-api.ts";
import type { UploadList } from "#wire/contract/upload-api.ts";
import type { Cluster } from "../../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import { expectThreeCopies } from "../../fixtures/stored-chunks.ts";
import { expect, test } from "../../fixtures/test.ts";
import { chooseFiles, openUpload, rowOf, waitForStored } from "../../fixtures/uploading.ts";

const NODES = ["n1", "n2", "n3"];
/** Nodes are missed, tried again, and mended within so long. */
const PATIENCE_MS = 60_000;
const [SMALL = "", MIDDLE = ""] = DEMO_FILES;

let folder = "";
let cluster: Cluster;
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vstack-loss-"));
  cluster = await startCluster("--no-demo", "--nodes", String(NODES.length));
});
test.afterEach(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

const uploads = async () => ((await (await fetch(`${cluster.url}/api/uploads`)).json()) as UploadList).uploads;
const videoOf = async (id: string) => (await (await fetch(`${cluster.url}/api/videos/${id}`)).json()) as Video;
const toAll = (signal: NodeJS.Signals) => Promise.all(NODES.map((node) => cluster.signal(node, signal)));

test("one of three nodes killed in the middle: stored, at risk, and whole when it is back", async ({ page }) => {
  test.setTimeout(180_000);
  await openUpload(page, cluster.url);
  await chooseFiles(page, MIDDLE);
  // Nodes that stand still have what was sent to them in their hands when one of them is killed.
  await toAll("SIGSTOP");
  await page.getByRole("button", { name: "Upload 1 file" }).click();
  await expect.poll(async () => (await uploads())[0]?.phase).toBe("packaging");
  await cluster.signal("n3", "SIGKILL");
  await cluster.signal("n1", "SIGCONT");
  await cluster.signal("n2", "SIGCONT");
  const row = rowOf(page, "demo-480p.mp4");
  const id = await waitForStored(row, PATIENCE_MS);
  await expect(row).toContainText("At risk");
  const { copies } = await videoOf(id);
  expect(copies.present).toBeLessThan(copies.wanted);

  await cluster.restart("n3");
  await expect
    .poll(async () => (await videoOf(id)).copies, { timeout: PATIENCE_MS })
    .toEqual({ present: copies.wanted, wanted: copies.wanted });
  await expect(row).not.toContainText("At risk", { timeout: PATIENCE_MS });
  await expectThreeCopies(cluster, [id]);
});

test("all nodes killed in the middle: uploads wait and say so, one goes on by itself, one is cancelled and gone", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const cancelled = join(folder, "cancelled.mp4");
  await copyFile(SMALL, cancelled);
  await openUpload(page, cluster.url);
  await chooseFiles(page, MIDDLE, cancelled);
  await toAll("SIGSTOP");
  await page.getByRole("button", { name: "Upload 2 files" }).click();
  const phases = async () => (await uploads()).map(({ phase }) => phase);
  await expect.poll(phases).toEqual(["packaging", "packaging"]);
  await toAll("SIGKILL");
  const row = rowOf(page, "demo-480p.mp4");
  await expect(row).toContainText("Waiting for storage nodes", { timeout: PATIENCE_MS });
  await expect(rowOf(page, "cancelled.mp4")).toContainText("Waiting for storage nodes", { timeout: PATIENCE_MS });

  for (const { videoId } of await uploads()) {
    expect((await videoOf(videoId ?? "")).state).toBe("processing");
    expect((await fetch(`${cluster.url}/media/${videoId ?? ""}/master.m3u8`)).ok).toBe(false);
  }
  await page.getByRole("button", { name: "Cancel cancelled.mp4" }).click();
  await expect(rowOf(page, "cancelled.mp4")).toBeHidden();

  for (const node of NODES) await cluster.restart(node);
  const id = await waitForStored(row, PATIENCE_MS);
  await expect
    .poll(async () => (await videoOf(id)).copies.present, { timeout: PATIENCE_MS })
    .toBe((await videoOf(id)).copies.wanted);
  // Nothing of the other one is among what the nodes have.
  await expectThreeCopies(cluster, [id]);
});
