/** ChunkPaxos in a real cluster: a wiped acceptor, and a catalogue that was lost. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ManifestPage, Video, VideoList } from "#wire/contract/catalog-api.ts";
import type { ConsensusAnswer, RebuildState } from "#wire/contract/consensus-view-api.ts";
import type { Cluster } from "../../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import { expect, test } from "../../fixtures/test.ts";

const [SMALL = "", MIDDLE = ""] = DEMO_FILES;
/** A wiped node is heard, and every group looked at, each second. */
const READMISSION_MS = 30_000;

const consensusOf = ({ api }: Cluster) => api.get<ConsensusAnswer>("/api/consensus");

let cluster: Cluster;
test.beforeEach(async () => {
  cluster = await startCluster("--no-demo", "--nodes", "5", "--replace-after-seconds", "3600");
});
test.afterEach(async () => {
  await cluster.stop();
});

test("a wiped node votes again by itself, as another acceptor, and the time is told", async () => {
  await cluster.upload(SMALL, "--title", "before");
  const before = await consensusOf(cluster);
  await cluster.signal("n3", "SIGKILL");
  await rm(join(cluster.data, "nodes", "n3", "acceptor.log"));
  await cluster.restart("n3");
  const incarnation = ({ acceptors }: ConsensusAnswer) => acceptors.find(({ nodeId }) => nodeId === "n3")?.incarnation;
  await expect
    .poll(
      async () => {
        const now = await consensusOf(cluster);
        const votes = now.groups.map(({ members }) => members.find(({ nodeId }) => nodeId === "n3")?.incarnation);
        return incarnation(now) !== incarnation(before) && votes.every((one) => one === incarnation(now));
      },
      { timeout: READMISSION_MS },
    )
    .toBe(true);
  expect(await (await fetch(`${cluster.url}/metrics`)).text()).toMatch(/^vstack_readmission_seconds_count [1-9]/m);
  await cluster.upload(MIDDLE, "--title", "after");
});

test("a catalogue that was lost comes back from the nodes, equal to the old one", async () => {
  test.setTimeout(120_000);
  const ids = [await cluster.upload(SMALL, "--title", "one"), await cluster.upload(MIDDLE, "--title", "two")];
  expect((await cluster.vstack("rename", ids[0] ?? "", "first")).code).toBe(0);
  const before = await catalogueOf(cluster);
  await cluster.signal("metadata", "SIGTERM");
  await expect.poll(() => fetch(`${cluster.url}/health`).catch(() => "gone")).toBe("gone");
  for (const end of ["", "-wal", "-shm"]) {
    await rm(join(cluster.data, "metadata", `catalogue.db${end}`), { force: true });
  }
  await cluster.restart("metadata");
  await expect.poll(async () => (await consensusOf(cluster)).needsRebuild, { timeout: 30_000 }).toBe(true);
  expect((await cluster.vstack("status")).stdout).toContain("vstack rebuild-catalogue");
  expect(await catalogueOf(cluster)).toEqual([]);
  const rebuilt = await cluster.vstack("rebuild-catalogue", "--json");
  expect(rebuilt.code, rebuilt.stderr).toBe(0);
  const state = JSON.parse(rebuilt.stdout) as RebuildState;
  expect(state).toMatchObject({ phase: "done", videosDone: 2, problems: [] });
  expect(await catalogueOf(cluster)).toEqual(before);
  expect((await cluster.vstack("rebuild-catalogue")).code).toBe(0);
  await cluster.upload(SMALL, "--title", "three");
});

/** Everything that the catalogue says of its videos; views were in the database alone. */
async function catalogueOf({ api }: Cluster): Promise<unknown[]> {
  const { videos } = await api.get<VideoList>(`/api/videos?sort=oldest`);
  return await Promise.all(
    videos.map(async ({ id }) => {
      const video = await api.get<Video>(`/api/videos/${id}`);
      const pages = video.renditions.map(async ({ id: rendition }) => {
        const page = await api.get<ManifestPage>(`/api/videos/${id}/manifest?rendition=${rendition}&from=0`);
        // States of nodes are of the moment.
        return { ...page, nodes: page.nodes.map((node) => node.id) };
      });
      return { ...video, views: 0, pages: await Promise.all(pages) };
    }),
  );
}
