/** The whole video through the gateway, in a browser that has no worker. */
import { expect, test } from "../../fixtures/test.ts";
import { playback, pressPlay, setVideo, waitForTime } from "../../fixtures/watching.ts";

test("the whole video plays to its end without the worker at four times the speed", async ({
  page,
  cluster,
  demoId,
}) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
  });
  await page.goto(`${cluster.url}/watch/${demoId}`);
  await pressPlay(page);
  await waitForTime(page, 1);
  await setVideo(page, { playbackRate: 4 });
  await expect.poll(async () => (await playback(page)).ended, { timeout: 40_000 }).toBe(true);
});
