/** How a fetch is begun ahead, wanted, given up, and how it fails. */
import { describe, expect, test } from "vitest";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { fetchSegment } from "./fetch-segment.ts";
import type { World } from "./fetch-world.contract.ts";
import {
  createWorld,
  isSame,
  lasted,
  NODES,
  nextTurn,
  outcomeOf,
  readAll,
  run,
  settled,
  sum,
  untilRequests,
} from "./fetch-world.contract.ts";
import type { EstimateStore, SegmentFetch, StepNote } from "./segment-fetch.ts";
import { createVirtualNetwork } from "./virtual-network.ts";

const EQUAL = { a: 1e6, b: 1e6, c: 1e6 };
const slow = { rateBytesPerSecond: 1e5 };
const SLOW_NODES = { a: slow, b: slow, c: slow };
const dead = { refuses: true };
const ALL_DEAD = { a: dead, b: dead, c: dead };

/** A fetch on slow nodes with some requests under way. */
async function underWay(): Promise<{ world: World; fetching: SegmentFetch }> {
  const world = await createWorld({ nodes: SLOW_NODES, known: EQUAL });
  const fetching = fetchSegment(world.request, world.ports);
  await untilRequests(world, 3);
  return { world, fetching };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), nextTurn().then(() => false)]);
}

describe("SegmentFetch.assigned", () => {
  test("settles when the last block is being fetched, before the chunk is whole", async () => {
    const nodes = { a: { rateBytesPerSecond: 1e6 }, b: { rateBytesPerSecond: 1e6 }, c: { rateBytesPerSecond: 1e6 } };
    const world = await createWorld({ nodes, known: EQUAL });
    const fetching = fetchSegment(world.request, world.ports);
    await untilRequests(world, 3);
    expect(await isSettled(fetching.assigned)).toBe(false);
    await settled(world.clock, fetching.assigned);
    const { attempts, outcome, sizeBytes } = fetching.trace();
    expect(outcome).toBe("running");
    expect(sum(attempts.map(({ start, end }) => end - start))).toBe(sizeBytes);
    await outcomeOf(world, fetching);
  });

  test("settles at once when one node gets the whole chunk", async () => {
    const world = await createWorld({ strategy: "naive", nodes: SLOW_NODES });
    const fetching = fetchSegment(world.request, world.ports);
    await untilRequests(world, 1);
    expect(await isSettled(fetching.assigned)).toBe(true);
    fetching.cancel("enough");
  });

  test.each(["cancelled", "refused", "of a wrong block list"])("settles when the fetch is %s", async (how) => {
    const world = await createWorld({ nodes: how === "refused" ? ALL_DEAD : SLOW_NODES });
    const blocks = how === "of a wrong block list" ? "AAAA" : world.request.entry.blocks;
    const request = { ...world.request, giveUpWhenAllUnreachable: true, entry: { ...world.request.entry, blocks } };
    const fetching = fetchSegment(request, world.ports);
    if (how === "cancelled") fetching.cancel("gone");
    const reading = readAll(fetching.body).catch(() => undefined);
    await settled(world.clock, Promise.all([fetching.assigned, fetching.done, reading]));
  });
});

describe("SegmentFetch.want()", () => {
  test("promotes a fetch begun ahead: what was ahead goes on, the rest is fetched as wanted", async () => {
    const request = { isAhead: true };
    const world = await createWorld({ nodes: SLOW_NODES, known: EQUAL, request, sizeBytes: 3 * 1024 * 1024 });
    const fetching = fetchSegment(world.request, world.ports);
    await untilRequests(world, 3);
    await settled(world.clock, world.clock.sleep(300, new AbortController().signal));
    const aheadCount = fetching.trace().attempts.length;
    fetching.want(5);
    const { trace, bytes } = await outcomeOf(world, fetching);
    expect(isSame(bytes, world.chunk)).toBe(true);
    const causes = trace.attempts.map(({ because }) => because);
    expect(causes.slice(0, aheadCount)).toEqual(causes.slice(0, aheadCount).map(() => "ahead"));
    expect(causes.slice(aheadCount)).not.toContain("ahead");
    expect(causes.length).toBeGreaterThan(aheadCount);
    expect(trace.attempts.slice(0, aheadCount).every(({ receivedBytes }) => receivedBytes > 0)).toBe(true);
  });

  test("leaves a fetch ahead alone on nodes that others use, until it is wanted", async () => {
    const world = await createWorld({ nodes: SLOW_NODES, known: EQUAL });
    const urgent = fetchSegment(world.request, world.ports);
    await untilRequests(world, 3);
    const before = world.network.requests.length;
    const ahead = fetchSegment({ ...world.request, traceId: "t2", isAhead: true }, world.ports);
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    expect(world.network.requests).toHaveLength(before);
    ahead.want(null);
    expect(world.network.requests.length).toBeGreaterThan(before);
    urgent.cancel("over");
    ahead.cancel("over");
  });

  test("is all that makes bytes of a fetch ahead count as delivered, should it be given up", async () => {
    for (const isWanted of [true, false]) {
      const world = await createWorld({ nodes: SLOW_NODES, known: EQUAL, request: { isAhead: true } });
      const fetching = fetchSegment(world.request, world.ports);
      await settled(world.clock, world.clock.sleep(2_000, new AbortController().signal));
      if (isWanted) fetching.want(5);
      expect(fetching.trace().deliveredBytes).toBeGreaterThan(0);
      fetching.cancel("elsewhere-in-time");
      expect(fetching.trace().deliveredBytes > 0).toBe(isWanted);
      await outcomeOf(world, fetching);
    }
  });

  test("counts when it is said before the plan began", async () => {
    const world = await createWorld({ nodes: SLOW_NODES, known: EQUAL, request: { isAhead: true } });
    const fetching = fetchSegment(world.request, world.ports);
    fetching.want(null);
    await untilRequests(world, 3);
    expect(fetching.trace().attempts[0]?.because).toBe("first");
    fetching.cancel("enough");
  });
});

describe("fetchSegment() given up", () => {
  test("stops every request in the tick of cancel() and errors with aborted", async () => {
    const { world, fetching } = await underWay();
    const isOpen = world.network.requests.map(() => true);
    fetching.cancel("player-seeked");
    expect(world.network.requests.map((seen) => seen.isAborted)).toEqual(isOpen);
    const { error, trace } = await outcomeOf(world, fetching);
    expect(error).toBeInstanceOf(VStackError);
    expect(errorCode(error)).toBe("aborted");
    expect(trace.outcome).toBe("aborted");
    expect(new Set(trace.attempts.map((attempt) => attempt.reason))).toEqual(new Set(["player-seeked"]));
  });

  test("stops every request when the reader cancels the body", async () => {
    const { world, fetching } = await underWay();
    await fetching.body.cancel();
    expect(world.network.requests.every((seen) => seen.isAborted)).toBe(true);
    expect((await settled(world.clock, fetching.done)).outcome).toBe("aborted");
  });

  test("asks nobody when it is cancelled before it began", async () => {
    const world = await createWorld();
    const fetching = fetchSegment(world.request, world.ports);
    fetching.cancel("gone");
    expect(errorCode((await outcomeOf(world, fetching)).error)).toBe("aborted");
    expect(world.network.requests).toHaveLength(0);
  });

  test.each(["read", "apply"] as const)(
    "ends with internal, and leaves nothing open, when estimates.%s() breaks",
    async (what) => {
      const world = await createWorld({ nodes: SLOW_NODES, known: EQUAL });
      let isBroken = false;
      const breakable = <T>(act: () => T): T => {
        if (isBroken) throw new Error("the book is gone");
        return act();
      };
      const estimates: EstimateStore = {
        read: () => (what === "read" ? breakable(() => world.estimates.read()) : world.estimates.read()),
        apply: (event) =>
          what === "apply" ? breakable(() => world.estimates.apply(event)) : world.estimates.apply(event),
      };
      const fetching = fetchSegment(world.request, { ...world.ports, estimates });
      await untilRequests(world, 3);
      isBroken = true;
      const error: unknown = await settled(
        world.clock,
        readAll(fetching.body).catch((cause: unknown) => cause),
      );
      const trace = await settled(world.clock, fetching.done);
      expect(errorCode(error)).toBe("internal");
      expect(trace.failure).toContain("the book is gone");
      expect(world.network.requests.every((seen) => seen.isAborted)).toBe(true);
    },
  );
});

describe("fetchSegment() that nobody can serve", () => {
  test("gives up as unreachable after one round when asked to", async () => {
    const world = await createWorld({ nodes: ALL_DEAD, request: { giveUpWhenAllUnreachable: true } });
    const { error, trace } = await run(world);
    expect(errorCode(error)).toBe("unreachable");
    expect(new Set(trace.attempts.map(({ nodeId }) => nodeId)).size).toBe(3);
    expect(trace.attempts.length).toBeLessThanOrEqual(6);
    expect(lasted(trace)).toBe(0);
    for (const name of NODES) expect(trace.failure).toContain(`${name} refused`);
  });

  test("tries on for 30 s when every node is dead, within the limit of attempts, then names each", async () => {
    const { error, trace } = await run(await createWorld({ nodes: ALL_DEAD }));
    expect(errorCode(error)).toBe("unreachable");
    expect(lasted(trace)).toBeGreaterThanOrEqual(29_000);
    expect(trace.attempts.length).toBeGreaterThan(60);
    expect(trace.attempts.length).toBeLessThanOrEqual(300);
    for (const name of NODES) expect(trace.failure).toContain(`${name} refused`);
  });

  test("goes on when dead nodes come back between two rounds", async () => {
    const world = await createWorld({ nodes: ALL_DEAD });
    const original = world.ports.fetch;
    const healed = createVirtualNetwork(world.clock, world.chunk, new Map(NODES.map((name) => [name as string, {}])));
    const began = world.clock.nowMs();
    const fetch: typeof original = (url, init) =>
      world.clock.nowMs() - began < 500 ? original(url, init) : healed.fetch(url, init);
    const { trace } = await run({ ...world, ports: { ...world.ports, fetch } });
    expect(trace.outcome).toBe("delivered");
    expect(lasted(trace)).toBeLessThan(1_500);
    expect(trace.attempts.some(({ because, outcome }) => because === "retry" && outcome === "complete")).toBe(true);
  });

  test("says not-found after one round when no holder has the chunk", async () => {
    const gone = { status: 404 };
    const { error, trace } = await run(await createWorld({ nodes: { a: gone, b: gone, c: gone } }));
    expect(errorCode(error)).toBe("not-found");
    expect(new Set(trace.attempts.map(({ nodeId }) => nodeId)).size).toBe(3);
    expect(trace.attempts.length).toBeLessThanOrEqual(6);
    expect(lasted(trace)).toBeLessThan(50);
  });

  test("says corrupt when every holder lies, and releases no byte of the bad block", async () => {
    const liar = { flipsByteAt: 5 };
    const { error, trace } = await run(await createWorld({ nodes: { a: liar, b: liar, c: liar } }));
    expect(errorCode(error)).toBe("corrupt");
    expect(trace.deliveredBytes).toBe(0);
  });

  test("refuses a block list that is not the record's without asking anybody", async () => {
    const world = await createWorld();
    const blocks = world.request.entry.blocks.replace(/^./, (first) => (first === "A" ? "B" : "A"));
    const request = { ...world.request, entry: { ...world.request.entry, blocks } };
    const { error } = await run({ ...world, request });
    expect(errorCode(error)).toBe("corrupt");
    expect(world.network.requests).toHaveLength(0);
  });

  test("says unavailable when no holder has an address", async () => {
    const world = await createWorld({ request: { nodeUrls: new Map() } });
    expect(errorCode((await run(world)).error)).toBe("unavailable");
  });
});

describe("fetchSegment()", () => {
  test("delivers an empty chunk without a request", async () => {
    const world = await createWorld({ sizeBytes: 0 });
    const { bytes, trace } = await run(world);
    expect(bytes).toHaveLength(0);
    expect(trace.outcome).toBe("delivered");
    expect(world.network.requests).toHaveLength(0);
  });

  test("verifies on while nobody reads the body", async () => {
    const world = await createWorld({ known: { a: 1e6 } });
    const fetching = fetchSegment(world.request, world.ports);
    const trace = await settled(world.clock, fetching.done);
    expect(trace.outcome).toBe("delivered");
    expect(isSame(await readAll(fetching.body), world.chunk)).toBe(true);
  });

  test("tells every step of its plan with its seed, and takes one number of the program's chance", async () => {
    const world = await createWorld({ known: EQUAL });
    let drawn = 0;
    const random = () => {
      drawn += 1;
      return 0.25;
    };
    const steps: StepNote[] = [];
    await run({ ...world, ports: { ...world.ports, random, onStep: (step) => steps.push(step) } });
    expect(drawn).toBe(1);
    expect(steps[0]).toMatchObject({ traceId: "t1", seed: 2 ** 30, began: { strategy: "smart", isAhead: false } });
    expect(steps.flatMap(({ commands }) => commands).filter(({ do: what }) => what === "finish")).toHaveLength(1);
  });
});

describe("fetchSegment() beside others of the program", () => {
  test("drops a node that another fetch caught lying, at once, and asks it for nothing more", async () => {
    const [steady, liar] = [{ rateBytesPerSecond: 1e6 }, { rateBytesPerSecond: 1e6, flipsByteAt: 5 }];
    const world = await createWorld({ nodes: { a: liar, b: steady, c: steady }, known: EQUAL });
    const fetches = ["t1", "t2", "t3"].map((traceId) => fetchSegment({ ...world.request, traceId }, world.ports));
    const outcomes = await Promise.all(
      fetches.map(async (fetching) => {
        const [bytes, trace] = await settled(world.clock, Promise.all([readAll(fetching.body), fetching.done]));
        return { bytes, trace };
      }),
    );
    const own = outcomes.flatMap(({ trace }) => trace.attempts.filter(({ nodeId }) => nodeId === "a"));
    const caughtMs = Math.min(...own.flatMap(({ outcome, endedMs }) => (outcome === "corrupt" ? [endedMs ?? 0] : [])));
    expect(new Set(own.flatMap(({ outcome, reason }) => (outcome === "corrupt" ? [reason] : []))).size).toBe(1);
    expect(own.some(({ reason }) => reason === "caught-lying")).toBe(true);
    expect(own.every(({ startedMs, endedMs }) => startedMs <= caughtMs && (endedMs ?? Infinity) <= caughtMs)).toBe(
      true,
    );
    expect(outcomes.every(({ bytes }) => isSame(bytes, world.chunk))).toBe(true);
  });

  test("looks at what nodes sent while the program did not run before it calls them silent", async () => {
    const steady = { rateBytesPerSecond: 1e6 };
    const world = await createWorld({ nodes: { a: steady, b: steady, c: steady }, known: EQUAL });
    const fetching = fetchSegment(world.request, world.ports);
    await untilRequests(world, 3);
    const before = world.network.requests.length;
    world.clock.stall(5_000);
    const { trace } = await outcomeOf(world, fetching);
    expect(trace.attempts.slice(0, before).map(({ outcome }) => outcome)).not.toContain("stalled");
    expect(trace.attempts.map(({ because }) => because)).not.toContain("failover");
  });
});
