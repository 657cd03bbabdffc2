import { expect, test } from "vitest";
import { parseChunkHash, parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { ChunkRecord } from "../placement/record.ts";
import { covers, recordSources } from "./source.ts";

const hash = parseChunkHash("0".repeat(64));
const [a, b, c] = [parseNodeId("a"), parseNodeId("b"), parseNodeId("c")];

test("recordSources() names the replica holders that have an address, in the record's order", () => {
  invariant(
    hash !== undefined && a !== undefined && b !== undefined && c !== undefined,
    "Cannot name the test's nodes",
  );
  const record: ChunkRecord = {
    ...{ schema: 1, version: 1, hash, sizeBytes: 500, blockSizeBytes: 100, blocksDigest: hash },
    scheme: { kind: "replication" },
    holders: [
      { nodeId: c, holds: "replica" },
      { nodeId: b, holds: "shard", shard: 0 },
      { nodeId: a, holds: "replica" },
    ],
  };
  expect(recordSources(record, undefined, () => true)).toEqual([
    { nodeId: c, start: 0, end: 500 },
    { nodeId: a, start: 0, end: 500 },
  ]);
  expect(recordSources(record, undefined, (nodeId) => nodeId === a)).toHaveLength(1);
});

test("covers() holds only for a range inside the source", () => {
  invariant(a !== undefined, "Cannot name the test's node");
  const source = { nodeId: a, start: 100, end: 200 };
  expect(covers(source, { start: 100, end: 200 })).toBe(true);
  expect(covers(source, { start: 99, end: 150 })).toBe(false);
  expect(covers(source, { start: 150, end: 201 })).toBe(false);
});
