import { describe, expect, test } from "vitest";
import { reportNode, viewNode } from "#core/estimate/estimate-book.ts";
import type { AttemptTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";
import { createWorld, endings, id, KIB, lasted, NODES, run, SIZE_BYTES, sum } from "./fetch-world.contract.ts";
import type { VirtualNode } from "./virtual-network.ts";

/** All three known, as fast as they are. */
const EQUAL = { a: 1e6, b: 1e6, c: 1e6 };
const equalNodes = (change: Partial<Record<(typeof NODES)[number], VirtualNode>> = {}) => ({
  a: { rateBytesPerSecond: 1e6, ...change.a },
  b: { rateBytesPerSecond: 1e6, ...change.b },
  c: { rateBytesPerSecond: 1e6, ...change.c },
});

const requestedBytes = (trace: SegmentTrace) => sum(trace.attempts.map(({ start, end }) => end - start));
const receivedFrom = (trace: SegmentTrace, nodeId: string) =>
  sum(trace.attempts.filter((attempt) => attempt.nodeId === nodeId).map(({ receivedBytes }) => receivedBytes));
const becauseOf = (trace: SegmentTrace) => [...new Set(trace.attempts.map(({ because }) => because))];

/** The most requests that one node had at a time. */
function mostAtOnce(attempts: readonly AttemptTrace[]): number {
  const counts = attempts.map(
    ({ nodeId, startedMs }) =>
      attempts.filter(
        (other) => other.nodeId === nodeId && other.startedMs <= startedMs && (other.endedMs ?? Infinity) > startedMs,
      ).length,
  );
  return Math.max(...counts);
}

describe("fetchSegment() with the smart strategy", () => {
  test("shares a chunk among all nodes, two requests on each at most, near the sum of their rates", async () => {
    const world = await createWorld({ nodes: equalNodes(), known: EQUAL });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    for (const name of NODES) expect(receivedFrom(trace, name)).toBeGreaterThan(SIZE_BYTES / 5);
    expect(mostAtOnce(trace.attempts)).toBe(2);
    expect(lasted(trace)).toBeLessThan((SIZE_BYTES / 3e6) * 1000 * 1.15 + 10);
    expect(trace.wastedBytes).toBeLessThanOrEqual(64 * KIB);
  });

  test("gives unequal nodes unequal shares", async () => {
    const rates = { a: 400e3, b: 800e3, c: 1_600e3 };
    const nodes = {
      a: { rateBytesPerSecond: 400e3 },
      b: { rateBytesPerSecond: 800e3 },
      c: { rateBytesPerSecond: 16e5 },
    };
    const { trace } = await run(await createWorld({ nodes, known: rates }));
    expect(receivedFrom(trace, "c")).toBeGreaterThan(1.5 * receivedFrom(trace, "b"));
    expect(receivedFrom(trace, "b")).toBeGreaterThan(1.3 * receivedFrom(trace, "a"));
    expect(lasted(trace)).toBeLessThan((SIZE_BYTES / 2.8e6) * 1000 * 1.2 + 10);
  });

  test("asks for a part by a single Range, and for the whole without any header, session in the query", async () => {
    const world = await createWorld({ nodes: equalNodes(), known: EQUAL });
    const { trace } = await run(world);
    for (const [index, seen] of world.network.requests.entries()) {
      const attempt = trace.attempts[index];
      const headers = [...new Headers(seen.init.headers)];
      expect(headers).toEqual([["range", `bytes=${attempt?.start}-${(attempt?.end ?? 0) - 1}`]]);
      expect([seen.init.cache, seen.init.credentials]).toEqual(["no-store", "omit"]);
      expect(seen.url).toContain("?session=s1");
    }
    const alone = await createWorld({ strategy: "naive" });
    await run(alone);
    expect(alone.network.requests.map((seen) => [...new Headers(seen.init.headers)])).toEqual([[]]);
  });

  test("tells what it believed of every candidate", async () => {
    const { trace } = await run(await createWorld({ nodes: equalNodes(), known: EQUAL }));
    expect(trace.attempts[0]?.predictedMs).toBeGreaterThan(0);
    expect(trace.decisions[0]?.candidates).toHaveLength(3);
    expect(sum(trace.decisions.map(({ chosen }) => chosen.length))).toBe(trace.attempts.length);
  });

  test("tells afterwards what each decision took, and what was lost by asking a node that hung", async () => {
    const { trace } = await run(
      await createWorld({ nodes: equalNodes({ a: { hangs: true } }), known: EQUAL, sizeBytes: 120 * KIB }),
    );
    expect(trace.decisions.flatMap(({ attempts }) => attempts)).toEqual(trace.attempts.map(({ id }) => id));
    for (const { tookMs } of trace.decisions) expect(tookMs).not.toBeNull();
    const first = trace.decisions.find(({ chosen }) => chosen.includes(id("a")));
    expect(first?.bestNodeId).not.toBe("a");
    expect(first?.regretMs).toBeGreaterThan(250);
  });

  test("races unknown nodes for a small chunk and cancels the losers at the first verified block", async () => {
    const nodes = equalNodes({ a: { latencyMs: 90 }, b: { latencyMs: 20 }, c: { latencyMs: 90 } });
    const world = await createWorld({ nodes, sizeBytes: 20 * KIB, blockSizeBytes: 16 * KIB });
    const { trace } = await run(world);
    expect(trace.attempts.map(({ nodeId }) => nodeId).sort()).toEqual(["a", "b", "c"]);
    expect(trace.attempts.filter(({ because }) => because === "race")).toHaveLength(2);
    expect(endings(trace)).toContain("b complete");
    expect(endings(trace).filter((ending) => ending.endsWith("cancelled"))).toHaveLength(2);
    expect(lasted(trace)).toBeLessThan(60);
    const losers = world.network.requests.filter((seen) => seen.host !== "b");
    expect(losers.map((seen) => seen.isAborted)).toEqual([true, true]);
  });

  test("races nobody for a chunk of more than 32 KiB: no byte of it is asked for twice", async () => {
    const { trace } = await run(
      await createWorld({ nodes: equalNodes(), sizeBytes: 40 * KIB, blockSizeBytes: 16 * KIB }),
    );
    expect(becauseOf(trace)).not.toContain("race");
    expect(requestedBytes(trace)).toBe(40 * KIB);
  });

  test("races nobody when everybody is known", async () => {
    const { trace } = await run(await createWorld({ nodes: equalNodes(), known: EQUAL, sizeBytes: 20 * KIB }));
    expect(becauseOf(trace)).not.toContain("race");
  });

  test("hands blocks that a slow node has not come to over to one that is free, without asking twice", async () => {
    const nodes = equalNodes({ a: { rateBytesPerSecond: 60e3 } });
    const world = await createWorld({ nodes, known: EQUAL, request: { slackSeconds: 20 } });
    const { trace } = await run(world);
    expect(becauseOf(trace)).toContain("steal");
    expect(trace.attempts.filter(({ reason }) => reason === "handed-over").length).toBeGreaterThan(0);
    expect(lasted(trace)).toBeLessThan(1_500);
    expect(reportNode(world.estimates.read(), id("a"), world.clock.nowMs()).failures).toBe(0);
  });

  test("asks for the last slow block twice when it is urgent, and for nothing else", async () => {
    const nodes = equalNodes({ a: { rateBytesPerSecond: 60e3 } });
    const { trace } = await run(await createWorld({ nodes, known: EQUAL, request: { slackSeconds: 1 } }));
    const hedges = trace.attempts.filter(({ because }) => because === "hedge");
    expect(hedges.length).toBeGreaterThan(0);
    for (const hedge of hedges) expect(hedge.end - hedge.start).toBeLessThanOrEqual(32 * KIB);
    expect(trace.wastedBytes).toBeLessThanOrEqual(SIZE_BYTES * 0.05);
  });

  test.each([
    ["known", EQUAL],
    ["unknown", {}],
  ])("moves away from %s nodes that hang within 800 ms", async (_name, known) => {
    const world = await createWorld({ nodes: equalNodes({ a: { hangs: true }, b: { hangs: true } }), known });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    for (const hung of trace.attempts.filter(({ nodeId }) => nodeId !== "c")) expect(hung.outcome).toBe("stalled");
    const rescue = trace.attempts.find(({ nodeId, start }) => nodeId === "c" && start === 0);
    expect(rescue?.startedMs ?? 0).toBeLessThanOrEqual(750);
    expect(trace.firstReleaseMs).toBeLessThanOrEqual(800);
  });

  test("fetches only what is missing after a node falls silent in the body", async () => {
    const world = await createWorld({ nodes: equalNodes({ a: { hangsAfterBytes: 40 * KIB } }), known: EQUAL });
    const { trace } = await run(world);
    const stalled = trace.attempts.filter(({ nodeId, outcome }) => nodeId === "a" && outcome === "stalled");
    expect(stalled.length).toBeGreaterThan(0);
    expect(stalled.some(({ blocksVerified }) => blocksVerified > 0)).toBe(true);
    expect(trace.wastedBytes).toBeLessThanOrEqual(2 * 32 * KIB);
    expect(lasted(trace)).toBeLessThanOrEqual((SIZE_BYTES / 2e6) * 1000 + 800);
  });

  test("moves away from a node that refuses within 150 ms", async () => {
    const world = await createWorld({ nodes: equalNodes({ a: { refuses: true } }), known: EQUAL });
    const { trace } = await run(world);
    const refused = trace.attempts.filter(({ nodeId }) => nodeId === "a");
    expect(refused.length).toBeGreaterThan(0);
    for (const { outcome, reason, start, endedMs } of refused) {
      expect([outcome, reason]).toEqual(["failed", expect.stringContaining("refused")]);
      const next = trace.attempts.find((other) => other.nodeId !== "a" && other.start <= start && other.end > start);
      expect((next?.startedMs ?? Infinity) - (endedMs ?? 0)).toBeLessThanOrEqual(150);
    }
    expect(viewNode(world.estimates.read(), id("a"), world.clock.nowMs()).health).toBe("open");
  });

  test.each<[string, VirtualNode]>([
    ["hangs", { hangs: true }],
    ["answers", {}],
  ])("probes a node that may have recovered at no cost of time when it %s", async (_name, node) => {
    const world = await createWorld({ nodes: { ...equalNodes(), a: node }, known: EQUAL });
    const refusal = { how: "refused", wantedBytes: 0, receivedBytes: 0, answered: false, elapsedMs: 0 } as const;
    world.estimates.apply({ saw: "ended", ...refusal, nodeId: id("a"), atMs: world.clock.nowMs() - 1_100 });
    const { trace } = await run(world);
    const probes = trace.attempts.filter(({ because }) => because === "probe");
    expect(probes.map(({ nodeId }) => nodeId)).toEqual(["a"]);
    expect(probes[0] === undefined ? 0 : probes[0].end - probes[0].start).toBeLessThanOrEqual(32 * KIB);
    expect(lasted(trace)).toBeLessThan((SIZE_BYTES / 2e6) * 1000 * 1.2 + 10);
    const view = viewNode(world.estimates.read(), id("a"), world.clock.nowMs());
    expect(view.health).toBe(node.hangs === true ? "open" : "closed");
  });

  test("catches a liar at its first bad block, and does not ask it again", async () => {
    const lies = { a: { flipsByteAt: 5 }, b: { flipsByteAt: 5 }, c: { flipsByteAt: 5 } };
    const world = await createWorld({ nodes: equalNodes(), known: EQUAL });
    const honest = await run(world);
    const liar = honest.trace.attempts.find(({ start }) => start === 0)?.nodeId ?? "";
    const lying = await createWorld({
      nodes: equalNodes(Object.fromEntries(Object.entries(lies).filter(([name]) => name === liar))),
      known: EQUAL,
    });
    const { trace } = await run(lying);
    expect(trace.outcome).toBe("delivered");
    const told = trace.attempts.filter(({ nodeId }) => nodeId === liar);
    const caughtMs = told.find(({ outcome }) => outcome === "corrupt")?.endedMs ?? Infinity;
    expect(told.every(({ startedMs }) => startedMs <= caughtMs)).toBe(true);
    expect(told.every(({ endedMs }) => (endedMs ?? Infinity) <= caughtMs)).toBe(true);
    const again = trace.attempts.filter(({ start, startedMs }) => start === 0 && startedMs >= caughtMs);
    expect(again.map(({ nodeId, blocksVerified }) => nodeId !== liar && blocksVerified > 0)).toEqual([true]);
    expect(viewNode(lying.estimates.read(), id(liar), lying.clock.nowMs()).health).toBe("quarantined");
    expect(endings((await run(lying)).trace).join()).not.toContain(`${liar} `);
  });

  test.each([
    ["a truncated body", { truncatesAfterBytes: 10 * KIB }, "truncated"],
    ["a broken connection", { breaksAfterBytes: 10 * KIB }, "broken"],
    ["a server error", { status: 503 }, "status 503"],
    ["a missing chunk", { status: 404 }, "missing"],
    ["the wrong Content-Range", { contentRange: "bytes 0-1/2" }, "Content-Range"],
    ["200 to a range", { ignoresRange: true }, "status 200 instead of 206"],
    ["bytes beyond its range", { extraBytes: 1000 }, "oversized"],
  ] satisfies [string, VirtualNode, string][])("goes on at other nodes after %s", async (_name, node, reason) => {
    const world = await createWorld({ nodes: equalNodes({ a: node }), known: EQUAL });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    const failed = trace.attempts.filter(({ nodeId, outcome }) => nodeId === "a" && outcome === "failed");
    expect(failed[0]?.reason).toContain(reason);
    expect(lasted(trace)).toBeLessThan(900);
  });
});

describe("fetchSegment() with the naive strategy", () => {
  test("takes turns by segment number and races nobody", async () => {
    const hosts: string[] = [];
    for (const seq of [0, 1, 2, 3]) {
      const world = await createWorld({ strategy: "naive" });
      const request = { ...world.request, entry: { ...world.request.entry, seq } };
      await run({ ...world, request });
      hosts.push(...world.network.requests.map((seen) => seen.host));
    }
    expect(hosts).toEqual(["a", "b", "c", "a"]);
  });

  test("waits 8 s for a hung node before the next", async () => {
    const { trace } = await run(await createWorld({ strategy: "naive", nodes: { a: { hangs: true } } }));
    expect(trace.attempts[1]?.startedMs).toBe(8_000);
    expect(endings(trace)).toEqual(["a stalled", "b complete"]);
  });

  test("takes the next node after an error", async () => {
    const world = await createWorld({ strategy: "naive", nodes: { a: { refuses: true } } });
    expect(endings((await run(world)).trace)).toEqual(["a failed", "b complete"]);
  });
});
