/** ChunkPaxos in a real cluster, the longer half: dead acceptors, a group below its quorum, a drained node. */
import type { ManifestPage, Video } from "#wire/contract/catalog-api.ts";
import type { ConsensusAnswer } from "#wire/contract/consensus-view-api.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

const [SMALL = "", MIDDLE = ""] = DEMO_FILES;
const json = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T;
const consensusOf = ({ url }: Cluster) => json<ConsensusAnswer>(`${url}/api/consensus`);

async function upload(cluster: Cluster, file: string, title: string): Promise<string> {
  const { stdout, code, stderr } = await cluster.vstack("upload", file, "--title", title, "--json");
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { id: string }).id;
}

test.describe("five acceptors", () => {
  let cluster: Cluster;
  test.beforeEach(async () => {
    cluster = await startCluster("--no-demo", "--nodes", "5", "--replace-after-seconds", "3600");
  });
  test.afterEach(async () => {
    await cluster.stop();
  });

  test("one acceptor dead: everything goes on, with three copies of every chunk", async () => {
    await upload(cluster, SMALL, "before");
    await cluster.signal("n2", "SIGKILL");
    const id = await upload(cluster, MIDDLE, "after");
    const lacking = async () => {
      const { copies } = await json<Video>(`${cluster.url}/api/videos/${id}`);
      return copies.wanted - copies.present;
    };
    await expect.poll(lacking, { timeout: 60_000 }).toBe(0);
    expect((await cluster.vstack("rename", id, "renamed meanwhile")).code).toBe(0);
    const { groups } = await consensusOf(cluster);
    expect(groups.every(({ canDecide }) => canDecide)).toBe(true);
  });

  test("below its quorum a group's video plays and is not changed: 503 says when to come again", async () => {
    const id = await upload(cluster, SMALL, "kept");
    for (const node of ["n1", "n2", "n3"]) await cluster.signal(node, "SIGKILL");
    await expect
      .poll(async () => (await consensusOf(cluster)).groups.every(({ canDecide }) => !canDecide), { timeout: 30_000 })
      .toBe(true);
    const path = `${cluster.url}/api/videos/${id}`;
    for (const change of [{ method: "DELETE" }, { method: "PATCH", body: '{"title":"other"}' }]) {
      const answer = await fetch(path, change);
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    }
    expect((await json<Video>(path)).title).toBe("kept");
    expect((await fetch(`${cluster.url}/media/${id}/240p/0.m4s`)).status).toBe(200);
    for (const node of ["n1", "n2", "n3"]) await cluster.restart(node);
    await expect.poll(async () => (await fetch(path, { method: "DELETE" })).status, { timeout: 30_000 }).toBe(204);
  });

  test("a drained node leaves its groups and gets nothing new", async () => {
    await upload(cluster, SMALL, "before");
    expect((await cluster.vstack("drain", "n1")).code).toBe(0);
    const { groups } = await consensusOf(cluster);
    expect(groups.flatMap(({ members }) => members).filter(({ nodeId }) => nodeId === "n1")).toEqual([]);
    const id = await upload(cluster, MIDDLE, "after");
    const { renditions } = await json<Video>(`${cluster.url}/api/videos/${id}`);
    const page = await json<ManifestPage>(
      `${cluster.url}/api/videos/${id}/manifest?rendition=${renditions[0]?.id ?? ""}&from=0`,
    );
    const holders = page.segments.flatMap(({ record }) => record.holders.map(({ nodeId }) => String(nodeId)));
    expect(holders.length).toBeGreaterThan(0);
    expect(holders).not.toContain("n1");
  });
});
