/** A video that is kept as shards alone plays in the browser though two of the five nodes are dead: whichever two they are. */
import { startCluster } from "../../fixtures/cluster.ts";
import { isSpread, storedAsShards } from "../../fixtures/cold-video.ts";
import { expect, test } from "../../fixtures/test.ts";
import { segmentsOf, setVideo, startWatching, traces, waitForTime } from "../../fixtures/watching.ts";

/** Every pair of neighbours in a ring of five: each node is dead twice, beside another one. */
const PAIRS = [
  ["n1", "n2"],
  ["n3", "n4"],
  ["n5", "n1"],
] as const;

test("with any two of five nodes dead a video kept as shards plays, from what the others have", async ({ browser }) => {
  test.setTimeout(200_000);
  const cluster = await startCluster("--no-demo", "--nodes", "5");
  try {
    const { id } = await storedAsShards(cluster);
    for (const pair of PAIRS) {
      const { nodes } = await cluster.status();
      for (const { id: nodeId, pid } of nodes) if (pair.some((one) => one === nodeId)) process.kill(pid, "SIGKILL");
      const context = await browser.newContext();
      const page = await context.newPage();
      await startWatching(page, `${cluster.url}/watch/${id}`);
      await setVideo(page, { currentTime: 30 });
      await waitForTime(page, 33);
      const seen = segmentsOf(await traces(page));
      expect(seen.filter(({ outcome }) => outcome === "failed")).toEqual([]);
      expect(seen.filter(({ servedFrom }) => servedFrom === "gateway")).toEqual([]);
      expect(
        seen.some(({ decodes }) => decodes.length > 0),
        `${pair.join(" and ")} dead: something was decoded`,
      ).toBe(true);
      await expect(page.getByRole("alert")).toHaveCount(0);
      await context.close();
      for (const nodeId of pair) await cluster.restart(nodeId);
      await isSpread(cluster, id);
    }
  } finally {
    await cluster.stop();
  }
});
