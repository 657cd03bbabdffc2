/** The browser stops workers when it likes: what plays goes on, and what was learned is still known. */
import { expect, test } from "../../fixtures/test.ts";
import {
  observePlayback,
  playback,
  segmentsOf,
  setVideo,
  startWatching,
  traces,
  waitForTime,
} from "../../fixtures/watching.ts";

test("the worker stopped during play costs no stall, no error and no estimates", async ({
  page,
  cluster,
  demoId,
  pageErrors,
}) => {
  await startWatching(page, `${cluster.url}/watch/${demoId}`);
  await waitForTime(page, 4);
  await observePlayback(page);
  const before = segmentsOf(await traces(page)).length;
  const client = await page.context().newCDPSession(page);
  await client.send("ServiceWorker.enable");
  const stops: number[] = [];
  // Another quality each time: the demo is so short that everything of the first may be here by now.
  for (const [target, quality] of [
    [24, "240p"],
    [8, "480p"],
    [40, "240p"],
  ] as const) {
    await client.send("ServiceWorker.stopAllWorkers");
    stops.push(Date.now());
    await page.getByLabel("Quality").selectOption(quality);
    await setVideo(page, { currentTime: target });
    await waitForTime(page, target + 1);
  }
  expect((await playback(page)).stalledSeconds).toBeLessThan(0.8);
  const after = segmentsOf(await traces(page));
  expect(after.length).toBeGreaterThan(before);
  expect(after.filter((trace) => trace.outcome === "failed")).toEqual([]);
  // A worker that had forgotten everything would know no node at its first request. One that waits for its memory longer
  // than a request may wait does without (LOAD_DEADLINE_MS), which a busy machine brings about; not three times.
  const firsts = stops.map((atMs) => after.find((trace) => trace.startedAtMs > atMs && trace.attempts.length > 0));
  expect(firsts.map((trace) => trace?.attempts[0]?.predictedMs ?? null)).not.toEqual([null, null, null]);
  expect(pageErrors).toEqual([]);
});
