import * as v from "valibot";
import { expect, test } from "vitest";
import { parseChunkHash } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { HeartbeatSchema, MAX_SERVED_ENTRIES } from "./cluster-api.ts";
import { MAX_REFERENCES_PER_CHUNK } from "./limits.ts";
import {
  DamageSchema,
  InventoryPageSchema,
  InventoryQuerySchema,
  MAX_INVENTORY_CHARACTERS,
  MAX_INVENTORY_PIECES,
  MAX_INVENTORY_REFERENCES,
  MAX_VERIFY_PIECES,
  pieceSubject,
  PutShardAnswerSchema,
  VerifyAnswerSchema,
  VerifyPiecesSchema,
  VersionSchema,
} from "./piece-api.ts";

const hash = parseChunkHash("ab".repeat(32));
invariant(hash !== undefined, "Cannot name the test's chunk");
const shard = { hash, shard: 4 };
const reference = { reference: `${"a".repeat(26)}/${"r".repeat(32)}/999999`, version: 3 };
const entry = { ...shard, sizeBytes: 10, isHere: true, references: [reference] };
const page = { nodeId: "n1", incarnation: "i", pieces: [entry, { ...entry, shard: null }], isLast: true };

const isOf = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).success;

test("answers about pieces survive JSON unchanged", () => {
  const put = { ...shard, sizeBytes: 10, nodeId: "n1", existed: false, references: 1 };
  const verdicts = { nodeId: "n1", verdicts: ["intact", "corrupt", "absent"] };
  const all: [v.GenericSchema, unknown][] = [
    [InventoryPageSchema, page],
    [PutShardAnswerSchema, put],
    [VerifyPiecesSchema, { pieces: [shard, { hash, shard: null }] }],
    [VerifyAnswerSchema, verdicts],
    [DamageSchema, { ...shard, damage: "corrupt" }],
  ];
  for (const [schema, value] of all) expect(v.parse(schema, JSON.parse(JSON.stringify(value)))).toEqual(value);
});

test("what no node can mean is refused", () => {
  expect(isOf(PutShardAnswerSchema, { ...shard, shard: null, sizeBytes: 1, nodeId: "n", existed: true })).toBe(false);
  expect(isOf(InventoryPageSchema, { ...page, pieces: [{ ...entry, shard: 64 }] })).toBe(false);
  expect(isOf(InventoryPageSchema, { ...page, pieces: [{ ...entry, hash: "x" }] })).toBe(false);
  expect(isOf(VerifyPiecesSchema, { pieces: [] })).toBe(false);
  expect(isOf(VerifyPiecesSchema, { pieces: Array<unknown>(MAX_VERIFY_PIECES + 1).fill(shard) })).toBe(false);
  expect(isOf(VerifyAnswerSchema, { nodeId: "n1", verdicts: ["lost"] })).toBe(false);
  expect(isOf(DamageSchema, { ...shard, damage: "burn" })).toBe(false);
  expect(isOf(VersionSchema, 0)).toBe(false);
});

test("InventoryQuerySchema begins at the first piece, and takes names and counts in their limits", () => {
  expect(v.parse(InventoryQuerySchema, {})).toEqual({ after: "", limit: MAX_INVENTORY_PIECES });
  expect(v.parse(InventoryQuerySchema, { after: `${hash}.4`, limit: "7" })).toEqual({ after: `${hash}.4`, limit: 7 });
  for (const query of [{ after: "x" }, { limit: "0" }, { limit: "1001" }, { limit: "1e3" }]) {
    expect(isOf(InventoryQuerySchema, query)).toBe(false);
  }
});

test("the longest page stays below its limit of characters", () => {
  const references = (count: number) => Array.from({ length: count }, () => reference);
  const many = Array.from({ length: MAX_INVENTORY_PIECES }, () => ({ ...entry, references: [] }));
  const full = JSON.stringify([...many, ...references(MAX_INVENTORY_REFERENCES + MAX_REFERENCES_PER_CHUNK)]);
  expect(full.length).toBeLessThan(MAX_INVENTORY_CHARACTERS);
});

test("pieceSubject() tells a chunk from its shards, within what a capability can name", () => {
  expect(pieceSubject({ hash, shard: null })).toBe(hash);
  expect(pieceSubject(shard)).toBe(`${hash}/shards/4`);
});

test("HeartbeatSchema takes what was served, and heartbeats that tell nothing of it", () => {
  const heartbeat = {
    ...{ nodeId: "n1", internalUrl: "http://n", publicUrl: "http://n", incarnation: "i", pid: 1 },
    ...{
      acceptor: { incarnation: "a", starts: 1, writes: 1, program: "p" },
      chunkCount: 1,
      usedBytes: 1,
      freeBytes: 1,
      fillRatio: 0,
    },
  };
  expect(v.parse(HeartbeatSchema, heartbeat)).toEqual(heartbeat);
  const chunks = [{ hash, bytes: 7 }];
  const telling = { ...heartbeat, shardCount: 2, otherBytes: 9, served: { chunks, otherBytes: 3 } };
  expect(v.parse(HeartbeatSchema, telling)).toEqual(telling);
  const tooMany = { chunks: Array<unknown>(MAX_SERVED_ENTRIES + 1).fill(chunks[0]), otherBytes: 0 };
  expect(isOf(HeartbeatSchema, { ...heartbeat, served: tooMany })).toBe(false);
});
