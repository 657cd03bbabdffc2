import { expect, test } from "vitest";
import { parseChunkHash, parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { ChunkRecord } from "./record.ts";
import { replicaHolders } from "./record.ts";

test("replicaHolders() names the nodes with whole copies, in the record's order, without shards", () => {
  const hash = parseChunkHash("0".repeat(64));
  const [a, b, c] = [parseNodeId("a"), parseNodeId("b"), parseNodeId("c")];
  invariant(
    hash !== undefined && a !== undefined && b !== undefined && c !== undefined,
    "Cannot name the test's nodes",
  );
  const record: ChunkRecord = {
    ...{ schema: 1, version: 1, hash, sizeBytes: 1, blockSizeBytes: 1, blocksDigest: hash },
    scheme: { kind: "replication" },
    holders: [
      { nodeId: b, holds: "replica" },
      { nodeId: c, holds: "shard", shard: 1 },
      { nodeId: a, holds: "replica" },
    ],
  };
  expect(replicaHolders(record)).toEqual(["b", "a"]);
});
