/** End-to-end tests: real browser, real servers. The long forms live in e2e/long and run by `npm run test:long`. */
import { defineConfig } from "playwright/test";
import { CHROMIUM_ARGS, findChromium } from "./e2e/fixtures/browser.ts";

const MEASURED = ["bench-page", "lab-network", "recording", "scheduler", "watch"].map(
  (name) => `flows/${name}.spec.ts`,
);
const long = process.env["VSTACK_LONG"] !== undefined;

export default defineConfig({
  testDir: "e2e",
  projects: long
    ? [{ name: "long", testMatch: "long/*.spec.ts", workers: 1 }]
    : [
        // Pages and commands, with nothing timed: two spec files at a time, each with a cluster of its own.
        // A page may wait for a core that the other one has, as the page of the API does while a cluster starts.
        {
          ...{ name: "flows", testMatch: "flows/*.spec.ts", testIgnore: MEASURED, workers: 2 },
          expect: { timeout: 15_000 },
        },
        // One at a time: each test measures its cluster or what people see of it, and a neighbour would take its cores.
        { name: "measured", testMatch: ["faults/*.spec.ts", ...MEASURED], workers: 1 },
      ],
  outputDir: "test-results/e2e",
  workers: 2,
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
