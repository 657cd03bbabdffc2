/**
 * The metadata server is killed again and again in the middle of a change of form, at a step that is waited for, and goes on
 * where it was: everybody reads all the while, and in the end every chunk has the form, in intact pieces.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CurrentForm, Queue } from "#wire/contract/redundancy-schemas.ts";
import type { Cluster } from "../../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import { readVideo } from "../../fixtures/read-pieces.ts";
import { expect, test } from "../../fixtures/test.ts";

/** So slow that the video is on its way for a minute if nobody hurries it. */
const SLOW = { repairBytesPerSecond: 65_536, repairLeastBytesPerSecond: 1024 };
const FAST = { repairBytesPerSecond: 100_000_000 };
const SETTINGS = { newSeconds: 0, dwellHotSeconds: 0, dwellColdSeconds: 0, graceSeconds: 2, ...SLOW };
/** As the queue tells them; a step that takes no time is met by chance alone, which a step behind it is as well. */
const KILLED_AT = [["writing"], ["writing", "deciding"], ["writing", "deciding", "releasing", "forgetting"]];
const STEP_MS = 30_000;
const CHANGED_MS = 60_000;

let cluster: Cluster;
let videoId: string;
test.beforeAll(async () => {
  cluster = await startCluster("--no-demo");
  await cluster.api.put("/api/redundancy/config", SETTINGS);
  videoId = await cluster.upload(DEMO_FILES[1] ?? "", "--redundancy", "replication");
});
test.afterAll(async () => {
  await cluster.stop();
});

test("a change of form goes on where kill -9 of the metadata server cut it, three times, and nobody reads in vain", async () => {
  test.setTimeout(240_000);
  await cluster.api.put(`/api/redundancy/videos/${videoId}/override`, { form: "erasure" });
  const seen: string[] = [];
  for (const steps of KILLED_AT) {
    const { metadata } = await cluster.api.get<{ metadata: { pid: number } }>("/api/cluster");
    const step = await untilStep(steps);
    process.kill(metadata.pid, "SIGKILL");
    seen.push(step);
    await cluster.restart("metadata");
    const { renditions } = await cluster.api.get<CurrentForm>(`/api/redundancy/videos/${videoId}`);
    const kinds = new Set(renditions.flatMap(({ forms }) => forms).map(({ form }) => form.kind));
    expect(kinds, "it is on its way, by what was there before the kill").toContain("replication");
    expect((await readVideo(cluster.url, videoId)).failed).toEqual([]);
  }
  console.log(`Killed while ${seen.join(", then ")}`);
  await cluster.api.put("/api/redundancy/config", FAST);
  await expect.poll(segmentsIn, { timeout: CHANGED_MS }).toEqual(["erasure"]);
  await expect.poll(isQuiet, { timeout: CHANGED_MS }).toBe(true);
  const read = await readVideo(cluster.url, videoId);
  expect(read.failed).toEqual([]);
  const scrub = await cluster.vstack("scrub", "--json");
  expect(JSON.parse(scrub.stdout)).toMatchObject({ scrub: { corrupt: 0, missing: 0 } });
});

/** Waits until a change is at one of these steps. */
async function untilStep(steps: readonly string[]): Promise<string> {
  const deadline = AbortSignal.timeout(STEP_MS);
  for (;;) {
    const queue = await cluster.api.get<Queue>("/api/redundancy/queue");
    const found = queue.running.find(({ step }) => steps.includes(step));
    if (found !== undefined) return found.step;
    deadline.throwIfAborted();
    await sleep(5);
  }
}

/** Small chunks stay as they are. */
async function segmentsIn(): Promise<string[]> {
  const { renditions } = await cluster.api.get<CurrentForm>(`/api/redundancy/videos/${videoId}`);
  const segments = renditions.flatMap(({ forms }) => forms).filter((one) => one.contentBytes / one.chunks > 16_384);
  return [...new Set(segments.map(({ form }) => form.kind))];
}

async function isQuiet(): Promise<boolean> {
  const { runningCount, waitingCount, releasesWaiting } = await cluster.api.get<Queue>("/api/redundancy/queue");
  return runningCount + waitingCount + releasesWaiting === 0;
}
