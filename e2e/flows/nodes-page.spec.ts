/** The page `/nodes` against a real cluster: what it shows is what is, a lost node is seen to go and come back, one may leave. */
import { seriousFindings } from "../fixtures/axe.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import type { Page } from "../fixtures/test.ts";
import { expect, test } from "../fixtures/test.ts";

/** Suspected after three seconds, given up after ten, told within two; and the machine is shared. */
const NOTICED_MS = 15_000;
const GIVEN_UP_MS = 25_000;

const cardOf = (page: Page, nodeId: string) => page.getByRole("article", { name: nodeId, exact: true });

test("every node is shown with its pieces, its heartbeats and its measured distance", async ({
  page,
  cluster,
  demoId,
  pageErrors,
}) => {
  expect(demoId).toHaveLength(26);
  const answer = await page.goto(`${cluster.url}/nodes`);
  expect(answer?.status()).toBe(200);
  await expect(page.getByRole("heading", { name: "Nodes", level: 1 })).toBeVisible();
  const { nodes } = await cluster.status();
  await expect(page.getByRole("article")).toHaveCount(nodes.length);
  for (const { id, chunkCount, url } of nodes) {
    const card = cardOf(page, id);
    await expect(card.getByText("● Alive")).toBeVisible();
    await expect(card.getByText(new RegExp(`^\\s*${chunkCount} replicas?(, |\\s*$)`))).toBeVisible();
    await expect(card.getByText(url.replace("http://", ""))).toBeVisible();
    await expect(card.getByText(/^\s*[\d.]+ ms\s*p95/)).toBeVisible({ timeout: NOTICED_MS });
    await expect(card.getByRole("img", { name: /^Heartbeats: heard in \d+ s/ })).toBeVisible();
  }
  expect(pageErrors.filter((error) => !error.startsWith("Failed to load resource"))).toEqual([]);
});

test("a node that is asked to leave leaves, after a question, and may stay after all", async ({ page, cluster }) => {
  await page.goto(`${cluster.url}/nodes`);
  const card = cardOf(page, "n6");
  const isDraining = async () => {
    const answer = await fetch(`${cluster.url}/api/consensus`);
    const { acceptors } = (await answer.json()) as { acceptors: { nodeId: string; draining: boolean }[] };
    return acceptors.find(({ nodeId }) => nodeId === "n6")?.draining;
  };
  await card.getByRole("button", { name: "Drain n6" }).click();
  const question = page.getByRole("dialog", { name: "Drain n6?" });
  await question.getByRole("button", { name: "Keep it" }).click();
  await expect(question).toHaveCount(0);
  expect(await isDraining()).toBe(false);
  await card.getByRole("button", { name: "Drain n6" }).press("Enter");
  await question.getByRole("button", { name: "Drain n6" }).click();
  await expect(card.getByText("⇢ Leaving")).toBeVisible();
  expect(await isDraining()).toBe(true);
  await card.getByRole("button", { name: "Let it stay" }).click();
  await expect(card.getByText("⇢ Leaving")).toHaveCount(0);
  expect(await isDraining()).toBe(false);
});

test.describe("in a cluster of its own", () => {
  let own: Cluster;
  test.beforeAll(async () => {
    test.setTimeout(90_000);
    own = await startCluster("--no-demo", "--nodes", "4");
  });
  test.afterAll(async () => {
    await own.stop();
  });

  test("a killed node is seen to be late, then away, and to come back; its silence stays in the bars", async ({
    page,
  }) => {
    await page.goto(`${own.url}/nodes`);
    const card = cardOf(page, "n3");
    await expect(card.getByText(/^\s*[\d.]+ ms\s*p95/)).toBeVisible({ timeout: NOTICED_MS });
    await own.signal("n3", "SIGKILL");
    await expect(card.getByText("◐ Late")).toBeVisible({ timeout: NOTICED_MS });
    await expect(card.getByText(/lost$/)).toBeVisible({ timeout: NOTICED_MS });
    await expect(card.getByText("✕ Away")).toBeVisible({ timeout: GIVEN_UP_MS });
    await expect(page.getByText("3 of 4 nodes")).toBeVisible();
    await own.restart("n3");
    await expect(card.getByText("● Alive")).toBeVisible({ timeout: NOTICED_MS });
    await expect(card.getByRole("img", { name: /silent for \d+ s$/ })).toBeVisible();
    await expect(cardOf(page, "n1").getByRole("img", { name: /silent/ })).toHaveCount(0);
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious in ${colorScheme}, and a phone of 360 pixels scrolls no way but down`, async ({
    page,
    cluster,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 360, height: 780 });
    await page.goto(`${cluster.url}/nodes`);
    await expect(page.getByRole("article")).toHaveCount(6);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Drain n1" }).click();
    await expect(page.getByRole("dialog", { name: "Drain n1?" })).toBeVisible();
    expect(await seriousFindings(page), "with a question open").toEqual([]);
  });
}
