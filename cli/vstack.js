#!/usr/bin/env node
// The `vstack` command. The program itself is cli/main.ts; this file finds its build and, in a fresh clone, makes it once.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = new URL("../dist/servers/cli.js", import.meta.url);

if (!existsSync(program)) {
  process.stderr.write("vstack: not built yet, building once\n");
  // The build speaks on standard error (2): standard output belongs to the command, whose --json is read by programs.
  const build = spawnSync("npm", ["run", "build"], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (build.status !== 0) {
    process.stderr.write(`vstack: the build failed${build.error ? `: ${build.error.message}` : ""}\n`);
    process.exit(1);
  }
}

await import(program.href);
