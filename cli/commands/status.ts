/** `vstack status`: nodes, health and fill of a running cluster; what redundancy keeps, repairs and checks. */
import { metadataClient } from "#wire/client/metadata-client.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import type { ConsensusAnswer } from "#wire/contract/consensus-view-api.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { Queue } from "#wire/contract/redundancy-schemas.ts";
import type { Overhead } from "#wire/contract/storage-schemas.ts";
import { interrupted } from "../interrupted.ts";
import { bytesText, printJson, printLine, printTable } from "../print.ts";
import { rateText } from "./redundancy.ts";

/** Null where nobody looks after redundancy. */
interface RedundancyNow {
  readonly queue: Queue;
  readonly overhead: Overhead;
}

export async function status(options: { url: string; json: boolean }): Promise<void> {
  const client = metadataClient(options.url);
  const [cluster, consensus, redundancy] = await Promise.all([
    client.cluster(interrupted()),
    client.consensus(interrupted()),
    redundancyNow(options.url),
  ]);
  const { groups, acceptors, needsRebuild } = consensus;
  const below = groups.filter(({ canDecide }) => !canDecide).length;
  const changing = groups.filter(({ pending }) => pending !== null).length;
  if (options.json) {
    const counts = { groups: groups.length, belowQuorum: below, changing, needsRebuild };
    printJson({ ...cluster, consensus: { ...counts, acceptors }, redundancy: redundancyJson(redundancy) });
    return;
  }
  printLine(
    `V-Stack ${cluster.version} at ${cluster.metadata.url} (process ${cluster.metadata.pid}), ${cluster.videoCount} videos`,
  );
  const hasDomains = cluster.nodes.some(({ domain }) => domain !== undefined);
  printTable(
    ["NODE", ...(hasDomains ? ["DOMAIN"] : []), "ADDRESS", "STATE", "PROCESS", "CHUNKS", "USED", "FULL", "VOTES IN"],
    cluster.nodes.map((node) => [
      node.id,
      ...(hasDomains ? [node.domain ?? "its own"] : []),
      node.url,
      node.state,
      String(node.pid),
      String(node.chunkCount),
      bytesText(node.usedBytes),
      `${(node.fillRatio * 100).toFixed(1)} %`,
      votesOf(node.id, acceptors),
    ]),
  );
  printLine(
    `${groups.length} acceptor groups, ${below} below their quorum, ${changing} changing members, up to ${consensus.acceptorsWanted} acceptors each`,
  );
  printRedundancy(redundancy);
  if (needsRebuild) {
    printLine('The nodes hold an earlier catalogue and this one is empty: "vstack rebuild-catalogue" brings it back');
  }
}

function votesOf(nodeId: string, acceptors: ConsensusAnswer["acceptors"]): string {
  const acceptor = acceptors.find((one) => one.nodeId === nodeId);
  if (acceptor === undefined) return "no data";
  const leaving = acceptor.draining ? ", leaving" : "";
  return acceptor.standing === "welcome" ? `${acceptor.groups}${leaving}` : acceptor.standing;
}

async function redundancyNow(url: string): Promise<RedundancyNow | null> {
  const client = redundancyClient(url);
  try {
    const [queue, overhead] = await Promise.all([client.queue(interrupted()), client.overhead(interrupted())]);
    return { queue, overhead };
  } catch (error) {
    // A server without it says so; one of an older version does not know the address.
    if (errorCode(error) === "unavailable" || errorCode(error) === "not-found") return null;
    throw error;
  }
}

function redundancyJson(now: RedundancyNow | null) {
  if (now === null) return null;
  const { queue, overhead } = now;
  const { contentBytes, keptBytes, otherBytes, replicationBytes, countedAtSeconds, isComplete } = overhead;
  return {
    overhead: { contentBytes, keptBytes, otherBytes, replicationBytes, countedAtSeconds, isComplete },
    queue: { running: queue.runningCount, waiting: queue.waitingCount, waitingBytes: queue.waitingBytes },
    ...{ repair: queue.repair, scrub: queue.scrub },
  };
}

function printRedundancy(now: RedundancyNow | null): void {
  if (now === null) {
    printLine("Redundancy: no data, as this server does not look after it");
    return;
  }
  const { contentBytes, keptBytes, otherBytes, replicationBytes, isComplete } = now.overhead;
  const kept =
    keptBytes === null ? "no data" : `${bytesText(keptBytes)}${isComplete ? "" : " on the nodes that answered"}`;
  const ratio = keptBytes === null || contentBytes === 0 ? "" : ` (${(keptBytes / contentBytes).toFixed(2)}x)`;
  printLine(
    `Kept for ${bytesText(contentBytes)}: ${kept}${ratio}; three copies would be ${bytesText(replicationBytes)}`,
  );
  if (otherBytes !== null)
    printLine(`Besides, the nodes' folders hold ${bytesText(otherBytes)} of journals and folders`);
  const { repair, scrub, runningCount, waitingCount, waitingBytes } = now.queue;
  printLine(`At work: ${runningCount} running, ${waitingCount} waiting, ${bytesText(waitingBytes)} to write`);
  printLine(
    repair.isRunning
      ? `Repair: ${repair.chunksDone} chunks done, ${repair.chunksLeft} left, ${rateText(repair.bytesPerSecond)}`
      : `Repair: ${repair.chunksLeft === 0 ? "nothing to do" : `${repair.chunksLeft} chunks wait`}`,
  );
  if (repair.underSpread > 0)
    printLine(`${repair.underSpread} chunks survive fewer than two losses: too few failure domains`);
  const found = `${scrub.corrupt} corrupt, ${scrub.missing} missing`;
  printLine(
    scrub.isRunning
      ? `Scrub: ${scrub.piecesChecked} of ${scrub.piecesTotal} pieces, ${rateText(scrub.bytesPerSecond)}, ${found}`
      : `Scrub: ${scrub.completedAtSeconds === null ? "no cycle completed yet" : `last cycle ended ${new Date(scrub.completedAtSeconds * 1000).toISOString()}`}, ${found}`,
  );
}
