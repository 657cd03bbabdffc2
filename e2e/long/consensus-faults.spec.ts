/** ChunkPaxos in a real cluster, the longer half: dead acceptors, a group below its quorum, a drained node. */
import type { ManifestPage, Video } from "#wire/contract/catalog-api.ts";
import type { ConsensusAnswer } from "#wire/contract/consensus-view-api.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

const [SMALL = "", MIDDLE = ""] = DEMO_FILES;
const consensusOf = ({ api }: Cluster) => api.get<ConsensusAnswer>("/api/consensus");

test.describe("five acceptors", () => {
  let cluster: Cluster;
  test.beforeEach(async () => {
    cluster = await startCluster("--no-demo", "--nodes", "5", "--replace-after-seconds", "3600");
  });
  test.afterEach(async () => {
    await cluster.stop();
  });

  test("one acceptor dead: everything goes on, with three copies of every chunk", async () => {
    await cluster.upload(SMALL, "--title", "before");
    await cluster.signal("n2", "SIGKILL");
    const id = await cluster.upload(MIDDLE, "--title", "after");
    const lacking = async () => {
      const { copies } = await cluster.api.get<Video>(`/api/videos/${id}`);
      return copies.wanted - copies.present;
    };
    await expect.poll(lacking, { timeout: 60_000 }).toBe(0);
    expect((await cluster.vstack("rename", id, "renamed meanwhile")).code).toBe(0);
    const { groups } = await consensusOf(cluster);
    expect(groups.every(({ canDecide }) => canDecide)).toBe(true);
  });

  test("below its quorum a group's video plays and is not changed: 503 says when to come again", async () => {
    const id = await cluster.upload(SMALL, "--title", "kept");
    for (const node of ["n1", "n2", "n3"]) await cluster.signal(node, "SIGKILL");
    await expect
      .poll(async () => (await consensusOf(cluster)).groups.every(({ canDecide }) => !canDecide), { timeout: 30_000 })
      .toBe(true);
    const path = `/api/videos/${id}`;
    const url = `${cluster.url}${path}`;
    for (const change of [{ method: "DELETE" }, { method: "PATCH", body: '{"title":"other"}' }]) {
      const answer = await fetch(url, change);
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    }
    expect((await cluster.api.get<Video>(path)).title).toBe("kept");
    expect((await fetch(`${cluster.url}/media/${id}/240p/0.m4s`)).status).toBe(200);
    for (const node of ["n1", "n2", "n3"]) await cluster.restart(node);
    await expect.poll(async () => (await fetch(url, { method: "DELETE" })).status, { timeout: 30_000 }).toBe(204);
  });

  test("a drained node leaves its groups and gets nothing new", async () => {
    await cluster.upload(SMALL, "--title", "before");
    expect((await cluster.vstack("drain", "n1")).code).toBe(0);
    const { groups } = await consensusOf(cluster);
    expect(groups.flatMap(({ members }) => members).filter(({ nodeId }) => nodeId === "n1")).toEqual([]);
    const id = await cluster.upload(MIDDLE, "--title", "after");
    const { renditions } = await cluster.api.get<Video>(`/api/videos/${id}`);
    const page = await cluster.api.get<ManifestPage>(
      `/api/videos/${id}/manifest?rendition=${renditions[0]?.id ?? ""}&from=0`,
    );
    const holders = page.segments.flatMap(({ record }) => record.holders.map(({ nodeId }) => String(nodeId)));
    expect(holders.length).toBeGreaterThan(0);
    expect(holders).not.toContain("n1");
  });
});
