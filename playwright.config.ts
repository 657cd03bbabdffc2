/** End-to-end tests: real browser, real servers. The long forms live in e2e/long and run by `npm run test:long`. */
import { defineConfig } from "playwright/test";
import { CHROMIUM_ARGS, findChromium } from "./e2e/fixtures/browser.ts";

const long = process.env["VSTACK_LONG"] !== undefined;

export default defineConfig({
  testDir: long ? "e2e/long" : "e2e",
  testMatch: "**/*.spec.ts",
  testIgnore: long ? [] : ["**/e2e/long/**"],
  outputDir: "test-results/e2e",
  // One at a time: each test owns a cluster and measures it, and a neighbour would take its cores.
  workers: 1,
  fullyParallel: false,
  // A flaky test is a bug: never hidden by a second try.
  retries: 0,
  timeout: 90_000,
  forbidOnly: process.env["CI"] !== undefined,
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  use: {
    viewport: { width: 1280, height: 720 },
    serviceWorkers: "allow",
    trace: "retain-on-failure",
    launchOptions: { executablePath: findChromium(), args: [...CHROMIUM_ARGS] },
  },
});
