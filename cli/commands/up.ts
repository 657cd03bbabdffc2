/**
 * `vstack up`: the whole cluster as child processes on this machine. Every role is its own process; all stop when this one
 * is told to, and also when this one dies (each role watches the IPC channel to its parent).
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { AccessLedger } from "../access-ledger.ts";
import type { ClusterFolder } from "../cluster-folder.ts";
import { clusterFolder, exists, lockClusterFolder, prepareClusterFolder } from "../cluster-folder.ts";
import type { ConsensusOptions } from "../consensus-command.ts";
import { consensusSettings } from "../consensus-command.ts";
import type { MediaOptions } from "../media-options.ts";
import { mediaSettings } from "../media-options.ts";
import { printLine, remark, startProgress } from "../print.ts";
import type { RoleProcess } from "../processes.ts";
import { endText, serversFolder, startRole, stopRoles } from "../processes.ts";
import { demoFiles } from "../demo-files.ts";
import { uploadVideo } from "../upload-video.ts";

/** Heartbeats come once a second; all nodes are known well before. */
const MEMBERSHIP_MS = 15_000;
const MEMBERSHIP_POLL_MS = 100;
/** How often to look whether the shell that npm put between us and itself is still there. */
const PARENT_POLL_MS = 500;

export interface UpOptions extends MediaOptions, ConsensusOptions {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly nodes: number;
  readonly demo: boolean;
  readonly lab: boolean;
  /** Of each chunk, in a lab only. */
  readonly copies?: number;
  /** Taken by the nodes in turn. */
  readonly domains?: readonly string[];
  readonly logLevel: string;
}

export async function up(options: UpOptions): Promise<void> {
  const folder = clusterFolder(options.data);
  await prepareClusterFolder(folder);
  const unlock = await lockClusterFolder(folder);
  const stop = watchForStop();
  const roles: RoleProcess[] = [];
  const ledger = new AccessLedger(liveClock);
  try {
    await startCluster(options, folder, roles);
    // Without --lab nodes never ask.
    for (const { child } of roles) ledger.attach(child);
    const url = localUrl(options.host, options.port);
    await waitForNodes(url, options.nodes, stop.signal);
    if (options.demo) await storeDemoOnce(url, folder, stop.signal);
    for (const role of roles) reportEnd(role, options, folder, stop.signal);
    printLine(`V-Stack ready at ${url}`);
    await stop.asked;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.release();
    ledger.close();
    const [metadata, ...nodes] = roles;
    if (metadata !== undefined) await stopRoles([metadata]);
    await stopRoles(nodes);
    await unlock();
  }
}

async function startCluster(options: UpOptions, folder: ClusterFolder, roles: RoleProcess[]): Promise<void> {
  const common = {
    VSTACK_HOST: options.host,
    VSTACK_CLUSTER_KEY_FILE: folder.keyFile,
    VSTACK_LAB: options.lab ? "1" : "0",
    VSTACK_LOG_LEVEL: options.logLevel,
  };
  roles.push(
    await startRole("metadata", "metadata", {
      ...common,
      VSTACK_PORT: String(options.port),
      VSTACK_DATA: folder.metadataFolder,
      VSTACK_PUBLIC_URL: localUrl(options.host, options.port),
      ...(options.lab && options.copies !== undefined ? { VSTACK_LAB_COPIES: String(options.copies) } : {}),
      ...mediaSettings(options),
      ...consensusSettings(options),
    }),
  );
  const starting = Array.from({ length: options.nodes }, (_, index) => {
    const nodeId = `n${index + 1}`;
    const domain = options.domains?.[index % options.domains.length];
    return startRole("node", nodeId, {
      ...common,
      VSTACK_NODE_ID: nodeId,
      ...(domain === undefined ? {} : { VSTACK_DOMAIN: domain }),
      VSTACK_ACCESS_LEDGER: common.VSTACK_LAB,
      VSTACK_PORT: String(options.port + index + 1),
      VSTACK_DATA: folder.nodeFolder(nodeId),
      VSTACK_METADATA_URL: localUrl(options.host, options.port),
      VSTACK_PUBLIC_URL: `http://${urlHost(options.host)}:${options.port + index + 1}`,
      VSTACK_INTERNAL_URL: localUrl(options.host, options.port + index + 1),
    });
  });
  const outcomes = await Promise.allSettled(starting);
  for (const outcome of outcomes) if (outcome.status === "fulfilled") roles.push(outcome.value);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function waitForNodes(url: string, wanted: number, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, deadlineSignal(MEMBERSHIP_MS)]);
  while (!deadline.aborted) {
    const cluster = await metadataClient(url).cluster(deadline);
    if (cluster.nodes.filter((node) => node.state === "alive").length >= wanted) return;
    await new Promise((resolve) => setTimeout(resolve, MEMBERSHIP_POLL_MS));
  }
  signal.throwIfAborted();
  throw new VStackError("unavailable", `Cannot start as not all ${wanted} nodes reported to ${url} in time`);
}

/** The demo goes through the ordinary upload path, on the first start of a data folder only. */
async function storeDemoOnce(url: string, folder: ClusterFolder, signal: AbortSignal): Promise<void> {
  if (await exists(folder.demoMark)) return;
  const files = await demoFiles(join(serversFolder(), "..", "..", "metadata", "demo"));
  if (files.length === 0) {
    remark("The demo video is not beside the program: starting with an empty library");
    return;
  }
  const progress = startProgress({ quiet: false });
  const stored = await uploadVideo({ url, files, title: "V-Stack demo", redundancy: "auto", signal, progress });
  progress.end();
  await writeFile(folder.demoMark, `${stored.id}\n`);
}

/** A role that ends by itself is said so, with the command that brings it back; the others go on. */
function reportEnd(role: RoleProcess, options: UpOptions, folder: ClusterFolder, stopping: AbortSignal): void {
  void role.ended.then((end) => {
    if (stopping.aborted) return;
    const key = `--cluster-key ${JSON.stringify(folder.keyFile)}${options.lab ? " --lab" : ""}`;
    const port = options.port + (role.name === "metadata" ? 0 : Number(role.name.slice(1)));
    const again =
      role.name === "metadata"
        ? `npx vstack metadata --port ${port} --host ${options.host} --data ${JSON.stringify(folder.metadataFolder)} ${key}`
        : `npx vstack node --id ${role.name} --port ${port} --host ${options.host} --data ${JSON.stringify(folder.nodeFolder(role.name))} --metadata ${localUrl(options.host, options.port)} ${key}`;
    remark(`${role.name} ended with ${endText(end)}; the cluster goes on without it. To bring it back: ${again}`);
  });
}

interface StopWatch {
  /** Fires when the cluster shall stop, or has stopped. */
  readonly signal: AbortSignal;
  readonly asked: Promise<void>;
  release(): void;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. Under npm a shell stands between npm and us, and a SIGTERM to npm may end only
 * that shell: losing our first parent is then the same as being told to stop.
 */
function watchForStop(): StopWatch {
  const controller = new AbortController();
  const asked = new Promise<void>((resolve) => {
    controller.signal.addEventListener("abort", () => {
      resolve();
    });
  });
  const end = () => {
    clearInterval(watch);
    controller.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  const parent = process.ppid;
  const underNpm = process.env["npm_lifecycle_event"] !== undefined;
  const watch = setInterval(() => {
    if (underNpm && process.ppid !== parent) end();
  }, PARENT_POLL_MS);
  return { signal: controller.signal, asked, release: end };
}

/** Where programs on this machine reach a port that was opened on `host`. */
export function localUrl(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${urlHost(reachable)}:${port}`;
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
