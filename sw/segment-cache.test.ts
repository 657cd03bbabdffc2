import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { ChunkHashSchema } from "#wire/contract/schemas.ts";
import { segmentCache } from "./segment-cache.ts";

const hash = (digit: string) => v.parse(ChunkHashSchema, digit.repeat(64));
const parts = (sizeBytes: number) => [new Uint8Array(sizeBytes - 1), new Uint8Array(1)];

describe("segmentCache()", () => {
  it("drops the least recently used chunk beyond its budget", () => {
    const cache = segmentCache(100);
    cache.put("smart", hash("a"), parts(40));
    cache.put("smart", hash("b"), parts(40));
    cache.get("smart", hash("a"));
    cache.put("smart", hash("c"), parts(40));
    expect(cache.get("smart", hash("b"))).toBeUndefined();
    expect(cache.get("smart", hash("a"))).toHaveLength(2);
    expect(cache.usedBytes()).toBe(80);
  });

  it("does not give one strategy what another fetched", () => {
    const cache = segmentCache(100);
    cache.put("smart", hash("a"), parts(40));
    expect(cache.get("naive", hash("a"))).toBeUndefined();
  });

  it("counts a replaced chunk once", () => {
    const cache = segmentCache(100);
    cache.put("smart", hash("a"), parts(60));
    cache.put("smart", hash("a"), parts(50));
    expect(cache.usedBytes()).toBe(50);
  });

  it("does not empty itself for a chunk larger than the budget", () => {
    const cache = segmentCache(100);
    cache.put("smart", hash("a"), parts(60));
    cache.put("smart", hash("b"), parts(101));
    expect(cache.get("smart", hash("b"))).toBeUndefined();
    expect(cache.usedBytes()).toBe(60);
  });
});
