/**
 * Storage nodes as processes, a config master, and what keeps the groups at their strength: a node whose disk was wiped is
 * another acceptor, and is taken in again by a change of members.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import type { VideoId } from "#core/ids.ts";
import { videoIdFromBytes } from "#core/ids.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { ClusterKey } from "#wire/client/capability.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { askGroups } from "#wire/client/acceptor-client.ts";
import { liveFetch } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { runReconfiguration } from "../../metadata/consensus/run-reconfiguration.ts";
import type { GroupMaster } from "./group-master.ts";
import { groupMaster } from "./group-master.ts";
import type { RealNode } from "./real-node.ts";
import { startRealNode } from "./real-node.ts";

/** Tries until a change of members takes hold; while too many nodes are down it cannot. */
const MAX_CHANGES = 100;
const RETRY_PAUSE_MS = 200;

export interface AcceptorCluster {
  readonly nodes: readonly RealNode[];
  readonly clusterKey: ClusterKey;
  readonly master: GroupMaster;
  /** A group of each; its members are the first nodes. */
  readonly videos: readonly VideoId[];
  /** Past all links. */
  readonly urlOf: (nodeId: string) => string | undefined;
  /** The acceptor that a running node is now. */
  incarnationOf(node: RealNode): Promise<string>;
  /** Makes other nodes, or other disks of the same ones, the members of a group. @returns how many changes it took */
  changeMembers(group: number, members: readonly Member[], signal: AbortSignal): Promise<number>;
  stop(): Promise<void>;
}

/**
 * @param nodeCount of which `acceptors` are the members of every group
 * @param groups that get a video
 */
export async function startAcceptorCluster(wanted: {
  readonly nodeCount: number;
  readonly acceptors: number;
  readonly groups: number;
}): Promise<AcceptorCluster> {
  const folder = await mkdtemp(join(tmpdir(), "vstack-acceptors-"));
  const keyText = randomBytes(32).toString("base64");
  const clusterKey = await importClusterKey(keyText);
  const names = Array.from({ length: wanted.nodeCount }, (_, at) => `n${at + 1}`);
  const nodes = await Promise.all(names.map((name) => startRealNode(name, folder, keyText)));
  const find = (nodeId: string) => nodes.find((node) => node.nodeId === nodeId);
  const urlOf = (nodeId: string) => {
    const node = find(nodeId);
    return node === undefined ? undefined : `http://127.0.0.1:${node.port()}`;
  };
  const mint = (grant: { readonly method: "VOTE"; readonly subject: string }) =>
    mintCapability(clusterKey, { ...grant, nowMs: Date.now() });
  const incarnationOf = async (node: RealNode) => {
    const target = { nodeId: node.nodeId, url: urlOf(node.nodeId) ?? "" };
    const asking = { mint, fetch: liveFetch, signal: new AbortController().signal };
    return (await askGroups(target, asking)).incarnation;
  };
  const members = await Promise.all(
    nodes.slice(0, wanted.acceptors).map(async (node) => ({
      ...{ nodeId: node.nodeId, incarnation: await incarnationOf(node) },
    })),
  );
  const videos = videosOfGroups(wanted.groups);
  const master = groupMaster(videos.map((id): GroupConfig => ({ group: groupOfVideo(id), epoch: 1, members })));
  return {
    ...{ nodes, clusterKey, master, videos, urlOf, incarnationOf },
    async changeMembers(group, next, signal) {
      const coordinator = randomBytes(16).toString("hex");
      const targetOf = (name: string) => {
        const [node, url] = [find(name), urlOf(name)];
        return node === undefined || url === undefined ? undefined : { nodeId: node.nodeId, url };
      };
      const ports = { master, coordinator, targetOf, mint, clock: liveClock, fetch: liveFetch };
      for (let changes = 1; ; changes += 1) {
        const change = { from: master.active(group), to: master.begin(group, next) };
        const { outcome } = await runReconfiguration(change, { ports, signal, onActive: () => undefined });
        if (outcome === "active") return changes;
        signal.throwIfAborted();
        if (changes === MAX_CHANGES) throw new Error(`Group ${group} has had no members for ${MAX_CHANGES} changes`);
        await liveClock.sleep(RETRY_PAUSE_MS, signal);
      }
    },
    async stop() {
      for (const node of nodes) node.thaw();
      await Promise.all(nodes.map((node) => node.kill()));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Random ids of videos, no two of one group. */
function videosOfGroups(count: number): VideoId[] {
  const videos = new Map<number, VideoId>();
  while (videos.size < count) {
    const id = videoIdFromBytes(randomBytes(16));
    if (!videos.has(groupOfVideo(id))) videos.set(groupOfVideo(id), id);
  }
  return [...videos.values()];
}
