/** A storage node as a process, to be killed, frozen, wiped and started again. It reports to nobody, so that it votes at once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import * as v from "valibot";

const PROGRAM = fileURLToPath(new URL("../../dist/servers/node.js", import.meta.url));
export const CLI = fileURLToPath(new URL("../../dist/servers/cli.js", import.meta.url));
const START_MS = 30_000;

const ReadySchema = v.object({ ready: v.literal(true), url: v.string() });

export interface RealNode {
  readonly nodeId: NodeId;
  /** Of this start: another one with each. */
  port(): number;
  isRunning(): boolean;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Starts it again on its folder; on none when it was wiped. */
  start(): Promise<void>;
  /** Takes the disk of a node that does not run. */
  wipe(): Promise<void>;
}

/** @param folder of all nodes */
export async function startRealNode(name: string, folder: string, keyText: string): Promise<RealNode> {
  const nodeId = parseNodeId(name);
  if (nodeId === undefined) throw new Error(`"${name}" is no name of a node`);
  const data = join(folder, name);
  let child: ChildProcess | null = null;
  let bound = 0;
  const start = async () => {
    child = spawn(process.execPath, [PROGRAM], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...{ PATH: process.env["PATH"], UV_THREADPOOL_SIZE: "16" },
        ...{ VSTACK_NODE_ID: name, VSTACK_PORT: "0", VSTACK_DATA: data },
        ...{ VSTACK_CLUSTER_KEY: keyText, VSTACK_LOG_LEVEL: "silent" },
      },
    });
    if (child.stdout === null) throw new Error("A node without standard output");
    const limit = AbortSignal.timeout(START_MS);
    const [line] = (await once(createInterface({ input: child.stdout }), "line", { signal: limit })) as [string];
    bound = Number(new URL(v.parse(ReadySchema, JSON.parse(line)).url).port);
  };
  await start();
  return {
    nodeId,
    port: () => bound,
    isRunning: () => child !== null,
    async kill() {
      if (child === null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      child = null;
      await gone;
    },
    freeze() {
      child?.kill("SIGSTOP");
    },
    thaw() {
      child?.kill("SIGCONT");
    },
    start,
    wipe: () => rm(data, { recursive: true, force: true, maxRetries: 5 }),
  };
}
