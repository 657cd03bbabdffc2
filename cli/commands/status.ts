/** `vstack status`: nodes, health and fill of a running cluster. */
import { metadataClient } from "#wire/client/metadata-client.ts";
import { interrupted } from "../interrupted.ts";
import { bytesText, printJson, printLine, printTable } from "../print.ts";

export async function status(options: { url: string; json: boolean }): Promise<void> {
  const cluster = await metadataClient(options.url).cluster(interrupted());
  if (options.json) {
    printJson(cluster);
    return;
  }
  printLine(
    `V-Stack ${cluster.version} at ${cluster.metadata.url} (process ${cluster.metadata.pid}), ${cluster.videoCount} videos`,
  );
  printTable(
    ["NODE", "ADDRESS", "STATE", "PROCESS", "CHUNKS", "USED", "FULL"],
    cluster.nodes.map((node) => [
      node.id,
      node.url,
      node.state,
      String(node.pid),
      String(node.chunkCount),
      bytesText(node.usedBytes),
      `${(node.fillRatio * 100).toFixed(1)} %`,
    ]),
  );
}
