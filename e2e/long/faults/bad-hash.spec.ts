/**
 * Rot that a playing browser meets: the picture goes on from other shards, the worker says what it saw, and the pieces are
 * checked and made again while it plays, days before the scrub would have come to them.
 */
import type { Queue } from "#wire/contract/redundancy-schemas.ts";
import type { ChunkMap } from "#wire/contract/storage-schemas.ts";
import type { Cluster } from "../../fixtures/cluster.ts";
import { startCluster } from "../../fixtures/cluster.ts";
import { storedAsShards } from "../../fixtures/cold-video.ts";
import { readVideo } from "../../fixtures/read-pieces.ts";
import { expect, test } from "../../fixtures/test.ts";
import { segmentsOf, startWatching, traces, waitForTime } from "../../fixtures/watching.ts";

/** From the first wrong block to the last piece that was made again, on a machine that others use, too. */
const HEALED_MS = 20_000;
const DATA_SHARDS = 3;
/** The segments of the first twelve seconds, and what happens to a shard of plain bytes of each: every one on a node of its
 *  own, for a node that was caught lying is asked for nothing more. */
const DAMAGE = ["corrupt", "delete", "corrupt"] as const;

test("shards that rotted or vanished heal because a browser met them, and it plays on", async ({ page }) => {
  test.setTimeout(150_000);
  const cluster = await startCluster("--no-demo", "--lab");
  try {
    const { id, records } = await storedAsShards(cluster);
    const damagedNodes = new Set<string>();
    for (const [seq, damage] of DAMAGE.entries()) {
      const { hash = "", holders = [] } = records[seq] ?? {};
      const piece = holders.find(
        (holder) => holder.holds === "shard" && holder.shard < DATA_SHARDS && !damagedNodes.has(holder.nodeId),
      );
      if (piece?.holds !== "shard") throw new Error(`segment ${seq} has no shard of plain bytes on another node`);
      damagedNodes.add(piece.nodeId);
      const body = JSON.stringify({ nodeId: piece.nodeId, hash, shard: piece.shard, damage });
      const answer = await fetch(`${cluster.url}/api/lab/pieces`, { method: "POST", body });
      expect(answer.status, await answer.text()).toBe(200);
    }
    expect(await found(cluster)).toEqual({ corrupt: 0, missing: 0 });
    await startWatching(page, `${cluster.url}/watch/${id}`);
    await expect.poll(() => found(cluster), { timeout: HEALED_MS }).toEqual({ corrupt: 2, missing: 1 });
    await expect.poll(() => unwhole(cluster, id), { timeout: HEALED_MS }).toEqual([]);
    await waitForTime(page, 12);
    const seen = segmentsOf(await traces(page));
    expect(seen.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(seen.some(({ decodes }) => decodes.length > 0)).toBe(true);
    expect((await readVideo(cluster.url, id)).failed).toEqual([]);
    await expect(page.getByRole("alert")).toHaveCount(0);
  } finally {
    await cluster.stop();
  }
});

async function found(cluster: Cluster): Promise<Pick<Queue["scrub"], "corrupt" | "missing">> {
  const { scrub } = (await (await fetch(`${cluster.url}/api/redundancy/queue`)).json()) as Queue;
  return { corrupt: scrub.corrupt, missing: scrub.missing };
}

/** Segments with a piece that is not intact. */
async function unwhole(cluster: Cluster, id: string): Promise<string[]> {
  const map = (await (await fetch(`${cluster.url}/api/storage/videos/${id}/map`)).json()) as ChunkMap;
  return map.rows.filter(({ pieces }) => pieces.some(({ state }) => state !== "intact")).map(({ key }) => key);
}
