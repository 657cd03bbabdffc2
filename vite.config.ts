/**
 * Four modes. `vite build`: the pages. `--mode sw`: the service worker, alone, as one classic script: built together
 * with the pages it would import a hashed chunk of theirs and so have to be a module worker. `--mode servers`: the
 * three programs of Node, packages left outside. `vitest`: mode "test", rooted at the top so that all rooms are seen.
 */
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const top = fileURLToPath(new URL(".", import.meta.url));
const dist = `${top}dist`;

const pages: ViteUserConfig = {
  root: `${top}player`,
  build: {
    outDir: `${dist}/pages`,
    emptyOutDir: true,
    target: "es2022",
    // hls.js and the charts are whole libraries: their size is known and accepted.
    chunkSizeWarningLimit: 1500,
    // The second one is what the benchmark drives.
    rolldownOptions: { input: [`${top}player/index.html`, `${top}player/bench-player.html`] },
  },
};

const worker: ViteUserConfig = {
  root: top,
  publicDir: false,
  build: {
    outDir: `${dist}/pages`,
    emptyOutDir: false,
    target: "es2022",
    sourcemap: true,
    modulePreload: false,
    rolldownOptions: {
      input: `${top}sw/service-worker.ts`,
      output: { format: "iife", entryFileNames: "sw.js" },
    },
  },
};

const servers: ViteUserConfig = {
  root: top,
  publicDir: false,
  build: {
    ssr: true,
    outDir: `${dist}/servers`,
    emptyOutDir: true,
    target: "node20",
    sourcemap: true,
    rolldownOptions: {
      input: { node: `${top}nodes/main.ts`, metadata: `${top}metadata/main.ts`, cli: `${top}cli/main.ts` },
      output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
    },
  },
};

const tests: ViteUserConfig = {
  root: top,
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "dist/**", ".tsc/**", "e2e/**"],
    environment: "node",
    // Processes, not threads: the SQLite binding is native code. Two, as the smallest machine we test on has two cores.
    pool: "forks",
    maxWorkers: 2,
    // Modules are loaded once for all files of a process: a third of the time went into loading them again.
    isolate: false,
    // A limit against hanging, not a measurement: a busy machine must not fail what is right.
    testTimeout: 60_000,
    passWithNoTests: false,
    reporters: ["default"],
    unstubGlobals: true,
    restoreMocks: true,
  },
};

export default defineConfig(({ mode }) => {
  switch (mode) {
    case "sw":
      return worker;
    case "servers":
      return servers;
    case "test":
      return tests;
    default:
      return pages;
  }
});
