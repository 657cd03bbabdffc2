/** A child process that answers every line with a line of JSON; its remarks go to ours. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { VStackError } from "#wire/contract/errors.ts";

/** One line; Chromium starts and the codec warms up within the first. */
const ANSWER_MS = 60_000;
/** Then it is killed. */
const END_MS = 5_000;

export interface LineChild {
  /** Sends an empty line; resolves with what comes back. */
  ask(): Promise<unknown>;
  /** What it says first, without being asked. */
  readonly greeting: Promise<unknown>;
  close(): Promise<void>;
}

/** @param signal ends the child */
export function lineChild(command: string, words: readonly string[], signal: AbortSignal): LineChild {
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"], signal });
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => {
      resolve();
    });
    child.once("close", () => {
      resolve();
    });
  });
  // A child that ended cannot be written to: that is told by its answers.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const late = AbortSignal.timeout(ANSWER_MS);
    const tooLate = new Promise<never>((_, reject) => {
      late.addEventListener("abort", () => {
        reject(new VStackError("timeout", `Gave up waiting for ${command}: no answer within ${ANSWER_MS / 1000} s`));
      });
    });
    const line = await Promise.race([lines.next(), tooLate]);
    if (line.done === true) throw new VStackError("unavailable", `Cannot measure with ${command}: it ended`);
    return JSON.parse(line.value);
  };
  return {
    greeting: next(),
    async ask() {
      child.stdin.write("\n");
      return await next();
    },
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
