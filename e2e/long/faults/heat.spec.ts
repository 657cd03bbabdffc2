/**
 * Nothing but demand changes forms: with times in seconds a video that nobody reads becomes shards, one that viewers read is
 * kept in replicas again, whole ones or one on top of the shards, and cools down when they have gone. Nobody chooses anything.
 */
import type { CurrentForm, Decision } from "#wire/contract/redundancy-schemas.ts";
import type { Cluster } from "../../fixtures/cluster.ts";
import { DEMO_FILES, runVstack, startCluster } from "../../fixtures/cluster.ts";
import { expect, test } from "../../fixtures/test.ts";

/** Until the short half-life has passed a few times, and every chunk has the form. */
const CHANGED_MS = 45_000;
const SETTINGS = {
  ...{ newSeconds: 0, dwellHotSeconds: 1, dwellColdSeconds: 1, shortHalfLifeSeconds: 3, longHalfLifeSeconds: 3 },
  ...{ promoteAbove: 2, demoteBelow: 0.5, graceSeconds: 3 },
};
const VIEWERS = { players: 8, megabits: 2, seconds: 25 } as const;

test.describe.configure({ mode: "serial" });

let cluster: Cluster;
let videoId: string;
test.beforeAll(async () => {
  cluster = await startCluster("--no-demo");
  await cluster.api.put("/api/redundancy/config", SETTINGS);
  videoId = await cluster.upload(DEMO_FILES[1] ?? "", "--title", "Left alone");
});
test.afterAll(async () => {
  await cluster.stop();
});

for (const { policy, hot } of [
  { policy: "adaptive", hot: "replication 3" },
  { policy: "hybrid", hot: "erasure 1" },
] as const) {
  test(`${policy}: nobody reads and it becomes shards, viewers make it ${hot}, and it cools down again`, async () => {
    test.setTimeout(200_000);
    await cluster.api.put("/api/redundancy/config", { policy });
    await expect.poll(formNow, { timeout: CHANGED_MS }).toBe("erasure 0");
    const watching = watch();
    await expect.poll(formNow, { timeout: CHANGED_MS }).toBe(hot);
    expect(await watching).toMatchObject({ failedReads: 0, wrongChunks: 0 });
    await expect.poll(formNow, { timeout: CHANGED_MS }).toBe("erasure 0");
    const because = (await decisions()).map((decision) => decision.because);
    // Two replicas on top of the shards go one after the other.
    expect([...new Set(because)].sort()).toEqual(["cold", "hot"]);
    expect(because.at(-1)).toBe("cold");
  });
}

test("what is decided says by which demand, and that nobody chose", async () => {
  const { override } = await cluster.api.get<CurrentForm>(`/api/redundancy/videos/${videoId}`);
  expect(override).toBe("auto");
  const all = await decisions();
  expect(all.length).toBeGreaterThanOrEqual(4);
  for (const { because, demand, reason } of all) {
    const served = Math.max(demand.short, demand.long);
    if (because === "hot") expect(served, reason).toBeGreaterThan(SETTINGS.promoteAbove);
    else expect(served, reason).toBeLessThan(SETTINGS.promoteAbove);
  }
});

/** `erasure 0` once every segment has it; small chunks keep the form that they have. */
async function formNow(): Promise<string> {
  const { renditions } = await cluster.api.get<CurrentForm>(`/api/redundancy/videos/${videoId}`);
  const forms = renditions
    .flatMap((one) => one.forms)
    .filter(({ contentBytes, chunks }) => contentBytes / chunks > 16_384)
    .map(({ form }) => `${form.kind} ${form.replicas}`);
  return new Set(forms).size === 1 ? (forms[0] ?? "none") : "on its way";
}

/** The oldest first. */
async function decisions(): Promise<readonly Decision[]> {
  const path = `/api/redundancy/decisions?videoId=${videoId}`;
  return [...(await cluster.api.get<{ decisions: Decision[] }>(path)).decisions].reverse();
}

/** Virtual players, who read like the worker does. */
async function watch(): Promise<{ readonly failedReads: number; readonly wrongChunks: number }> {
  const { players, megabits, seconds } = VIEWERS;
  const words = ["--players", String(players), "--megabits", String(megabits), "--seconds", String(seconds), "--json"];
  const { stdout, stderr } = await runVstack(["bench", "--load", ...words, "--url", cluster.url], 120_000);
  if (stdout === "") throw new Error(`The viewers said nothing: ${stderr}`);
  return JSON.parse(stdout) as { failedReads: number; wrongChunks: number };
}
