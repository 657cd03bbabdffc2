/** `vstack status`: nodes, health and fill of a running cluster. */
import { metadataClient } from "#wire/client/metadata-client.ts";
import { interrupted } from "../interrupted.ts";
import { bytesText, printJson, printLine, printTable } from "../print.ts";

export async function status(options: { url: string; json: boolean }): Promise<void> {
  const client = metadataClient(options.url);
  const [cluster, consensus] = await Promise.all([client.cluster(interrupted()), client.consensus(interrupted())]);
  const { groups, acceptors, needsRebuild } = consensus;
  const below = groups.filter(({ canDecide }) => !canDecide).length;
  const changing = groups.filter(({ pending }) => pending !== null).length;
  if (options.json) {
    const counts = { groups: groups.length, belowQuorum: below, changing, needsRebuild };
    printJson({ ...cluster, consensus: { ...counts, acceptors } });
    return;
  }
  const acceptorOf = (nodeId: string) => acceptors.find((one) => one.nodeId === nodeId);
  const votesOf = (nodeId: string) => {
    const acceptor = acceptorOf(nodeId);
    if (acceptor === undefined) return "no data";
    const leaving = acceptor.draining ? ", leaving" : "";
    return acceptor.standing === "welcome" ? `${acceptor.groups}${leaving}` : acceptor.standing;
  };
  printLine(
    `V-Stack ${cluster.version} at ${cluster.metadata.url} (process ${cluster.metadata.pid}), ${cluster.videoCount} videos`,
  );
  printTable(
    ["NODE", "ADDRESS", "STATE", "PROCESS", "CHUNKS", "USED", "FULL", "VOTES IN"],
    cluster.nodes.map((node) => [
      node.id,
      node.url,
      node.state,
      String(node.pid),
      String(node.chunkCount),
      bytesText(node.usedBytes),
      `${(node.fillRatio * 100).toFixed(1)} %`,
      votesOf(node.id),
    ]),
  );
  printLine(
    `${groups.length} acceptor groups, ${below} below their quorum, ${changing} changing members, up to ${consensus.acceptorsWanted} acceptors each`,
  );
  if (needsRebuild) {
    printLine('The nodes hold an earlier catalogue and this one is empty: "vstack rebuild-catalogue" brings it back');
  }
}
