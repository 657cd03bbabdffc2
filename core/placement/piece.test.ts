import { expect, test } from "vitest";
import { parseChunkHash } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { MAX_SHARD, parsePieceId, pieceId, pieceOf, shardId } from "./piece.ts";

const hash = parseChunkHash("ab".repeat(32));
invariant(hash !== undefined, "Cannot name the test's chunk");

test("pieceOf() reads back what pieceId() wrote", () => {
  for (const shard of [null, 0, 4, 10, MAX_SHARD]) {
    expect(pieceOf(pieceId({ hash, shard }))).toEqual({ hash, shard });
    expect(parsePieceId(pieceId({ hash, shard }))).toBe(pieceId({ hash, shard }));
  }
  expect(pieceId({ hash, shard: null })).toBe(hash);
  expect(pieceId({ hash, shard: 4 })).toBe(`${hash}.4`);
});

test("parsePieceId() takes each name in its one spelling, and nothing else", () => {
  for (const text of ["", "ab", `${hash}.`, `${hash}.-1`, `${hash}.01`, `${hash}.64`, `${hash}.1.1`, `${hash}/1`]) {
    expect(parsePieceId(text), text).toBeUndefined();
  }
  expect(parsePieceId(shardId(hash, 63))).toBe(`${hash}.63`);
});
