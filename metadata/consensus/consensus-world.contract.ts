/** The proposer of ChunkPaxos over acceptors in memory, for tests: everything real but disks, sockets and capabilities. */
import { Registry } from "prom-client";
import { parseNodeId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { silentLog } from "#wire/server/log.ts";
import type { ChunkServer, ChunkServers } from "../chunk-servers.contract.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { Database } from "../database/open-database.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { Consensus, ConsensusSettings } from "./assemble-consensus.ts";
import { assembleConsensus, DEFAULT_SETTINGS } from "./assemble-consensus.ts";

export const mintNothing = () => Promise.resolve("capability");

/** Nodes are what their switches say at once: nobody has to be silent for a while first. */
export function directoryOf(
  nodes: ChunkServers,
  clock: Clock = liveClock,
): Pick<NodeDirectory, "members" | "internalUrls" | "writable"> {
  const idOf = (server: ChunkServer) => present(parseNodeId(server.id));
  return {
    members: () =>
      nodes.servers.map((server) => ({
        heartbeat: nodes.heartbeat(server),
        state: server.away ? "dead" : "alive",
        heardAtMs: clock.nowMs(),
        beats: 2,
        remembered: false,
      })),
    internalUrls: () => new Map(nodes.servers.map((server) => [idOf(server), server.url])),
    writable: () =>
      nodes.servers.filter(({ away }) => !away).map((server) => ({ nodeId: idOf(server), url: server.url, weight: 1 })),
  };
}

/** A server that has heard all its nodes. Call it again with the same database for another start of it. */
export async function consensusOver(
  nodes: ChunkServers,
  db: Database,
  over: Partial<ConsensusSettings> & {
    readonly clock?: Clock;
    readonly directory?: Pick<NodeDirectory, "members" | "internalUrls">;
  } = {},
): Promise<Consensus> {
  const { clock = liveClock, directory = directoryOf(nodes, clock), ...settings } = over;
  const consensus = await assembleConsensus({
    ...{ db, directory, mint: mintNothing, clock, fetch: nodes.fetch, log: silentLog, registry: new Registry() },
    settings: { ...DEFAULT_SETTINGS, ...settings },
    signal: new AbortController().signal,
  });
  await hearAll(consensus, nodes);
  return consensus;
}

export async function hearAll({ acceptors }: Pick<Consensus, "acceptors">, nodes: ChunkServers): Promise<void> {
  for (const server of nodes.servers) if (!server.away) await acceptors.hear(nodes.heartbeat(server));
}
