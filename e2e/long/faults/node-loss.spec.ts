/** Any one node may be killed or frozen while people watch: no stall, no error on the page. */
import type { Cluster } from "../../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import type { NodeEstimateView } from "#wire/contract/segment-trace.ts";
import type { Page } from "../../fixtures/test.ts";
import { demoIdOf, expect, test } from "../../fixtures/test.ts";
import {
  MAX_STALL_SECONDS,
  observePlayback,
  playback,
  segmentsOf,
  setVideo,
  startWatching,
  traces,
  waitForTime,
} from "../../fixtures/watching.ts";

/** A wait after a seek on these two busy cores, with room for the 0.8 s that a hung node may cost. */
const MAX_FREEZE_SECONDS = 2;
/** Four seconds of the demo's smallest quality. */
const TYPICAL_SEGMENT_BYTES = 90_000;

for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
  test(`${signal} of the favourite node during play costs no stall and no error`, async ({ page, pageErrors }) => {
    // Three nodes, so that every chunk is on the victim too, and a second video of which nothing has been fetched yet:
    // no buffer and no luck can hide the fault.
    const cluster = await startCluster("--nodes", "3");
    try {
      const second = await cluster.upload(DEMO_FILES[0] ?? "", "--title", "Second");
      await startWatching(page, `${cluster.url}/watch/${await demoIdOf(cluster)}`);
      await waitForTime(page, 2);
      const victim = await favouriteNode(page);
      await cluster.signal(victim, signal);
      const faultAtMs = Date.now();
      await observePlayback(page);
      await setVideo(page, { currentTime: 38 });
      await waitForTime(page, 40);
      const onFirst = await playback(page);
      const firstTraces = await traces(page);
      await startWatching(page, `${cluster.url}/watch/${second}`);
      await observePlayback(page);
      await setVideo(page, { playbackRate: 4 });
      await expect.poll(async () => (await playback(page)).ended, { timeout: 40_000 }).toBe(true);

      for (const seen of [onFirst, await playback(page)]) {
        expect(seen.stalledSeconds).toBeLessThan(MAX_STALL_SECONDS);
        expect(seen.longestFreezeSeconds).toBeLessThan(MAX_FREEZE_SECONDS);
      }
      const after = segmentsOf([...firstTraces, ...(await traces(page))]).filter(
        (trace) => trace.startedAtMs > faultAtMs,
      );
      expect(after.length).toBeGreaterThanOrEqual(12);
      expect(after.filter((trace) => trace.outcome !== "delivered" && trace.outcome !== "aborted")).toEqual([]);
      expect(after.filter((trace) => trace.servedFrom === "gateway")).toEqual([]);
      const there = after.flatMap((trace) => trace.attempts).filter((attempt) => attempt.nodeId === victim);
      expect(there.length).toBeGreaterThan(0);
      expect(there.filter((attempt) => attempt.outcome === "complete")).toEqual([]);
      await expect(page.getByRole("alert")).toHaveCount(0);
      // The browser itself logs a refused connection; everything else would be ours.
      expect(pageErrors.filter((text) => !text.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
      if (signal === "SIGSTOP") await cluster.signal(victim, "SIGCONT");
    } finally {
      await cluster.stop();
    }
  });
}

/** The node that is expected to deliver soonest by what the worker believes: the one that it asks next. */
async function favouriteNode(page: Page): Promise<string> {
  const estimates = await page.evaluate(async () => {
    const { vstack } = window as unknown as {
      vstack: { traces(): Promise<unknown>; estimates(): NodeEstimateView[] };
    };
    // Asking for the traces brings a fresh snapshot of both.
    await vstack.traces();
    return vstack.estimates();
  });
  const expectedMs = ({ firstByteMsP50, rateBytesPerSecond }: NodeEstimateView) =>
    firstByteMsP50 === null || rateBytesPerSecond === null
      ? Infinity
      : firstByteMsP50 + (TYPICAL_SEGMENT_BYTES * 1000) / rateBytesPerSecond;
  const [favourite] = estimates.toSorted((a, b) => expectedMs(a) - expectedMs(b));
  if (favourite === undefined || expectedMs(favourite) === Infinity) throw new Error("No node was measured yet");
  return favourite.nodeId;
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
