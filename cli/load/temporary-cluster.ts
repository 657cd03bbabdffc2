/** A cluster of its own for a measurement: `vstack up` as a child process, in a folder that goes with it. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { liveRandom } from "#wire/client/live-clock.ts";
import { serversFolder } from "../processes.ts";

export interface TemporaryCluster {
  readonly url: string;
  /** Of the metadata server; the nodes have the next ones. */
  readonly port: number;
  /** What the cluster keeps, as cli/cluster-folder.ts has it. */
  readonly data: string;
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
}

/** Of one start, the demo video included. */
const START_MS = 60_000;
/** Where nobody else's servers usually are; below the ports that systems give out by themselves. */
const [FIRST_PORT, PORTS] = [20_000, 10_000];
/** Somebody may listen on one of the ports; another range is tried then. */
const TRIES = 5;
const READY = /V-Stack ready at (\S+)/;

/**
 * @param flags of `vstack up`
 * @throws VStackError `unavailable` when none starts, `aborted` by the signal
 */
export async function startTemporaryCluster(flags: readonly string[], signal: AbortSignal): Promise<TemporaryCluster> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(FIRST_PORT + Math.floor(liveRandom() * PORTS), flags, signal);
    } catch (error) {
      if (signal.aborted || attempt === TRIES) throw error;
    }
  }
}

async function startOnce(port: number, flags: readonly string[], signal: AbortSignal): Promise<TemporaryCluster> {
  const data = await mkdtemp(join(tmpdir(), "vstack-load-"));
  const words = [join(serversFolder(), "cli.js"), "up", "--port", String(port), "--data", data, ...flags];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => {
      resolve();
    });
    child.once("exit", () => {
      resolve();
    });
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  };
  const limit = AbortSignal.any([signal, deadlineSignal(START_MS)]);
  const cut = () => {
    child.kill("SIGTERM");
  };
  limit.addEventListener("abort", cut, { once: true });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const url = READY.exec(line)?.[1];
      if (url !== undefined) return { url, port, data, stop };
    }
    throw new VStackError("unavailable", "Cannot start a temporary cluster: name a running one with --url");
  } catch (error) {
    await stop();
    throw error;
  } finally {
    limit.removeEventListener("abort", cut);
  }
}
