/**
 * The page `/consensus` against the simulator in Node: the same log for every scenario, every message on the page one of its
 * events, counters that are its own, broken rules that end in the named violation; and live, against a real cluster.
 */
import { readFile } from "node:fs/promises";
import type { SimulationEvent } from "#core/simulation/consensus/events.ts";
import { compareMessages } from "#core/simulation/consensus/message-counts.ts";
import { playAll } from "#core/simulation/consensus/playground.ts";
import type { ScenarioName } from "#core/simulation/consensus/scenarios.ts";
import { SCENARIOS } from "#core/simulation/consensus/scenarios.ts";
import { hash32 } from "#core/text-hash.ts";
import type { Page } from "../fixtures/test.ts";
import { expect, test } from "../fixtures/test.ts";

const AXE = new URL("../../node_modules/axe-core/axe.min.js", import.meta.url);
const NAMES = Object.keys(SCENARIOS).filter((name): name is ScenarioName => name in SCENARIOS);

// A picture of every drawn event at every step takes longer than all steps together; what was done is kept.
test.use({ trace: { mode: "retain-on-failure", snapshots: false, screenshots: false } });

function logHash(events: readonly SimulationEvent[]): string {
  return hash32(JSON.stringify(events)).toString(16).padStart(8, "0");
}

/** What the page shows of the log: `data-event` and `data-message` of everything drawn in an element. */
async function drawnIn(page: Page, element: string) {
  const shown = page.locator(`vstack-consensus-page ${element}`).first().locator("[data-event]");
  return await shown.evaluateAll(
    (drawn, within) =>
      drawn.map((one) => ({
        within,
        event: one.getAttribute("data-event"),
        message: one.getAttribute("data-message"),
      })),
    element,
  );
}

/** Expects everything drawn to be an event of the log. @returns how many messages were drawn */
async function expectTraced(page: Page, events: readonly SimulationEvent[]): Promise<number> {
  const elements = ["vstack-node-ring", "vstack-space-time", "vstack-flying-list", "vstack-step"];
  const drawn = (await Promise.all(elements.map((element) => drawnIn(page, element)))).flat();
  // One expectation for all: a thousand took a second.
  const untraced = drawn.filter(({ event, message }) => {
    const traced = event === null ? undefined : events[Number(event)];
    return traced === undefined || (message !== null && traced.kind !== "send" && traced.kind !== "answer");
  });
  expect(untraced).toEqual([]);
  return drawn.filter(({ message }) => message !== null).length;
}

/** By the key, which is as good as the button, and needs nobody to find it. */
async function toEnd(page: Page): Promise<void> {
  await page.keyboard.press("End");
  await expect(page.getByRole("button", { name: "To the end" })).toHaveAttribute("aria-disabled", "true");
}

const counterOf = (page: Page) => page.locator("vstack-step .messages");

test("every scenario plays to its end as in Node, event for event, and its broken rule ends in the named violation", async ({
  page,
  cluster,
  pageErrors,
}) => {
  await page.goto(`${cluster.url}/consensus`);
  const hash = page.locator("vstack-consensus-page .log code");
  for (const name of NAMES) {
    const { title, lesson } = SCENARIOS[name];
    const { events, view } = playAll({ play: name, seed: 1, mutant: null, actions: [] });
    await page.getByRole("link", { name: title, exact: true }).click();
    await expect(hash, name).toHaveText(logHash(events));
    await toEnd(page);
    const { requests, answers } = view.counts;
    await expect(counterOf(page), name).toHaveText(String(requests + answers));
    const sent = events.filter(({ kind }) => kind === "send" || kind === "answer").length;
    expect(await expectTraced(page, events), name).toBeGreaterThanOrEqual(sent);
    await expect(page.getByRole("heading", { name: /^Violation/ })).toHaveCount(0);
    if (lesson === null) continue;
    await page.getByRole("button", { name: `Break its rule: ${lesson.mutant}` }).click();
    await toEnd(page);
    await expect(page.getByRole("heading", { name: `Violation of ${lesson.invariant}` }), name).toBeVisible();
  }
  const { events, view } = playAll({ play: "schedule", seed: 0, mutant: "compare", actions: [] });
  await page.goto(`${cluster.url}/consensus?scenario=schedule&seed=0&break=compare`);
  await expect(hash).toHaveText(logHash(events));
  await page.getByRole("button", { name: "To the end" }).click();
  await expect(page.getByRole("heading", { name: `Violation of ${view.violation?.invariant}` })).toBeVisible();
  // Every page asks whether the cluster is a lab; the browser notes the 404 of one that is not.
  expect(pageErrors.filter((error) => !error.startsWith("Failed to load resource"))).toEqual([]);
});

test("keys step on and back, a person gets in the way, and the address brings it all back", async ({
  page,
  cluster,
}) => {
  await page.goto(`${cluster.url}/consensus?scenario=concurrent-uploaders`);
  const step = (at: number) => expect(page.getByRole("heading", { name: new RegExp(`^Step ${at} of`) })).toBeVisible();
  await step(0);
  for (const key of ["ArrowRight", "ArrowRight", ".", "ArrowLeft"]) await page.keyboard.press(key);
  await step(2);
  await expect(page.getByRole("status").filter({ hasText: /^Step 2\./ })).toHaveCount(1);
  const before = await counterOf(page).textContent();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowLeft");
  await expect(counterOf(page)).toHaveText(before ?? "");
  await page
    .getByRole("button", { name: /^Drop message/ })
    .first()
    .press("Enter");
  await page.getByRole("button", { name: /^Kill n2:/ }).press("Enter");
  await page.getByRole("checkbox", { name: "n3" }).check();
  await page.getByRole("button", { name: "Cut off n3" }).press("Enter");
  await expect(page.getByRole("button", { name: /^Start n2/ })).toBeVisible();
  await expect(page).toHaveURL(/do=.*drop.*kill\.n2.*cut\.n3/);
  const hash = await page.locator("vstack-consensus-page .log code").textContent();
  const words = page.getByRole("region", { name: "This step" });
  await expect(words.getByText("n2 is killed")).toBeVisible();
  await page.reload();
  await expect(page.locator("vstack-consensus-page .log code")).toHaveText(hash ?? "");
  await expect(words.getByText("n2 is killed")).toBeVisible();
  await page.goBack();
  await expect(page).not.toHaveURL(/cut\.n3/);
  await page.keyboard.press("n");
  await expect(words.getByText("it is decided")).toBeVisible();
  await page.keyboard.press("Home");
  await step(0);
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await expect(page.getByRole("heading", { name: /^Step [1-9]/ })).toBeVisible();
  await page.keyboard.press("k");
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  // Classic Paxos beside it has the messages that the simulator counts.
  for (const acceptors of [3, 5] as const) {
    await page.getByRole("combobox", { name: "Acceptors" }).selectOption(String(acceptors));
    const counted = compareMessages({ seed: 1, acceptors, chunks: 1 });
    for (const name of ["chunkPaxos", "classicPaxos"] as const) {
      const { messages, withBytes, roundTrips } = counted[name];
      const cells = page.locator(`tr[data-count="${name}"] td`);
      await expect(cells).toHaveText([messages, withBytes, messages - withBytes, roundTrips].map(String));
    }
  }
});

test("live, the real proposer's messages are drawn and the rules hold on them", async ({ page, cluster, demoId }) => {
  // The newest video that is ready is read: the demo's, or what another test has stored since.
  expect(demoId).toHaveLength(26);
  await page.goto(`${cluster.url}/consensus?view=live`);
  await expect(page.getByText("● listening")).toBeVisible();
  await expect(page.getByText("agreement: no data")).toBeVisible();
  await page.getByRole("button", { name: "Read a position" }).click();
  await expect(page.getByRole("heading", { name: /^What the acceptors have for [a-z2-7]{26}\/meta$/ })).toBeVisible();
  await expect(page.getByRole("heading", { name: /^Checked on [1-9]/ })).toBeVisible();
  await expect(page.getByText("✓ acknowledged-is-durable")).toBeVisible();
  await expect(page.getByText("⚠")).toHaveCount(0);
  expect(await page.locator("vstack-space-time .arrow").count()).toBeGreaterThanOrEqual(6);
  await page.setViewportSize({ width: 360, height: 780 });
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious in ${colorScheme}, and a phone of 360 pixels scrolls no way but down`, async ({
    page,
    cluster,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 360, height: 780 });
    const width = async () => await page.evaluate(() => document.documentElement.scrollWidth);
    await page.goto(`${cluster.url}/consensus?view=live`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await width()).toBeLessThanOrEqual(360);
    await page.goto(`${cluster.url}/consensus?scenario=concurrent-uploaders&break=adoption&seed=0&at=39`);
    await expect(page.getByRole("heading", { name: "Violation of agreement" })).toBeVisible();
    expect(await width()).toBeLessThanOrEqual(360);
    await page.evaluate(await readFile(AXE, "utf8"));
    const found = await page.evaluate(async () => {
      interface Finding {
        readonly id: string;
        readonly impact: string | null;
        readonly nodes: readonly { readonly html: string }[];
      }
      const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
      return (await axe.run()).violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
    });
    expect(found).toEqual([]);
  });
}
