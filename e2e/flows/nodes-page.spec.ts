/** The page `/nodes` against a real cluster: what it shows is what is, and a node may leave. */
import { seriousFindings } from "../fixtures/axe.ts";
import type { Page } from "../fixtures/test.ts";
import { expect, test } from "../fixtures/test.ts";

/** Told within two seconds; and the machine is shared. */
const NOTICED_MS = 15_000;

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
