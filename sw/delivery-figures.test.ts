import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { deliveredMessage } from "./delivery-figures.ts";
import { sampleTrace } from "./sample-manifest.contract.ts";

const attempt = (given = {}) => ({
  ...{ id: 0, nodeId: "node-1", start: 0, end: 100_000, because: "first", startedMs: 0, firstByteMs: 20, endedMs: 120 },
  ...{ receivedBytes: 100_000, verifyMs: 2, blocksVerified: 1, predictedMs: null, outcome: "complete", reason: null },
  ...given,
});
/** 100 kB in 100 ms after a first byte of 20 ms: 1 MB/s. */
const fetched = (id: string, given = {}) =>
  sampleTrace({ id, deliveredBytes: 100_000, endedMs: 120, attempts: [attempt()], ...given });
const cached = (id: string, given = {}) =>
  sampleTrace({ id, servedFrom: "cache", startedAtMs: 9_000, deliveredBytes: 100_000, endedMs: 1, ...given });
const rate = (trace: SegmentTrace, known: readonly SegmentTrace[] = []) =>
  deliveredMessage(trace, known, "r").rateBytesPerSecond;

describe("deliveredMessage()", () => {
  it("tells the times of a fetched segment and its rate after the first byte", () => {
    expect(deliveredMessage(fetched("a"), [], "r1")).toEqual({
      kind: "delivered",
      session: "s1",
      request: "r1",
      deliveredBytes: 100_000,
      servedFrom: "nodes",
      firstByteMs: 20,
      networkMs: 120,
      rateBytesPerSecond: 1_000_000,
      timesMislead: false,
      strategy: "smart",
    });
  });

  const half = [attempt({ receivedBytes: 50_000, endedMs: 120 })];
  const twoNodes = [attempt({ endedMs: 120 }), attempt({ id: 1, firstByteMs: 30, endedMs: 120 })];
  const oneAfterAnother = [
    attempt({ endedMs: 70, receivedBytes: 50_000 }),
    attempt({ id: 1, startedMs: 70, firstByteMs: 90, endedMs: 140, receivedBytes: 50_000 }),
  ];
  const hung = [attempt(), attempt({ id: 1, firstByteMs: null, endedMs: 600, receivedBytes: 0, outcome: "stalled" })];
  it.each<[string, SegmentTrace, readonly SegmentTrace[], number | null]>([
    ["two nodes at once add up", fetched("a", { attempts: twoNodes }), [], 2_000_000],
    [
      "waiting between two requests counts",
      fetched("a", { endedMs: 140, attempts: oneAfterAnother }),
      [],
      100_000 / 0.12,
    ],
    ["a node that brought nothing does not count", fetched("a", { endedMs: 600, attempts: hung }), [], 1_000_000],
    [
      "a segment beside it counts together with it",
      fetched("a", { attempts: half }),
      [fetched("b", { attempts: half })],
      1_000_000,
    ],
    [
      "so does one that is still under way",
      fetched("a", { attempts: half }),
      [
        fetched("b", {
          endedMs: null,
          outcome: "running",
          attempts: [attempt({ receivedBytes: 50_000, endedMs: null, outcome: null })],
        }),
      ],
      1_000_000,
    ],
    [
      "one of another session does not",
      fetched("a", { attempts: half }),
      [fetched("b", { attempts: half, session: "other" })],
      500_000,
    ],
    [
      "one of another strategy does not",
      fetched("a", { attempts: half }),
      [fetched("b", { attempts: half, strategy: "naive" })],
      500_000,
    ],
    [
      "one that was before it does not",
      fetched("a", { startedAtMs: 5_000 }),
      [fetched("b", { attempts: half })],
      1_000_000,
    ],
    [
      "memory is not the network",
      cached("now"),
      [fetched("slow", { attempts: half }), fetched("fast", { startedAtMs: 2_000 }), cached("c")],
      750_000,
    ],
    [
      "an aborted fetch has measured too",
      cached("now"),
      [fetched("a", { outcome: "aborted", deliveredBytes: 0 })],
      1_000_000,
    ],
    ["nothing is known when nothing was fetched", cached("now"), [cached("c")], null],
    ["nothing is known by other strategies", cached("now"), [fetched("n", { strategy: "naive" })], null],
    ["too little says nothing", cached("now"), [fetched("i", { attempts: [attempt({ receivedBytes: 700 })] })], null],
    [
      "the gateway counts by what it released",
      fetched("g", { servedFrom: "gateway", firstReleaseMs: 20, attempts: [] }),
      [],
      1_000_000,
    ],
  ])("rate: %s", (_name, trace, known, expected) => {
    const told = rate(trace, known);
    if (expected === null) expect(told).toBeNull();
    else expect(told).toBeCloseTo(expected, 3);
  });

  it("takes the rate of a small segment from the larger ones before it", () => {
    const init = fetched("init", { startedAtMs: 5_000, attempts: [attempt({ receivedBytes: 700 })] });
    expect(rate(init, [fetched("a"), init])).toBe(1_000_000);
  });

  it("rests on eight segments, so that it follows the network", () => {
    const at = (startedAtMs: number, endedMs: number) => ({ startedAtMs, endedMs, attempts: [attempt({ endedMs })] });
    const old = Array.from({ length: 20 }, (_, i) => fetched(`old${i}`, at(i * 2_000, 1_020)));
    const recent = Array.from({ length: 8 }, (_, i) => fetched(`new${i}`, at(50_000 + i * 2_000, 120)));
    expect(rate(cached("now", { startedAtMs: 90_000 }), [...old, ...recent])).toBe(1_000_000);
  });

  it.each<[string, SegmentTrace, readonly SegmentTrace[], boolean]>([
    ["fetched alone", fetched("a"), [], false],
    ["begun before it was asked for", fetched("a", { attempts: [attempt({ because: "ahead" })] }), [], true],
    ["fetched beside another", fetched("a"), [fetched("b", { startedAtMs: 1_050 })], true],
    ["shared by two requests", fetched("a", { attempts: twoNodes }), [], true],
    ["helped by one that brought nothing", fetched("a", { attempts: hung }), [], false],
    ["from memory, which says so itself", cached("a"), [fetched("b")], false],
  ])("says whether its own times mislead: %s", (_name, trace, known, misleads) => {
    expect(deliveredMessage(trace, known, "r").timesMislead).toBe(misleads);
  });

  it("is within 15 % of the rate of the link, however segments overlap and whatever was prefetched", () => {
    fc.assert(
      fc.property(
        fc.record({
          bytesPerSecond: fc.integer({ min: 125_000, max: 6_000_000 }),
          latencyMs: fc.integer({ min: 1, max: 80 }),
          /** A segment begins when so much of the one before is there; above 1: so long after it. */
          starts: fc.array(fc.double({ min: 0.3, max: 1.6, noNaN: true }), { minLength: 3, maxLength: 12 }),
          pieces: fc.integer({ min: 4, max: 12 }),
          segmentSeconds: fc.double({ min: 0.5, max: 4, noNaN: true }),
          isCached: fc.boolean(),
        }),
        ({ isCached, ...world }) => {
          const known = tracesOfLink(world);
          const last = known.at(-1);
          if (last === undefined) throw new Error("No trace");
          const endMs = Math.max(...known.map((trace) => trace.startedAtMs + (trace.endedMs ?? 0)));
          const told = isCached ? rate(cached("now", { startedAtMs: endMs + 1000 }), known) : rate(last, known);
          expect((told ?? 0) / world.bytesPerSecond).toBeGreaterThan(0.85);
          expect((told ?? 0) / world.bytesPerSecond).toBeLessThan(1.15);
        },
      ),
      { numRuns: 300 },
    );
  });
});

interface LinkWorld {
  readonly bytesPerSecond: number;
  readonly latencyMs: number;
  readonly starts: readonly number[];
  readonly pieces: number;
  readonly segmentSeconds: number;
}

const LANES = 2;

/**
 * Segments over one link that all their lanes share equally, exact as a fluid; each lane asks for one piece after the
 * other without a pause, as two requests in flight do.
 */
function tracesOfLink({ bytesPerSecond, latencyMs, starts, pieces, segmentSeconds }: LinkWorld): SegmentTrace[] {
  const laneBytes = (bytesPerSecond * segmentSeconds) / LANES;
  let atMs = 1_000_000;
  const lanes = starts.flatMap((start, segment) => {
    const startedMs = atMs;
    atMs += segmentSeconds * 1000 * start + latencyMs;
    const firstMs = startedMs + latencyMs;
    return Array.from({ length: LANES }, () => ({ segment, startedMs, path: [{ atMs: firstMs, bytes: 0 }] }));
  });
  for (let nowMs = 0; ; ) {
    const bytesOf = (lane: (typeof lanes)[number]) => lane.path.at(-1)?.bytes ?? 0;
    const beginOf = (lane: (typeof lanes)[number]) => lane.path[0]?.atMs ?? 0;
    const open = lanes.filter((lane) => beginOf(lane) <= nowMs && bytesOf(lane) < laneBytes - 1e-6);
    const waiting = lanes.filter((lane) => beginOf(lane) > nowMs).map(beginOf);
    if (open.length === 0 && waiting.length === 0) break;
    const pace = bytesPerSecond / 1000 / Math.max(1, open.length);
    const untilMs = Math.min(...waiting, ...open.map((lane) => nowMs + (laneBytes - bytesOf(lane)) / pace));
    for (const lane of open) lane.path.push({ atMs: untilMs, bytes: bytesOf(lane) + pace * (untilMs - nowMs) });
    nowMs = untilMs;
  }
  return starts.map((_, segment) => {
    const own = lanes.filter((lane) => lane.segment === segment);
    const startedAtMs = own[0]?.startedMs ?? 0;
    const attempts = own.flatMap(({ path }) =>
      Array.from({ length: pieces }, (__, piece) => {
        const [from, to] = [piece, piece + 1].map((edge) => timeOf(path, (laneBytes * edge) / pieces) - startedAtMs);
        const startedMs = piece === 0 ? 0 : (from ?? 0) - latencyMs;
        return attempt({ startedMs, firstByteMs: from, endedMs: to, receivedBytes: Math.round(laneBytes / pieces) });
      }),
    );
    const endedMs = Math.max(...attempts.map((one) => one.endedMs));
    return fetched(`t${segment}`, { startedAtMs, endedMs, attempts: attempts.map((one, id) => ({ ...one, id })) });
  });
}

/** When the lane had so many bytes. */
function timeOf(path: readonly { readonly atMs: number; readonly bytes: number }[], bytes: number): number {
  const after = path.findIndex((point) => point.bytes >= bytes - 1e-6);
  const [before, then] = [path[Math.max(0, after - 1)], path[after]];
  if (before === undefined || then === undefined || then.bytes === before.bytes) return then?.atMs ?? 0;
  return before.atMs + ((then.atMs - before.atMs) * (bytes - before.bytes)) / (then.bytes - before.bytes);
}
