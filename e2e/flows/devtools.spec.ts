/** The panel explains what the engine did: for a chosen segment its decisions, predictions, outcome and regret. */
import type { Page } from "../fixtures/test.ts";
import { demoIdOf, expect, test } from "../fixtures/test.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import { segmentsOf, setVideo, startWatching, traces, waitForTime } from "../fixtures/watching.ts";

/** Nodes of different rates, so that blocks are handed over, and one that hangs from now on. */
async function makeTrouble(cluster: Cluster): Promise<void> {
  const set = async (...words: string[]) => {
    expect(await cluster.vstack("network", "set", ...words)).toMatchObject({ code: 0 });
  };
  await set("--round-trip", "20", "--rate", "6");
  await set("--node", "n1", "--rate", "1");
  await set("--node", "n2", "--fault", "hang");
}

const row = (page: Page, name: string) => page.getByRole("option", { name: new RegExp(` ${name}, smart`) }).first();

test("a segment's decisions tell candidates, predictions, choice, outcome and regret", async ({ page }) => {
  const cluster = await startCluster("--lab", "--nodes", "3");
  try {
    await page.emulateMedia({ colorScheme: "light" });
    await startWatching(page, `${cluster.url}/watch/${await demoIdOf(cluster)}`);
    await makeTrouble(cluster);
    await setVideo(page, { currentTime: 24 });
    await waitForTime(page, 26);
    await setVideo(page, { currentTime: 40 });
    await waitForTime(page, 42);

    const all = segmentsOf(await traces(page));
    const troubled = all.find((trace) => trace.attempts.some(({ outcome }) => outcome === "stalled"));
    expect(troubled?.decisions.every(({ tookMs }) => tookMs !== null)).toBe(true);
    expect(all.flatMap((trace) => trace.decisions).some(({ regretMs }) => (regretMs ?? 0) > 0)).toBe(true);
    for (const { regretMs } of all.flatMap((trace) => trace.decisions)) expect(regretMs ?? 0).toBeGreaterThanOrEqual(0);

    await page.getByRole("button", { name: "Devtools" }).click();
    await row(page, `${troubled?.rendition} ${troubled?.seq}`).click();
    const decisions = page.getByRole("region", { name: "Decisions" });
    await expect(decisions.getByRole("columnheader")).toHaveText([
      "At",
      "Because",
      "Candidates and predictions",
      "Took",
      "Best possible",
      "Regret",
    ]);
    await expect(decisions.getByRole("row")).toHaveCount((troubled?.decisions.length ?? 0) + 1);
    await expect(decisions.getByText("chosen:").first()).toBeAttached();
    const folder = process.env["VSTACK_SCREENSHOTS"];
    for (const scheme of folder === undefined ? [] : (["light", "dark"] as const)) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(`${cluster.url}/devtools`);
      await page.setViewportSize({ width: 1600, height: 1200 });
      await row(page, `${troubled?.rendition} ${troubled?.seq}`).click();
      await page.screenshot({ path: `${folder}/devtools-${scheme}.png` });
    }
  } finally {
    await cluster.stop();
  }
});
