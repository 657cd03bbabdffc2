/** The storage node as a process: store -> listen -> heartbeats. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { Registry } from "prom-client";
import * as v from "valibot";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { askJson } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { Heartbeat, HeartbeatAnswer } from "#wire/contract/cluster-api.ts";
import { HEARTBEAT_INTERVAL_MS, HeartbeatAnswerSchema, HeartbeatSchema } from "#wire/contract/cluster-api.ts";
import { PATHS } from "#wire/contract/paths.ts";
import { lockDataFolder } from "#wire/server/data-lock.ts";
import { listen } from "#wire/server/listen.ts";
import { createLog } from "#wire/server/log.ts";
import { runRole } from "#wire/server/run-role.ts";
import { stopOnSignals } from "#wire/server/shutdown.ts";
import { type AccessLedger, ledgerOver } from "./emulation/access-link.ts";
import { LabNetworks } from "./emulation/lab-networks.ts";
import { type NodeConfig, nodeUrls, readConfig } from "./config.ts";
import { NodeAcceptor } from "./consensus/node-acceptor.ts";
import { keepBeating } from "./heartbeat.ts";
import { nodeMetrics } from "./metrics.ts";
import { createNodeApp } from "./node-app.ts";
import { ServedBook } from "./served-book.ts";
import { changeLanes } from "./storage/change-lanes.ts";
import { openDiskStore } from "./storage/disk-store.ts";
import { liveFileSystem } from "./storage/live-file-system.ts";

/** A report later than the next one is due is worth nothing. */
const HEARTBEAT_DEADLINE_MS = 2 * HEARTBEAT_INTERVAL_MS;

async function runNode(config: NodeConfig): Promise<object> {
  const { nodeId, metadataUrl, lab } = config;
  const clusterKey = await importClusterKey(config.clusterKeyText);
  const log = createLog("node", nodeId, config.logLevel);
  const folder = resolve(config.dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  process.once("exit", lockDataFolder(folder, process.pid));
  const registry = new Registry();
  const metrics = nodeMetrics(registry);
  const fileSystem = changeLanes(metrics.timed(liveFileSystem), config.threadCount);
  const { capacityBytes } = config;
  const store = await openDiskStore({ fileSystem, folder, nodeId, capacityBytes, nowMs: () => liveClock.nowMs(), log });
  const acceptor = await NodeAcceptor.open({
    ...{ fileSystem: metrics.timed(liveFileSystem, "votes"), folder, log, observe: metrics.voted },
    waitsForVerdict: metadataUrl !== undefined,
  });
  const stopping = new AbortController();
  const served = new ServedBook();
  const app = createNodeApp({
    ...{ nodeId, store, acceptor, clusterKey, lab, log, registry, metrics, served },
    ...(lab ? { networks: new LabNetworks({ nodeId, clock: liveClock, ledger: parentLedger(config) }) } : {}),
    pid: process.pid,
    clock: liveClock,
    stopping: stopping.signal,
  });
  const listening = await listen(app, config);
  const urls = nodeUrls(config, listening.port);

  const report = async (signal: AbortSignal): Promise<void> => {
    const servedNow = served.report();
    const heartbeat: Heartbeat = {
      ...{ nodeId, ...urls, incarnation: store.incarnation, acceptor: acceptor.report(), pid: process.pid },
      ...(await store.stats()),
      served: servedNow,
      ...(config.domain === undefined ? {} : { domain: config.domain }),
    };
    const capability = await mintCapability(clusterKey, {
      method: "HEARTBEAT",
      subject: nodeId,
      nowMs: liveClock.wallMs(),
    });
    const url = `${metadataUrl ?? ""}${PATHS.nodeHeartbeat(nodeId)}`;
    const answer = await sendHeartbeat(url, { heartbeat, capability, signal });
    served.heard(servedNow);
    await acceptor.hear(answer.acceptor);
  };
  if (metadataUrl !== undefined) void keepBeating({ send: report, clock: liveClock, log }, stopping.signal);

  stopOnSignals(log, async () => {
    stopping.abort();
    await listening.close();
    await Promise.all([store.close(), acceptor.close()]);
  });
  return { role: "node", id: nodeId, url: urls.publicUrl };
}

/** The ledger of access links, when our parent says that it keeps one. */
function parentLedger({ parentKeepsLedger }: NodeConfig): AccessLedger | undefined {
  if (!parentKeepsLedger || process.send === undefined) return undefined;
  return ledgerOver({
    send: (message) => {
      // A parent that is gone ends this process too: nothing is left to be told.
      if (process.connected) process.send?.(message);
    },
    listen: (listener) => process.on("message", listener),
  });
}

function sendHeartbeat(
  url: string,
  { heartbeat, capability, signal }: { heartbeat: Heartbeat; capability: string; signal: AbortSignal },
): Promise<HeartbeatAnswer> {
  return askJson(url, HeartbeatAnswerSchema, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${capability}` },
    body: JSON.stringify(v.parse(HeartbeatSchema, heartbeat)),
    signal,
    deadlineMs: HEARTBEAT_DEADLINE_MS,
  });
}

runRole(readConfig, runNode);
