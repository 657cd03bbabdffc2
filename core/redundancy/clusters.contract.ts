/** Nodes, records and pieces for the tests of this folder. */
import type { ChunkHash, NodeId } from "../ids.ts";
import { parseChunkHash, parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { ChunkRecord, Holder } from "../placement/record.ts";
import type { Cluster, NodeFacts } from "./cluster.ts";
import type { ErasureScheme } from "./form.ts";

export const SCHEME: ErasureScheme = {
  kind: "erasure",
  dataShards: 3,
  parityShards: 2,
  matrix: "vandermonde-0x11d",
};
export const SIZE_BYTES = 3_000_000;

export function node(name: string): NodeId {
  const nodeId = parseNodeId(name);
  invariant(nodeId !== undefined, `Cannot name node "${name}"`);
  return nodeId;
}

export function hashOf(digit: string): ChunkHash {
  const hash = parseChunkHash(digit.repeat(64));
  invariant(hash !== undefined, `Cannot name hash "${digit}"`);
  return hash;
}

/** "a/replica b/0 c/4": a replica on a, shards 0 and 4 on b and c. */
export function pieces(text: string): Holder[] {
  return text.split(" ").map((word) => {
    const [name = "", what = ""] = word.split("/");
    const nodeId = node(name);
    return what === "replica" ? { nodeId, holds: "replica" } : { nodeId, holds: "shard", shard: Number(what) };
  });
}

export function recordOf(holders: readonly Holder[], version = 1): ChunkRecord {
  const isErasure = holders.some(({ holds }) => holds === "shard");
  return {
    ...{ schema: 1, version, hash: hashOf("a"), sizeBytes: SIZE_BYTES, blockSizeBytes: 131_072 },
    blocksDigest: hashOf(isErasure ? "1" : "0"),
    scheme: isErasure ? SCHEME : { kind: "replication" },
    holders,
  };
}

/** Nodes named by letters, each a domain of its own, all alive since ever. */
export function clusterOf(names: string, change: Readonly<Record<string, Partial<NodeFacts>>> = {}): Cluster {
  return new Map(
    names.split(" ").map((name) => {
      const nodeId = node(name);
      const facts: NodeFacts = {
        ...{ nodeId, domain: name, weight: 1, state: "alive", stateSinceSeconds: 0, freeBytes: 1e12 },
        ...change[name],
      };
      return [nodeId, facts];
    }),
  );
}
