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

for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
  test(`${signal} of the busiest node during play costs no stall and no error`, async ({ page, pageErrors }) => {
    const cluster = await startCluster();
    try {
      await startWatching(page, `${cluster.url}/watch/${await demoIdOf(cluster)}`);
      await observePlayback(page);
      // A short buffer, so that the fault is met at once and cannot hide behind thirty seconds of video.
      const victim = await busiestNode(page);
      await cluster.signal(victim, signal);
      await setVideo(page, { currentTime: 30 });
      await waitForTime(page, 32);
      await setVideo(page, { currentTime: 14 });
      await waitForTime(page, 20);
      expect((await playback(page)).stalledSeconds).toBeLessThan(0.8);
      const after = segmentsOf(await traces(page));
      expect(after.filter((trace) => trace.outcome === "failed")).toEqual([]);
      expect(after.filter((trace) => trace.servedFrom === "gateway")).toEqual([]);
      await expect(page.getByRole("alert")).toHaveCount(0);
      expect(pageErrors.filter((text) => !/ERR_CONNECTION_REFUSED|Failed to load resource/.test(text))).toEqual([]);
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
