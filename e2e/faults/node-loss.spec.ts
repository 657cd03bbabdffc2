/** Any one node may be killed or frozen while people watch: no stall, no error on the page. */
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import { demoIdOf, expect, test } from "../fixtures/test.ts";
import {
  observePlayback,
  playback,
  segmentsOf,
  setVideo,
  startWatching,
  traces,
  waitForTime,
} from "../fixtures/watching.ts";

/** A wait after a seek on these two busy cores, with room for the 0.8 s that a hung node may cost. */
const MAX_FREEZE_SECONDS = 2;
/** The watchdog looks each 50 ms, and in the moment after a seek at fourfold speed it sees a decoder that has just begun. */
const MAX_STALL_SECONDS = 0.25;

for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
  test(`${signal} of the busiest node during play costs no stall and no error`, async ({ page, pageErrors }) => {
    const cluster = await startCluster();
    try {
      await startWatching(page, `${cluster.url}/watch/${await demoIdOf(cluster)}`);
      await observePlayback(page);
      const victim = await busiestNode(page);
      await cluster.signal(victim, signal);
      // Twice into what nobody has fetched yet: there is no buffer that could hide the fault. Then on to the end.
      await setVideo(page, { currentTime: 38 });
      await waitForTime(page, 40);
      await setVideo(page, { currentTime: 2, playbackRate: 4 });
      await expect.poll(async () => (await playback(page)).ended, { timeout: 40_000 }).toBe(true);

      const seen = await playback(page);
      expect(seen.stalledSeconds).toBeLessThan(MAX_STALL_SECONDS);
      expect(seen.longestFreezeSeconds).toBeLessThan(MAX_FREEZE_SECONDS);
      const after = segmentsOf(await traces(page));
      expect(after.filter((trace) => trace.outcome === "failed")).toEqual([]);
      expect(after.filter((trace) => trace.servedFrom === "gateway")).toEqual([]);
      const failedThere = after.flatMap((trace) => trace.attempts).filter((attempt) => attempt.nodeId === victim);
      expect(failedThere.some((attempt) => attempt.outcome === "failed" || attempt.outcome === "stalled")).toBe(true);
      await expect(page.getByRole("alert")).toHaveCount(0);
      // The browser itself logs a refused connection; everything else would be ours.
      expect(pageErrors.filter((text) => !text.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
      if (signal === "SIGSTOP") await cluster.signal(victim, "SIGCONT");
    } finally {
      await cluster.stop();
    }
  });
}

async function busiestNode(page: Parameters<typeof traces>[0]): Promise<string> {
  const bytes = new Map<string, number>();
  for (const attempt of (await traces(page)).flatMap((trace) => trace.attempts)) {
    bytes.set(attempt.nodeId, (bytes.get(attempt.nodeId) ?? 0) + attempt.receivedBytes);
  }
  const [busiest] = [...bytes].sort((a, b) => b[1] - a[1]);
  if (busiest === undefined) throw new Error("No node has served anything yet");
  return busiest[0];
}

test("with the metadata server dead, what plays goes on, over a seek and a restarted worker", async ({ page }) => {
  const cluster: Cluster = await startCluster();
  try {
    const id = await demoIdOf(cluster);
    await startWatching(page, `${cluster.url}/watch/${id}`);
    await waitForTime(page, 2);
    await cluster.signal("metadata", "SIGKILL");
    await observePlayback(page);
    const client = await page.context().newCDPSession(page);
    await client.send("ServiceWorker.enable");
    await client.send("ServiceWorker.stopAllWorkers");
    await setVideo(page, { currentTime: 40 });
    await waitForTime(page, 43);
    expect((await playback(page)).stalledSeconds).toBeLessThan(0.8);
    await cluster.restart("metadata");
    await page.reload();
    await expect(page.getByRole("button", { name: "Play", exact: true }).first()).toBeVisible();
    expect(await demoIdOf(cluster)).toBe(id);
  } finally {
    await cluster.stop();
  }
});
