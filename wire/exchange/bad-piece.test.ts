import { describe, expect, it } from "vitest";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import { createCodedWorld } from "./coded-world.contract.ts";
import type { World } from "./fetch-world.contract.ts";
import { createWorld, run } from "./fetch-world.contract.ts";

/** Fetches, and says which pieces the driver complained about, without their common hash. */
async function complaints(world: World): Promise<string[]> {
  const seen: BadPiece[] = [];
  const { trace } = await run({ ...world, ports: { ...world.ports, onBadPiece: (piece) => seen.push(piece) } });
  expect(trace.outcome).toBe("delivered");
  expect(seen.every(({ hash }) => hash === world.request.entry.record.hash)).toBe(true);
  return [...new Set(seen.map(({ nodeId, shard }) => `${nodeId} ${shard ?? "whole"}`))];
}

describe("fetchSegment() names the piece that is bad", () => {
  it("when a replica has a wrong block", async () => {
    const liar = { flipsByteAt: 5 };
    expect(await complaints(await createWorld({ nodes: { a: liar, b: liar }, strategy: "naive" }))).toContain(
      "a whole",
    );
  });

  it("when a shard has one, of data or of parity", async () => {
    expect(await complaints(await createCodedWorld({ shards: { 1: { flipsByteAt: 5 } } }))).toEqual(["s1 1"]);
    const world = await createCodedWorld({ shards: { 0: { refuses: true }, 3: { flipsByteAt: 5 } } });
    expect(await complaints(world)).toEqual(["s3 3"]);
  });

  it("when a node does not have what the record names", async () => {
    expect(await complaints(await createCodedWorld({ shards: { 2: { status: 404 } } }))).toEqual(["s2 2"]);
  });

  it("and none for nodes that refuse, fail, break off or are only slow", async () => {
    const nodes = { 0: { refuses: true }, 1: { status: 503 }, 2: { rateBytesPerSecond: 20e3 } };
    expect(await complaints(await createCodedWorld({ shards: nodes, replicas: [{}] }))).toEqual([]);
    expect(await complaints(await createWorld({ nodes: { a: { breaksAfterBytes: 9000 } } }))).toEqual([]);
  });
});
