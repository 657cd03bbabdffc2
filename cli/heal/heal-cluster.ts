/** A temporary cluster with a node that loses its disk: killed, its folder put aside, started again empty. */
import { mkdir, rename } from "node:fs/promises";
import { askJson } from "#wire/client/http.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { NodeHealthSchema } from "#wire/contract/chunk-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { clusterFolder } from "../cluster-folder.ts";
import { startTemporaryCluster } from "../load/temporary-cluster.ts";
import type { RoleProcess } from "../processes.ts";
import { startRole, stopRoles } from "../processes.ts";
import { localUrl } from "../commands/up.ts";

const HOST = "127.0.0.1";

/** What a node has, by its own count. */
export interface NodeContent {
  readonly replicas: number;
  readonly shards: number;
  readonly bytes: number;
}

export interface HealCluster {
  readonly url: string;
  readonly data: string;
  contentOf(nodeId: string, signal: AbortSignal): Promise<NodeContent>;
  /** Takes the node's disk away; resolves when the node serves again, with nothing on it. */
  wipe(nodeId: string, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** @throws VStackError `unavailable` when it does not start */
export async function startHealCluster(nodes: number, signal: AbortSignal): Promise<HealCluster> {
  // What ffmpeg would make of the videos is no question here.
  const flags = ["--no-demo", "--ffmpeg", "off", "--nodes", String(nodes)];
  const cluster = await startTemporaryCluster(flags, signal);
  const { url, port, data } = cluster;
  const folder = clusterFolder(data);
  const restarted = new Map<string, RoleProcess>();
  let lostDisks = 0;
  const nodeUrl = (nodeId: string) => localUrl(HOST, port + Number(nodeId.slice(1)));
  return {
    ...{ url, data },
    async contentOf(nodeId, within) {
      const health = await askJson(`${nodeUrl(nodeId)}${ROUTES.health}`, NodeHealthSchema, { signal: within });
      return { replicas: health.chunkCount, shards: health.shardCount, bytes: health.usedBytes };
    },
    async wipe(nodeId, within) {
      const { nodes: known } = await metadataClient(url).cluster(within);
      const pid = known.find(({ id }) => id === nodeId)?.pid;
      if (pid === undefined) throw new VStackError("not-found", `Cannot wipe ${nodeId} as there is no such node`);
      process.kill(pid, "SIGKILL");
      const own = folder.nodeFolder(nodeId);
      // A disk that is lost is not deleted: that would keep the one busy which all nodes here share.
      lostDisks += 1;
      await rename(own, `${own}-lost-${lostDisks}`);
      await mkdir(own, { mode: 0o700 });
      const settings = {
        ...{ VSTACK_HOST: HOST, VSTACK_CLUSTER_KEY_FILE: folder.keyFile, VSTACK_LAB: "0", VSTACK_LOG_LEVEL: "error" },
        ...{ VSTACK_NODE_ID: nodeId, VSTACK_DATA: own, VSTACK_METADATA_URL: url },
        ...{ VSTACK_PORT: nodeUrl(nodeId).split(":").at(-1) ?? "", VSTACK_PUBLIC_URL: nodeUrl(nodeId) },
      };
      restarted.set(nodeId, await startRole("node", nodeId, settings));
    },
    async stop() {
      await Promise.all([cluster.stop(), stopRoles([...restarted.values()])]);
    },
  };
}
