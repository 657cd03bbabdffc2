/** An upload whose server dies in the middle. */
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import { expect, test } from "../../fixtures/test.ts";
import { copyOf, sentOffsets, uploadSlowly, waitForStored } from "../../fixtures/uploading.ts";

const [, , LARGE = ""] = DEMO_FILES;

test("the server is killed and started again in the middle, and nothing that was sent is sent twice", async ({
  page,
}) => {
  const own = await startCluster("--no-demo");
  try {
    const offsets = sentOffsets(page);
    const { network, row } = await uploadSlowly(page, own, await copyOf(LARGE, "restarted.mp4"), "restarted.mp4");
    await own.signal("metadata", "SIGKILL");
    await expect(row).toContainText("Trying again by itself");
    await own.restart("metadata");
    await network.normal();
    await waitForStored(row, 60_000);
    expect(offsets.at(-1)).toBeGreaterThan(0);
  } finally {
    await own.stop();
  }
});
