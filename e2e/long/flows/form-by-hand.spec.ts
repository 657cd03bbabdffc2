/** A form that is chosen on the page `/storage`, until every chunk has it and what it had before is deleted. */
import type { ConfigPatch } from "#wire/contract/redundancy-schemas.ts";
import type { Overhead } from "#wire/contract/storage-schemas.ts";
import { startCluster } from "../../fixtures/cluster.ts";
import type { Page } from "../../fixtures/test.ts";
import { demoIdOf, expect, test } from "../../fixtures/test.ts";

/** A video of some megabytes changes its form; the machine is shared. */
const CHANGED_MS = 60_000;
const QUICK: ConfigPatch = { graceSeconds: 5 };

const cells = (page: Page, name: RegExp) => page.getByRole("gridcell", { name });

test("a form chosen by hand becomes that of every chunk, and the bytes follow", async ({ page }) => {
  test.setTimeout(3 * CHANGED_MS);
  const lab = await startCluster("--lab");
  try {
    await lab.api.put("/api/redundancy/config", QUICK);
    const kept = async () => {
      const { contentBytes, keptBytes } = await lab.api.get<Overhead>("/api/storage/overhead");
      return (keptBytes ?? Infinity) / contentBytes;
    };
    await page.goto(`${lab.url}/storage?video=${await demoIdOf(lab)}`);
    await expect(cells(page, /^replica, intact/).first()).toBeVisible();
    const choice = page.getByRole("combobox", { name: "Form of V-Stack demo" });
    await choice.selectOption("erasure");
    await expect(cells(page, /^parity shard 2, intact/).first()).toBeVisible({ timeout: CHANGED_MS });
    // The header of a few hundred bytes stays in three copies.
    await expect(cells(page, /^replica/)).toHaveCount(3, { timeout: CHANGED_MS });
    await expect(page.getByText("▯ erasure")).toBeVisible({ timeout: CHANGED_MS });
    await expect(page.getByText(/replication →\s+erasure/).first()).toBeVisible({ timeout: CHANGED_MS });
    // The demo's chunks are smaller than a MiB: their rounding costs more than large ones'.
    await expect.poll(kept, { timeout: CHANGED_MS }).toBeLessThan(1.8);
    await page.reload();
    await expect(choice).toHaveValue("erasure");
  } finally {
    await lab.stop();
  }
});
