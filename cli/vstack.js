#!/usr/bin/env node
// The `vstack` command. The program itself is cli/main.ts; this file finds its build and, in a fresh clone, makes it once.
// `vstack --build COMMAND` builds first in any case. `npm start` is that and one process: with `build && node` a shell
// would stand in between, and a SIGTERM to npm would end the shell alone.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = new URL("../dist/servers/cli.js", import.meta.url);

const buildFirst = process.argv[2] === "--build";
if (buildFirst) process.argv.splice(2, 1);

if (buildFirst || !existsSync(program)) {
  process.stderr.write("vstack: building\n");
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
