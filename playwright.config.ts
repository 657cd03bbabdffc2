/**
 * End-to-end tests: real browser, real servers. The long forms live in e2e/long and run by `npm run test:long`; those of
 * them that every change has to pass, in e2e/long/faults and e2e/long/flows.
 */
import { defineConfig } from "playwright/test";
import { CHROMIUM_ARGS, findChromium } from "./e2e/fixtures/browser.ts";

const MEASURED = [
  ...["lab-network", "scheduler", "watch"].map((name) => `flows/${name}.spec.ts`),
  "faults/transitions.spec.ts",
];
const long = process.env["VSTACK_LONG"] !== undefined;

export default defineConfig({
  testDir: "e2e",
  projects: long
    ? [{ name: "long", testMatch: "long/**/*.spec.ts", workers: 1 }]
    : [
        // Pages and commands, with nothing timed: three spec files at a time, each with a cluster of its own, as two leave
        // two cores idle for half of their time. A page may wait for a core that another one has.
        {
          ...{ name: "flows", testMatch: "flows/*.spec.ts", testIgnore: [...MEASURED, "long/**"], workers: 3 },
          expect: { timeout: 15_000 },
        },
        // One at a time: each test measures its cluster or what people see of it, and a neighbour would take its cores.
        { name: "measured", testMatch: MEASURED, testIgnore: "long/**", workers: 1 },
      ],
  outputDir: "test-results/e2e",
  // Tests put what they upload there.
  preserveOutput: "failures-only",
  workers: 3,
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
