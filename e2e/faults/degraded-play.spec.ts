/** A video that is kept as shards alone plays in the browser though two of the five nodes are dead: whichever two they are. */
import type { ManifestPage } from "#wire/contract/catalog-api.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import { segmentsOf, setVideo, startWatching, traces, waitForTime } from "../fixtures/watching.ts";

const CHANGED_MS = 40_000;
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
    const id = await storedAsShards(cluster);
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
    }
  } finally {
    await cluster.stop();
  }
});

/** Until no replica of a segment is left. */
async function storedAsShards(cluster: Cluster): Promise<string> {
  const words = ["upload", DEMO_FILES[1] ?? "", "--title", "Cold", "--redundancy", "erasure", "--json"];
  const { stdout, stderr, code } = await cluster.vstack(...words);
  expect(code, stderr).toBe(0);
  const { id } = JSON.parse(stdout) as { id: string };
  const put = async (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${cluster.url}${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
    expect(answer.status, path).toBe(200);
  };
  // Who is dead for seconds is not done without: the shards themselves are to be enough.
  await put("/api/redundancy/config", { graceSeconds: 1, holdOffSeconds: 600, newSeconds: 0, dwellHotSeconds: 0 });
  const replicas = async () => {
    const answer = await fetch(`${cluster.url}/api/videos/${id}/manifest?rendition=480p`);
    const { segments } = (await answer.json()) as ManifestPage;
    return segments.flatMap(({ record }) => record.holders).filter(({ holds }) => holds === "replica").length;
  };
  await expect.poll(replicas, { timeout: CHANGED_MS }).toBe(0);
  return id;
}
