/** What the page `/nodes` shows of a node that dies and comes back. */
import type { Cluster } from "../../fixtures/cluster.ts";
import { startCluster } from "../../fixtures/cluster.ts";
import type { Page } from "../../fixtures/test.ts";
import { expect, test } from "../../fixtures/test.ts";

/** Suspected after three seconds, given up after ten, told within two; and the machine is shared. */
const NOTICED_MS = 15_000;
const GIVEN_UP_MS = 25_000;

const cardOf = (page: Page, nodeId: string) => page.getByRole("article", { name: nodeId, exact: true });

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
