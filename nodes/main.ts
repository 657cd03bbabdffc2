/**
 * The storage node as a process: environment -> configuration -> store -> listen -> heartbeats. Prints one line of JSON on
 * standard output when it serves, and sends the same to a parent that started it with an IPC channel. Exit codes: 0 stopped
 * when told, 1 cannot run, 2 wrong configuration.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Registry } from "prom-client";
import * as v from "valibot";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { ask } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { HEARTBEAT_INTERVAL_MS, type Heartbeat, HeartbeatSchema } from "#wire/contract/cluster-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { PATHS } from "#wire/contract/paths.ts";
import { listen } from "#wire/server/listen.ts";
import { createLog } from "#wire/server/log.ts";
import { stopOnSignals } from "#wire/server/shutdown.ts";
import { type NodeConfig, nodeUrls, readConfig } from "./config.ts";
import { lockDataFolder } from "./data-lock.ts";
import { keepBeating } from "./heartbeat.ts";
import { nodeMetrics } from "./metrics.ts";
import { createNodeApp } from "./node-app.ts";
import { openDiskStore } from "./storage/disk-store.ts";
import { liveFileSystem } from "./storage/live-file-system.ts";

const EXIT_CANNOT_RUN = 1;
const EXIT_WRONG_CONFIGURATION = 2;
/** A report later than the next one is due is worth nothing. */
const HEARTBEAT_DEADLINE_MS = 2 * HEARTBEAT_INTERVAL_MS;

async function runNode(config: NodeConfig): Promise<void> {
  const { nodeId, metadataUrl, lab } = config;
  const clusterKey = await importClusterKey(config.clusterKeyText);
  const log = createLog("node", nodeId, config.logLevel);
  const folder = resolve(config.dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  process.once("exit", lockDataFolder(folder, process.pid));
  const registry = new Registry();
  const metrics = nodeMetrics(registry);
  const fileSystem = metrics.timed(liveFileSystem);
  const { capacityBytes } = config;
  const store = await openDiskStore({ fileSystem, folder, nodeId, capacityBytes, nowMs: () => liveClock.nowMs(), log });
  const app = createNodeApp({
    ...{ nodeId, store, clusterKey, lab, log, registry, metrics },
    pid: process.pid,
    clock: liveClock,
  });
  const listening = await listen(app, config);
  const urls = nodeUrls(config, listening.port);

  const stopping = new AbortController();
  const report = async (signal: AbortSignal): Promise<void> => {
    const heartbeat: Heartbeat = {
      ...{ nodeId, ...urls, incarnation: store.incarnation, pid: process.pid },
      ...(await store.stats()),
    };
    const capability = await mintCapability(clusterKey, {
      method: "HEARTBEAT",
      subject: nodeId,
      nowMs: liveClock.wallMs(),
    });
    await sendHeartbeat(`${metadataUrl ?? ""}${PATHS.nodeHeartbeat(nodeId)}`, { heartbeat, capability, signal });
  };
  if (metadataUrl !== undefined) void keepBeating({ send: report, clock: liveClock, log }, stopping.signal);

  stopOnSignals(log, async () => {
    stopping.abort();
    await listening.close();
    await store.close();
  });
  announce({ ready: true, role: "node", id: nodeId, url: urls.publicUrl, pid: process.pid });
}

async function sendHeartbeat(
  url: string,
  { heartbeat, capability, signal }: { heartbeat: Heartbeat; capability: string; signal: AbortSignal },
): Promise<void> {
  const response = await ask(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${capability}` },
    body: JSON.stringify(v.parse(HeartbeatSchema, heartbeat)),
    signal,
    deadlineMs: HEARTBEAT_DEADLINE_MS,
  });
  await response.body?.cancel();
}

function announce(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
  process.send?.(message);
}

function fail(error: unknown, exitCode: number): void {
  const text =
    error instanceof VStackError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}

function configuration(): NodeConfig | undefined {
  try {
    return readConfig(process.env, (path) => readFileSync(path, "utf8"));
  } catch (error) {
    fail(error, EXIT_WRONG_CONFIGURATION);
    return undefined;
  }
}

const config = configuration();
if (config !== undefined) {
  runNode(config).catch((error: unknown) => {
    fail(
      error,
      error instanceof VStackError && error.code === "bad-request" ? EXIT_WRONG_CONFIGURATION : EXIT_CANNOT_RUN,
    );
  });
}
