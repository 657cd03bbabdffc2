/** The main job: open an address, watch the video to its end from the storage nodes through the worker. */
import { DEMO } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import {
  MAX_STALL_SECONDS,
  observePlayback,
  playback,
  pressPlay,
  segmentsOf,
  setVideo,
  startWatching,
  traces,
  waitForTime,
} from "../fixtures/watching.ts";

test("the demo plays to its end through the worker, every segment from storage nodes", async ({
  page,
  cluster,
  demoId,
  pageErrors,
}) => {
  const served = new Map<string, string | undefined>();
  page.on("response", (response) => {
    if (new URL(response.url()).pathname.startsWith("/media/")) {
      served.set(response.url(), response.headers()["x-vstack-served-by"]);
    }
  });
  await page.goto(cluster.url);
  await page.getByRole("link", { name: DEMO.title }).first().click();
  await expect(page).toHaveURL(new RegExp(`/watch/${demoId}`));
  await pressPlay(page);
  await waitForTime(page, 1);
  await observePlayback(page);
  await setVideo(page, { playbackRate: 2 });
  await expect.poll(async () => (await playback(page)).ended, { timeout: 60_000 }).toBe(true);

  const end = await playback(page);
  expect(end.currentTime).toBeGreaterThan(DEMO.durationSeconds - 0.5);
  expect(end.stalledSeconds).toBeLessThan(MAX_STALL_SECONDS);
  const segments = segmentsOf(await traces(page));
  const seqs = new Set(segments.filter((trace) => trace.outcome === "delivered").map((trace) => trace.seq));
  expect([...seqs].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, seq) => seq));
  expect(new Set(segments.map((trace) => trace.servedFrom))).not.toContain("gateway");
  expect(segments.every((trace) => trace.driver === "worker")).toBe(true);
  // Begun ahead and then asked for by the player: one fetch, not two.
  const fetched = segments.filter((trace) => trace.servedFrom === "nodes" && trace.outcome === "delivered");
  const names = fetched.map((trace) => `${trace.rendition} ${trace.seq}`);
  expect(names).toEqual([...new Set(names)]);
  expect(fetched.some((trace) => trace.attempts[0]?.because === "ahead")).toBe(true);
  const segmentAnswers = [...served].filter(([url]) => new URL(url).pathname.endsWith(".m4s"));
  expect(segmentAnswers.length).toBeGreaterThanOrEqual(12);
  expect(segmentAnswers.filter(([, by]) => by !== "worker")).toEqual([]);
  expect(pageErrors).toEqual([]);
});

test("a quality that the viewer chose is begun ahead from its first segment on, however lately it was chosen", async ({
  page,
  cluster,
  demoId,
}) => {
  await page.goto(`${cluster.url}/watch/${demoId}`);
  await page.getByLabel("Quality").selectOption({ label: "240p" });
  await pressPlay(page);
  // Of a quality that may change, the fifth would be the first.
  const seqsAhead = async () => {
    const chosen = segmentsOf(await traces(page)).filter(({ rendition }) => rendition.startsWith("240p"));
    const firstSeq = Math.min(...chosen.map(({ seq }) => seq));
    return chosen.filter(({ attempts }) => attempts[0]?.because === "ahead").map(({ seq }) => seq - firstSeq);
  };
  await expect.poll(async () => Math.min(...(await seqsAhead()).filter((seq) => seq > 0))).toBeLessThanOrEqual(2);
});

test("switching to Naive while playing changes the trace and not the picture", async ({ page, cluster, demoId }) => {
  await startWatching(page, `${cluster.url}/watch/${demoId}`);
  await observePlayback(page);
  await setVideo(page, { playbackRate: 2 });
  const naive = page.getByRole("radio", { name: "Naive" });
  await expect(page.getByRole("radio", { name: "Smart" })).toBeChecked();
  await naive.check();
  await expect(naive).toBeChecked();
  const nextSegment = async () => segmentsOf(await traces(page)).some((trace) => trace.strategy === "naive");
  // Everything up to the buffer's goal may already be here: play on until a segment had to be fetched.
  await expect.poll(nextSegment, { timeout: 45_000 }).toBe(true);
  const segments = segmentsOf(await traces(page));
  const firstNaive = segments.findIndex((trace) => trace.strategy === "naive");
  expect(segments.slice(0, firstNaive).every((trace) => trace.strategy === "smart")).toBe(true);
  expect((await playback(page)).stalledSeconds).toBeLessThan(MAX_STALL_SECONDS);
});

test("two players on one page keep separate strategies and sessions", async ({ page, cluster, demoId }) => {
  await startWatching(page, `${cluster.url}/watch/${demoId}`);
  await page.evaluate((id) => {
    for (const strategy of ["smart", "naive"]) {
      const player = document.createElement("vstack-player");
      player.setAttribute("video-id", id);
      player.setAttribute("session", `pair-${strategy}`);
      player.setAttribute("strategy", strategy);
      player.toggleAttribute("autoplay", true);
      document.body.append(player);
    }
  }, demoId);
  const strategiesOf = async (session: string) =>
    new Set(
      segmentsOf(await traces(page))
        .filter((trace) => trace.session === session)
        .map((trace) => trace.strategy),
    );
  await expect.poll(async () => [...(await strategiesOf("pair-smart"))], { timeout: 20_000 }).toEqual(["smart"]);
  await expect.poll(async () => [...(await strategiesOf("pair-naive"))], { timeout: 20_000 }).toEqual(["naive"]);
});

test("a hard reload plays through the worker again", async ({ page, cluster, demoId, context }) => {
  await startWatching(page, `${cluster.url}/watch/${demoId}`);
  const session = await context.newCDPSession(page);
  const loaded = page.waitForEvent("load");
  await session.send("Page.reload", { ignoreCache: true });
  await loaded;
  await pressPlay(page);
  await waitForTime(page, 1);
  await expect
    .poll(async () => segmentsOf(await traces(page)).filter((trace) => trace.driver === "worker").length)
    .toBeGreaterThan(0);
});
