import { expect, test } from "vitest";
import * as v from "valibot";
import type { ChunkMap } from "#wire/contract/storage-schemas.ts";
import { ChunkMapSchema } from "#wire/contract/storage-schemas.ts";
import { cellsOf, cellWords, lossesWords, mapWords, movedBy, pieceSign, rowName } from "./map-cells.ts";

const shards = [0, 1, 2, 3, 4].map((shard) => ({ nodeId: `n${shard + 1}`, shard, state: "intact", bytes: 500_000 }));

function mapOf(pieces: readonly object[]): ChunkMap {
  const row = {
    ...{ key: `${"a".repeat(26)}/720p/7`, slot: "7", hash: "ab".repeat(32), sizeBytes: 1_500_000, version: 2 },
    ...{ form: { kind: "erasure", replicas: 0 }, dataShards: 3, lossesLeft: 2, pieces },
  };
  return v.parse(ChunkMapSchema, {
    ...{ videoId: "a".repeat(26), rendition: "720p", renditions: ["720p"], from: 8, total: 9, countedAtSeconds: 1 },
    ...{ nodes: ["n1", "n2", "n3", "n4", "n5", "n6"].map((nodeId) => ({ nodeId, state: "alive" })), rows: [row] },
  });
}

test("cellsOf() has a cell for every node, and shows the worst of several pieces", () => {
  const [row] = cellsOf(mapOf([...shards, { nodeId: "n1", shard: null, state: "corrupt", bytes: 1_500_000 }]));
  expect(row?.map(({ piece }) => piece?.state)).toEqual(["corrupt", "intact", "intact", "intact", "intact", undefined]);
  expect(row?.map(cellWords)).toEqual([
    "replica, corrupt, 1.5 MB, and 1 more piece",
    "data shard 2, intact, 500 kB",
    "data shard 3, intact, 500 kB",
    "parity shard 1, intact, 500 kB",
    "parity shard 2, intact, 500 kB",
    "nothing",
  ]);
});

test("pieceSign() and rowName() tell pieces and chunks apart in little space", () => {
  const [row] = cellsOf(mapOf(shards));
  expect(row?.map((cell) => (cell.piece === undefined ? "" : pieceSign(cell.piece, cell.row)))).toEqual([
    ...["D1", "D2", "D3", "P1", "P2", ""],
  ]);
  expect(row?.map((cell) => rowName(cell.row))[0]).toBe("Segment 7");
});

test("mapWords() counts pieces by state, the calm ones first", () => {
  const missing = shards.map((piece, index) => (index === 1 ? { ...piece, state: "missing" } : piece));
  expect(mapWords(mapOf(missing))).toBe("4 intact, 1 missing");
  expect(mapWords(mapOf([]))).toBe("no pieces");
});

test("lossesWords() says how far a chunk is from being lost", () => {
  expect([2, 1, 0, -1].map(lossesWords)).toEqual([
    ...["survives 2 more losses", "survives 1 more loss", "the next loss takes it", "cannot be read now"],
  ]);
});

test("movedBy() stays within the grid, and leaves other keys alone", () => {
  const size = { rows: 3, columns: 6 };
  expect(movedBy("ArrowLeft", { row: 1, column: 0 }, size)).toEqual({ row: 1, column: 0 });
  expect(movedBy("ArrowDown", { row: 1, column: 4 }, size)).toEqual({ row: 2, column: 4 });
  expect(movedBy("End", { row: 1, column: 0 }, size)).toEqual({ row: 1, column: 5 });
  expect(movedBy("PageDown", { row: 0, column: 2 }, size)).toEqual({ row: 2, column: 2 });
  expect(movedBy("Tab", { row: 0, column: 0 }, size)).toBeUndefined();
});
