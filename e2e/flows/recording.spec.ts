/**
 * What the engine decided in a real browser it decides again from the recording alone. With VSTACK_RECORDING_OUT=FILE the
 * recording is kept: wire/contract/chromium-recording.jsonl was made so, and is made anew when the engine's decisions change.
 */
import { writeFile } from "node:fs/promises";
import * as v from "valibot";
import { replayRecording } from "#core/simulation/replay.ts";
import type { EngineRecording } from "#wire/contract/engine-recording.ts";
import { EngineRecordingSchema } from "#wire/contract/engine-recording.ts";
import type { Page } from "../fixtures/test.ts";
import { demoIdOf, expect, test } from "../fixtures/test.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import { segmentsOf, setVideo, startWatching, traces, waitForTime } from "../fixtures/watching.ts";

/** Of what is kept: about 100 kB. The beginning of a recording is one. */
const KEPT_NOTES = 1_000;

interface RecordingPage {
  vstack: { record(): Promise<boolean>; recording(): Promise<EngineRecording | null> };
}

const record = (page: Page) => page.evaluate(() => (window as unknown as RecordingPage).vstack.record());
const recordingOf = (page: Page) => page.evaluate(() => (window as unknown as RecordingPage).vstack.recording());

let lab: Cluster;

test.beforeAll(async () => {
  test.setTimeout(90_000);
  lab = await startCluster("--lab", "--nodes", "3");
});
test.afterAll(async () => {
  await lab.stop();
});

async function network(...words: string[]): Promise<void> {
  expect(await lab.vstack("network", "set", ...words)).toMatchObject({ code: 0 });
}

// First, as the next one leaves a network behind.
test("in lab mode the page offers every strategy, and the traces name it", async ({ page }) => {
  await startWatching(page, `${lab.url}/watch/${await demoIdOf(lab)}?mode=random`);
  await expect(page.getByRole("radio", { name: "Smart" })).not.toBeChecked();
  const list = page.getByRole("combobox", { name: "Strategy of the lab" });
  await expect(list).toHaveValue("random");
  const strategies = async () => [...new Set(segmentsOf(await traces(page)).map((trace) => trace.strategy))];
  await expect.poll(strategies).toEqual(["random"]);
  await list.selectOption("smart-no-split");
  await setVideo(page, { currentTime: 40 });
  await expect.poll(strategies).toContain("smart-no-split");
});

test("a recording made in the browser replays to the same decisions, to the byte", async ({ page }) => {
  // Slow, so that blocks are shared; then one node is far slower than it was, and another hangs: no easy ride.
  await network("--round-trip", "30", "--rate", "2");
  await startWatching(page, `${lab.url}/watch/${await demoIdOf(lab)}`);
  expect(await record(page)).toBe(true);
  await network("--node", "n1", "--rate", "0.3");
  await setVideo(page, { currentTime: 20 });
  await waitForTime(page, 22);
  await network("--node", "n2", "--fault", "hang");
  await setVideo(page, { currentTime: 36 });
  await waitForTime(page, 38);
  const answer = await recordingOf(page);
  const recording = v.parse(EngineRecordingSchema, JSON.parse(JSON.stringify(answer)));
  const replay = replayRecording(recording);

  expect(replay.difference).toBeNull();
  expect(replay.fetches).toBeGreaterThanOrEqual(3);
  expect(recording.notes.some((note) => note.is === "begin" && note.input.isAhead)).toBe(true);
  expect(recording.isWhole).toBe(true);
  const since = segmentsOf(await traces(page)).filter((trace) => trace.startedAtMs > recording.startedAtMs);
  expect(since.some((trace) => trace.outcome === "delivered")).toBe(true);
  const file = process.env["VSTACK_RECORDING_OUT"];
  const kept = recording.notes.slice(0, KEPT_NOTES);
  const head = { ...recording, isWhole: kept.length === recording.notes.length, notes: undefined };
  const lines = [head, ...kept].map((line) => JSON.stringify(line));
  if (file !== undefined) await writeFile(file, `${lines.join("\n")}\n`);
});

test("outside lab mode nothing is recorded, and only Smart and Naive are offered", async ({
  page,
  cluster,
  demoId,
}) => {
  await startWatching(page, `${cluster.url}/watch/${demoId}?mode=random`);
  expect(await record(page)).toBe(false);
  expect(await recordingOf(page)).toBeNull();
  await expect(page.getByRole("radio", { name: "Smart" })).toBeChecked();
  await expect(page.getByRole("combobox", { name: "Strategy of the lab" })).toHaveCount(0);
});
