/** The long form: the metadata server dead for a minute while somebody watches. */
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

const AWAY_MS = 60_000;

test("the metadata server dead for 60 s: what plays goes on, from the nodes", async ({ page }) => {
  test.setTimeout(180_000);
  const cluster = await startCluster();
  try {
    await startWatching(page, `${cluster.url}/watch/${await demoIdOf(cluster)}`);
    await waitForTime(page, 2);
    await cluster.signal("metadata", "SIGKILL");
    await observePlayback(page);
    const startedMs = performance.now();
    for (let round = 0; performance.now() - startedMs < AWAY_MS; round += 1) {
      const target = (round * 16) % 40;
      await setVideo(page, { currentTime: target });
      await waitForTime(page, target + 6);
    }
    expect((await playback(page)).stalledSeconds).toBeLessThan(0.8);
    const segments = segmentsOf(await traces(page));
    expect(segments.filter((trace) => trace.outcome === "failed" || trace.servedFrom === "gateway")).toEqual([]);
  } finally {
    await cluster.stop();
  }
});
