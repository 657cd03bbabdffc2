/** What a chunk costs in messages, counted by the nodes of a real cluster. */
import type { Video } from "#wire/contract/catalog-api.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

const [SMALL = ""] = DEMO_FILES;
const NODES = ["n1", "n2", "n3", "n4", "n5"];

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
});
