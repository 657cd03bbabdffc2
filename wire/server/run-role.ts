/**
 * A role as a process: environment -> configuration -> serve. It prints one line of JSON on standard output when it serves,
 * and sends the same to a parent that started it with an IPC channel. Exit codes: 0 stopped when told, 1 cannot run, 2 wrong
 * configuration.
 */
import { readFileSync } from "node:fs";
import { VStackError } from "#wire/contract/errors.ts";
import type { Environment } from "./role-config.ts";

const EXIT_CANNOT_RUN = 1;
const EXIT_WRONG_CONFIGURATION = 2;

/**
 * @param readConfig throws VStackError `bad-request` when something is missing or wrong
 * @param start serves, and returns what the ready line says of it
 */
export function runRole<Config>(
  readConfig: (environment: Environment, readFile: (path: string) => string) => Config,
  start: (config: Config) => Promise<object>,
): void {
  const run = async () => {
    const config = readConfig(process.env, (path) => readFileSync(path, "utf8"));
    const ready = { ready: true, ...(await start(config)), pid: process.pid };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    process.send?.(ready);
  };
  run().catch((error: unknown) => {
    process.stderr.write(`${words(error)}\n`);
    process.exit(
      error instanceof VStackError && error.code === "bad-request" ? EXIT_WRONG_CONFIGURATION : EXIT_CANNOT_RUN,
    );
  });
}

/** An expected error says what to do; any other needs its stack. */
function words(error: unknown): string {
  if (error instanceof VStackError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
