/** How a chunk that is kept as shards is read: whole, with nodes lost, slow or lying, beside replicas. */
import { describe, expect, test } from "vitest";
import { viewNode } from "#core/estimate/estimate-book.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import { createCodedWorld } from "./coded-world.contract.ts";
import { id, KIB, lasted, run, sum } from "./fetch-world.contract.ts";
import type { VirtualNode } from "./virtual-network.ts";

const dead: VirtualNode = { refuses: true };
const PAIRS = [0, 1, 2, 3, 4].flatMap((a) => [0, 1, 2, 3, 4].flatMap((b) => (a < b ? [[a, b] as const] : [])));

const askedOf = (trace: SegmentTrace) => [...new Set(trace.attempts.map(({ nodeId }) => nodeId))].sort();
const decodedBytes = (trace: SegmentTrace) => sum(trace.decodes.map(({ start, end }) => end - start));
const wanted = (trace: SegmentTrace) => sum(trace.attempts.map(({ start, end }) => end - start));

describe("fetchSegment() of shards", () => {
  test("asks the data shards alone while they come, each from its own address, and decodes nothing", async () => {
    const world = await createCodedWorld();
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    expect(askedOf(trace)).toEqual(["s0", "s1", "s2"]);
    expect([trace.decodes, trace.wastedBytes]).toEqual([[], 0]);
    const { hash } = world.request.entry.record;
    for (const { url, host } of world.network.requests) {
      expect(new URL(url).pathname).toBe(`/chunks/${hash}/shards/${host.slice(1)}`);
    }
  });

  test.each(PAIRS)("delivers with the shards %i and %i gone, and decodes no more than is lost", async (a, b) => {
    const world = await createCodedWorld({ shards: { [a]: dead, [b]: dead } });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    const lost = [a, b].filter((shard) => shard < 3);
    expect([...new Set(trace.decodes.flatMap(({ shards }) => shards))].sort()).toEqual(lost);
    const shardBytes = Math.ceil(Math.ceil(world.chunk.length / 3) / 64) * 64;
    expect(decodedBytes(trace)).toBeLessThanOrEqual(lost.length * shardBytes);
    for (const { from } of trace.decodes) expect(from.every((shard) => shard !== a && shard !== b)).toBe(true);
    // Nothing was asked for twice: parity comes in the place of what is lost.
    expect(sum(trace.attempts.map(({ receivedBytes }) => receivedBytes))).toBeLessThan(
      world.chunk.length + shardBytes / 8,
    );
  });

  test.each(STRATEGIES)("delivers by %s from any three nodes", async (strategy) => {
    const { trace } = await run(await createCodedWorld({ strategy, shards: { 0: dead, 2: dead } }));
    expect(trace.outcome).toBe("delivered");
    expect(trace.decodes.length).toBeGreaterThan(0);
  });

  test.each([1, 63, 64, 65, 192, 1000, 64 * KIB + 1, 100 * KIB])(
    "delivers a chunk of %i bytes without its first shards",
    async (sizeBytes) => {
      const { trace } = await run(
        await createCodedWorld({ sizeBytes, blockSizeBytes: 16 * KIB, shards: { 0: dead, 1: dead } }),
      );
      expect(trace.outcome).toBe("delivered");
    },
  );

  test("does not ask dead nodes again in the next segment: their breakers are open", async () => {
    const world = await createCodedWorld({ shards: { 0: dead, 1: dead } });
    await run(world);
    const before = world.network.requests.length;
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    expect(askedOf(trace)).toEqual(["s2", "s3", "s4"]);
    expect(world.network.requests.length).toBeGreaterThan(before);
  });

  test("replaces a shard that falls silent in the middle, and wastes none of what came", async () => {
    const world = await createCodedWorld({ shards: { 1: { hangsAfterBytes: 100 * KIB } } });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    expect(decodedBytes(trace)).toBeLessThan(300 * KIB - 60 * KIB);
    expect(lasted(trace)).toBeLessThan(300 + 800 + 300);
  });

  test("takes parity for a data shard whose node became far slower, and what both bring", async () => {
    const world = await createCodedWorld({ shards: { 2: { rateBytesPerSecond: 50e3 } } });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    expect(trace.decodes.length).toBeGreaterThan(0);
    // Alone the slow node would take 6 s.
    expect(lasted(trace)).toBeLessThan(1_500);
    expect(wanted(trace)).toBeLessThan(2 * world.chunk.length);
  });

  test("takes parity from the start when it is known that a data shard is far slower", async () => {
    const world = await createCodedWorld({ shards: { 0: { rateBytesPerSecond: 100e3 } } });
    await run(world);
    const { trace } = await run(world);
    expect(trace.decodes.length).toBeGreaterThan(0);
    expect(lasted(trace)).toBeLessThan(900);
  });

  test("leaves a slow data shard alone when there is time", async () => {
    const world = await createCodedWorld({
      shards: { 0: { rateBytesPerSecond: 300e3 } },
      request: { slackSeconds: 20 },
    });
    await run(world);
    const { trace } = await run(world);
    expect([trace.outcome, trace.decodes]).toEqual(["delivered", []]);
  });

  test("catches a parity shard that lies at its first bad block, before anything is decoded of it", async () => {
    const world = await createCodedWorld({ shards: { 0: dead, 3: { flipsByteAt: 5 } } });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    const liar = trace.attempts.filter(({ nodeId }) => nodeId === "s3");
    expect(liar.map(({ outcome }) => outcome)).toContain("corrupt");
    const caughtMs = Math.min(...liar.flatMap(({ outcome, endedMs }) => (outcome === "corrupt" ? [endedMs ?? 0] : [])));
    expect(liar.every(({ startedMs }) => startedMs <= caughtMs)).toBe(true);
    expect(trace.decodes.every(({ from }) => !from.includes(3))).toBe(true);
    expect(viewNode(world.estimates.read(), id("s3"), world.clock.nowMs()).health).toBe("quarantined");
  });

  test("shares a chunk among its data shards and a replica, and decodes nothing", async () => {
    const { trace } = await run(await createCodedWorld({ replicas: [{}] }));
    expect([trace.outcome, trace.decodes]).toEqual(["delivered", []]);
    expect(askedOf(trace)).toEqual(["r0", "s0", "s1", "s2"]);
  });

  test("lets replica and parity bring a shard that is gone", async () => {
    const healthy = lasted((await run(await createCodedWorld())).trace);
    const { trace } = await run(await createCodedWorld({ replicas: [{}], shards: { 1: dead } }));
    expect(trace.outcome).toBe("delivered");
    expect(askedOf(trace)).toContain("r0");
    expect(lasted(trace)).toBeLessThan(1.3 * healthy);
  });

  test("delivers when replica and two shards are dead, by decoding", async () => {
    const world = await createCodedWorld({ replicas: [dead], shards: { 1: dead, 4: dead } });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    expect([...new Set(trace.decodes.flatMap(({ shards }) => shards))]).toEqual([1]);
  });

  test("asks unknown nodes for data shards, and parity only where one fails", async () => {
    const { trace } = await run(await createCodedWorld({ isKnown: false }));
    expect([trace.outcome, askedOf(trace)]).toEqual(["delivered", ["s0", "s1", "s2"]]);
    const broken = await run(await createCodedWorld({ isKnown: false, shards: { 0: dead, 2: dead } }));
    expect(broken.trace.outcome).toBe("delivered");
  });

  test("says unreachable when fewer than three of the nodes that hold it answer", async () => {
    const world = await createCodedWorld({
      shards: { 0: dead, 1: dead, 4: dead },
      request: { giveUpWhenAllUnreachable: true },
    });
    const { error, trace } = await run(world);
    expect([errorCode(error), trace.outcome]).toEqual(["unreachable", "failed"]);
  });

  test("says not-found when the shards are gone: the record is old", async () => {
    const missing: VirtualNode = { status: 404 };
    const shards = { 0: missing, 1: missing, 2: missing, 3: missing, 4: missing };
    const { error } = await run(await createCodedWorld({ shards, request: { giveUpWhenAllUnreachable: true } }));
    expect(errorCode(error)).toBe("not-found");
  });

  test("reads a chunk with two of five nodes dead in 1.5 times a healthy one, at most", async () => {
    const readMs = async (shards: Readonly<Record<number, VirtualNode>>) => {
      const world = await createCodedWorld({ shards });
      // The first one finds out who is dead.
      await run(world);
      return lasted((await run(world)).trace);
    };
    const healthyMs = await readMs({});
    const ratios: number[] = [];
    for (const [a, b] of PAIRS) ratios.push((await readMs({ [a]: dead, [b]: dead })) / healthyMs);
    ratios.sort((a, b) => a - b);
    const [median, worst] = [ratios[5] ?? Infinity, ratios.at(-1) ?? Infinity];
    console.log(
      `Healthy ${healthyMs.toFixed(0)} ms; degraded ${median.toFixed(2)} times that at the median, ${worst.toFixed(2)} at worst`,
    );
    expect(worst).toBeLessThanOrEqual(1.5);
  });

  test("refuses a chunk of which the blocks are right and the whole is not", async () => {
    const other = await createCodedWorld({ sizeBytes: 70 * KIB });
    const { hash } = other.request.entry.record;
    const world = await createCodedWorld({ shards: { 0: dead }, record: { hash } });
    const { error } = await run(world);
    expect(errorCode(error)).toBe("corrupt");
  });

  test("refuses a code that it does not know", async () => {
    const scheme = { kind: "erasure", dataShards: 3, parityShards: 2, matrix: "cauchy" } as const;
    const { error } = await run(await createCodedWorld({ record: { scheme } }));
    expect(errorCode(error)).toBe("unavailable");
  });
});
