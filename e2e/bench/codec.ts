/**
 * The codec in Chromium for `vstack bench codec`, which starts it: every line on standard input asks for a round, which is
 * answered by a line of samples.
 */
import { createInterface } from "node:readline";
import { chromium } from "playwright";
import { CHROMIUM_ARGS, findChromium } from "../fixtures/browser.ts";
import { bundleForPage } from "../fixtures/page-bundle.ts";

/** Answered by this program itself. */
const ADDRESS = "http://localhost/codec";

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

async function main(): Promise<void> {
  let executablePath: string;
  try {
    executablePath = findChromium();
  } catch (error) {
    say({ notRun: error instanceof Error ? error.message : String(error) });
    return;
  }
  const script = await bundleForPage("cli/bench/codec/codec-page.ts", "codecPage");
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGS] });
  try {
    const page = await browser.newPage();
    // Isolated from other origins, as then its clock has 5 microseconds instead of 100.
    const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    await page.route(ADDRESS, (route) => route.fulfill({ contentType: "text/html", headers, body: "<!doctype html>" }));
    await page.goto(ADDRESS);
    await page.addScriptTag({ content: script });
    if (!(await page.evaluate("crossOriginIsolated"))) process.stderr.write("The page's clock is coarse\n");
    await page.evaluate("codecPage.round()");
    say({ ready: true });
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === "") say(await page.evaluate("codecPage.round()"));
    }
  } finally {
    await browser.close();
  }
}

await main();
