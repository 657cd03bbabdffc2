/**
 * Starts and stops the roles as child processes. The CLI never imports a server: what runs here is what runs on several
 * machines, and a killed role is really dead.
 */
import { type ChildProcess, fork } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";

/** A role that is not serving by then has failed; a node with 100,000 chunks starts within a second. */
const START_MS = 30_000;
/** Roles end by themselves within this; then they are killed (a frozen one cannot hear SIGTERM). */
const STOP_MS = 8_000;

/**
 * Threads for file operations: a process cannot choose them for itself once it runs. 64 concurrent PUTs of 64 KiB were
 * 1.4 to 2.4 times as fast with 16 as with the default of four.
 */
const UV_THREADPOOL_SIZE = "16";

const ReadySchema = v.looseObject({ ready: v.literal(true), pid: v.number() });

export type RoleName = "node" | "metadata";

/** Where the built servers are: beside this file when built, below the project's top when run from sources. */
export function serversFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return basename(here) === "servers" ? here : join(here, "..", "dist", "servers");
}

export interface RoleProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** Resolves when the process has ended, however that came. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts a role and waits until it serves.
 *
 * @param name what people call it, for messages: `metadata`, `n3`
 * @param settings its VSTACK_* environment; nothing else of that prefix is passed on
 * @throws VStackError `unavailable` when it ends or stays silent instead
 */
export async function startRole(
  role: RoleName,
  name: string,
  settings: Readonly<Record<string, string>>,
): Promise<RoleProcess> {
  const child = fork(join(serversFolder(), `${role}.js`), [], {
    env: { UV_THREADPOOL_SIZE, ...withoutSettings(process.env), ...settings },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = new Promise<Awaited<RoleProcess["ended"]>>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
  });
  const started: RoleProcess = { name, child, ended };
  const ready = new Promise<true>((resolve) => {
    child.on("message", (message) => {
      if (v.is(ReadySchema, message)) resolve(true);
    });
  });
  const slow = startLimit();
  const outcome = await Promise.race([ready, ended, slow.passed]);
  slow.cancel();
  if (outcome === true) return started;
  await stopRoles([started]);
  const how = outcome === "slow" ? `it did not serve within ${START_MS / 1000} s` : `it ended with ${endText(outcome)}`;
  throw new VStackError("unavailable", `Cannot start ${name} as ${how}: its last words are above`);
}

/** Asks roles to end, all at once; kills those that do not. */
export async function stopRoles(roles: readonly RoleProcess[]): Promise<void> {
  await Promise.all(
    roles.map(async ({ child, ended }) => {
      child.kill("SIGTERM");
      const kill = setTimeout(() => {
        child.kill("SIGKILL");
      }, STOP_MS);
      await ended;
      clearTimeout(kill);
    }),
  );
}

export function endText(end: { code: number | null; signal: string | null }): string {
  return end.signal === null ? `code ${end.code ?? "unknown"}` : `signal ${end.signal}`;
}

function startLimit(): { passed: Promise<"slow">; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<"slow">((resolve) => {
    timer = setTimeout(resolve, START_MS, "slow");
  });
  return {
    passed,
    cancel: () => {
      clearTimeout(timer);
    },
  };
}

function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("VSTACK_")));
}
