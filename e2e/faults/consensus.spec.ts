/** ChunkPaxos in a real cluster: messages counted by the nodes, dead and wiped acceptors, a catalogue that was lost. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ManifestPage, Video, VideoList } from "#wire/contract/catalog-api.ts";
import type { ConsensusAnswer, RebuildState } from "#wire/contract/consensus-view-api.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

const [SMALL = "", MIDDLE = ""] = DEMO_FILES;
const NODES = ["n1", "n2", "n3", "n4", "n5"];
/** A wiped node is heard, and every group looked at, each second. */
const READMISSION_MS = 30_000;

const consensusOf = ({ api }: Cluster) => api.get<ConsensusAnswer>("/api/consensus");

/** Requests that the nodes have answered: chunks that came, and questions to their acceptors. */
async function requests(cluster: Cluster): Promise<{ readonly puts: number; readonly votes: number }> {
  const texts = await Promise.all(
    NODES.map(async (node) => (await fetch(`http://127.0.0.1:${cluster.port + Number(node.slice(1))}/metrics`)).text()),
  );
  const sum = (pattern: RegExp) =>
    texts.flatMap((text) => [...text.matchAll(pattern)]).reduce((total, [, count]) => total + Number(count), 0);
  return {
    puts: sum(/^vstack_requests_total\{method="PUT",[^}]*\} (\d+)$/gm),
    // Opening a stream counts as a message, too.
    votes: sum(/^vstack_vote_messages_total\{[^}]*\} (\d+)$/gm),
  };
}

async function chunksOf(cluster: Cluster, videoId: string): Promise<number> {
  const { copies } = await cluster.api.get<Video>(`/api/videos/${videoId}`);
  return copies.wanted / 3;
}

test.describe("with three acceptors", () => {
  let cluster: Cluster;
  test.beforeEach(async () => {
    cluster = await startCluster("--no-demo", "--nodes", "5", "--acceptors", "3");
  });
  test.afterEach(async () => {
    await cluster.stop();
  });

  test("a chunk is committed with exactly six messages, its bytes included", async () => {
    const id = await cluster.upload(SMALL, "--title", "counted");
    expect(await requests(cluster)).toEqual({ puts: 3 * (await chunksOf(cluster, id)), votes: 0 });
  });
});

test.describe("with five acceptors", () => {
  let cluster: Cluster;
  test.beforeEach(async () => {
    cluster = await startCluster("--no-demo", "--nodes", "5", "--replace-after-seconds", "3600");
  });
  test.afterEach(async () => {
    await cluster.stop();
  });

  test("a chunk is committed with six messages, and four more at most that chunks share", async () => {
    const id = await cluster.upload(SMALL, "--title", "counted");
    const chunks = await chunksOf(cluster, id);
    const { puts, votes } = await requests(cluster);
    expect(puts).toBe(3 * chunks);
    expect(votes).toBeGreaterThan(0);
    expect(votes).toBeLessThan(2 * chunks);
  });

  test("a wiped node votes again by itself, as another acceptor, and the time is told", async () => {
    await cluster.upload(SMALL, "--title", "before");
    const before = await consensusOf(cluster);
    await cluster.signal("n3", "SIGKILL");
    await rm(join(cluster.data, "nodes", "n3", "acceptor.log"));
    await cluster.restart("n3");
    const incarnation = ({ acceptors }: ConsensusAnswer) =>
      acceptors.find(({ nodeId }) => nodeId === "n3")?.incarnation;
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
