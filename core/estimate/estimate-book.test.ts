import { describe, expect, test } from "vitest";
import type { NodeId } from "../ids.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { EstimateBook, EstimateEvent } from "./estimate-book.ts";
import {
  applyEvent,
  emptyBook,
  learn,
  learnBytes,
  MAX_BOOK_NODES,
  ownBook,
  reportNode,
  viewNode,
} from "./estimate-book.ts";
import type { AttemptEnd, NodeEvent } from "./node-estimate.ts";
import { expectedCompletionMs } from "./expected-completion.ts";

function node(name: string): NodeId {
  const id = parseNodeId(name);
  invariant(id !== undefined, `Cannot name a node "${name}"`);
  return id;
}
const [A, B] = [node("a"), node("b")];

/** A short script of events on one node: [time, event]. */
function played(book: EstimateBook, nodeId: NodeId, script: readonly (readonly [number, NodeEvent])[]): EstimateBook {
  return script.reduce((now, [atMs, event]) => applyEvent(now, { ...event, nodeId, atMs }), book);
}

function ended(how: AttemptEnd, change: Partial<NodeEvent & { saw: "ended" }> = {}): NodeEvent {
  return { saw: "ended", how, wantedBytes: 0, receivedBytes: 0, answered: false, elapsedMs: 10, ...change };
}

/** One whole fetch of `bytes`: first byte after `latencyMs`, then `bodyMs` of body in ten reads. */
function fetched(
  book: EstimateBook,
  nodeId: NodeId,
  at: { ms: number; bytes: number; latencyMs: number; bodyMs: number },
) {
  const reads = Array.from({ length: 10 }, (_, read) => {
    const atMs = at.ms + at.latencyMs + (at.bodyMs * read) / 9;
    return [atMs, { saw: "bytes", bytes: at.bytes / 10 }] as const;
  });
  const elapsedMs = at.latencyMs + at.bodyMs;
  const whole = { wantedBytes: at.bytes, receivedBytes: at.bytes, answered: true, elapsedMs };
  return played(book, nodeId, [
    [at.ms, { saw: "started", wantedBytes: at.bytes }],
    [at.ms + at.latencyMs, { saw: "first-byte", latencyMs: at.latencyMs }],
    ...reads,
    [at.ms + elapsedMs, ended("complete", whole)],
  ]);
}

const health = (book: EstimateBook, nodeId: NodeId, nowMs: number) => viewNode(book, nodeId, nowMs).health;

describe("learn()", () => {
  const script: readonly EstimateEvent[] = [
    { saw: "started", wantedBytes: 300_000, nodeId: A, atMs: 0 },
    { saw: "first-byte", latencyMs: 12, nodeId: A, atMs: 12 },
    ...[1, 2, 3].map((read) => ({ saw: "bytes", bytes: 80_000, nodeId: A, atMs: 12 + 60 * read }) as const),
    { saw: "started", wantedBytes: 5_000, nodeId: B, atMs: 200, isHedge: true },
    { ...ended("refused", { wantedBytes: 5_000 }), nodeId: B, atMs: 210 },
    { saw: "block-bad", nodeId: A, atMs: 220 },
  ];

  test("makes of a book of one's own what applyEvent() makes of a value, and leaves alone what it was copied from", () => {
    const before = played(emptyBook(), A, [[-9, { saw: "first-byte", latencyMs: 9 }]]);
    const written = JSON.stringify([...before.nodes]);
    const own = ownBook(before);
    let value = before;
    for (const event of script) {
      learn(own, event);
      value = applyEvent(value, event);
      expect({ ...own, nodes: [...own.nodes] }, event.saw).toEqual({ ...value, nodes: [...value.nodes] });
    }
    expect(JSON.stringify([...before.nodes])).toBe(written);
  });

  test("takes bytes that are said without an object as it takes the event", () => {
    const [one, other] = [ownBook(emptyBook()), ownBook(emptyBook())];
    for (const event of script) {
      learn(one, event);
      if (event.saw === "bytes") learnBytes(other, event.nodeId, event.bytes, event.atMs);
      else learn(other, event);
    }
    expect({ ...other, nodes: [...other.nodes] }).toEqual({ ...one, nodes: [...one.nodes] });
  });
});

describe("viewNode()", () => {
  test("knows nothing of a node that was never asked", () => {
    const view = viewNode(emptyBook(), A, 0);
    expect(view).toMatchObject({ firstByteMsP50: null, rateBytesPerSecond: null, health: "closed", sampleCount: 0 });
    expect(expectedCompletionMs(view, 1000)).toBeNull();
  });

  test("gives quantiles of the first byte over the newest 32 answers", () => {
    let book = emptyBook();
    for (let turn = 0; turn < 40; turn += 1) {
      book = applyEvent(book, { saw: "first-byte", latencyMs: turn < 8 ? 9_999 : turn, nodeId: A, atMs: turn });
    }
    const view = viewNode(book, A, 100);
    expect(view.sampleCount).toBe(32);
    expect(view.firstByteMsP50).toBe(23);
    expect(view.firstByteMsP95).toBe(38);
  });

  test("counts own requests and bytes in flight, and forgets them when attempts end", () => {
    let book = played(emptyBook(), A, [
      [0, { saw: "started", wantedBytes: 1000 }],
      [0, { saw: "started", wantedBytes: 500 }],
      [5, { saw: "first-byte", latencyMs: 5 }],
      [5, { saw: "bytes", bytes: 300 }],
    ]);
    expect(viewNode(book, A, 5)).toMatchObject({ inFlightRequests: 2, inFlightBytes: 1200 });
    book = played(book, A, [[6, ended("cancelled", { wantedBytes: 1000, receivedBytes: 300, answered: true })]]);
    expect(viewNode(book, A, 6)).toMatchObject({ inFlightRequests: 1, inFlightBytes: 500 });
  });

  test("measures the rate over busy time, latency and idle time left out", () => {
    let book = emptyBook();
    for (const ms of [0, 5_000, 60_000]) book = fetched(book, A, { ms, bytes: 1e6, latencyMs: 200, bodyMs: 100 });
    const rate = viewNode(book, A, 70_000).rateBytesPerSecond ?? 0;
    expect(rate).toBeGreaterThan(8.5e6);
    expect(rate).toBeLessThan(10.5e6);
  });

  test("does not halve the rate when two bodies share the link", () => {
    let book = played(emptyBook(), A, [
      [0, { saw: "started", wantedBytes: 1e6 }],
      [0, { saw: "started", wantedBytes: 1e6 }],
      [10, { saw: "first-byte", latencyMs: 10 }],
      [10, { saw: "first-byte", latencyMs: 10 }],
    ]);
    for (let atMs = 20; atMs <= 1_010; atMs += 10) book = played(book, A, [[atMs, { saw: "bytes", bytes: 10_000 }]]);
    expect(viewNode(book, A, 1_010).rateBytesPerSecond).toBeCloseTo(1e6, -5);
  });

  test("believes bad news about the rate before good news", () => {
    const start = fetched(emptyBook(), A, { ms: 0, bytes: 1e7, latencyMs: 10, bodyMs: 10_000 });
    const worse = fetched(start, A, { ms: 10_010, bytes: 2e5, latencyMs: 10, bodyMs: 2_000 });
    const better = fetched(start, A, { ms: 10_010, bytes: 5e5, latencyMs: 10, bodyMs: 50 });
    const rate = (book: EstimateBook) => viewNode(book, A, 12_020).rateBytesPerSecond ?? 0;
    expect(rate(worse) / rate(start)).toBeLessThan(0.75);
    expect(rate(better) / rate(start)).toBeLessThan(3);
  });

  test("takes a body that came in one read for no rate of zero, however late it is closed", () => {
    let book = fetched(emptyBook(), A, { ms: 0, bytes: 1e6, latencyMs: 10, bodyMs: 1_000 });
    const rate = () => viewNode(book, A, 99_999).rateBytesPerSecond ?? 0;
    const before = rate();
    for (let turn = 1; turn <= 20; turn += 1) {
      const atMs = turn * 2_000;
      book = played(book, A, [
        [atMs, { saw: "first-byte", latencyMs: 10 }],
        [atMs, { saw: "bytes", bytes: 16_000 }],
        [atMs + 200, ended("complete", { receivedBytes: 16_000, answered: true, elapsedMs: 210 })],
      ]);
    }
    expect(rate()).toBeCloseTo(before, -4);
  });

  test("has a lower bound of the rate after one answer that came in a single read", () => {
    const book = played(emptyBook(), A, [
      [0, { saw: "started", wantedBytes: 60_000 }],
      [4, { saw: "first-byte", latencyMs: 4 }],
      [4, { saw: "bytes", bytes: 60_000 }],
      [5, ended("complete", { wantedBytes: 60_000, receivedBytes: 60_000, answered: true, elapsedMs: 5 })],
    ]);
    expect(viewNode(book, A, 5).rateBytesPerSecond).toBe(12e6);
  });

  test("learns from a race lost before the first byte that the node needs at least that long", () => {
    const book = played(emptyBook(), A, [
      [0, { saw: "started", wantedBytes: 1 }],
      [80, ended("cancelled", { wantedBytes: 1, elapsedMs: 80 })],
    ]);
    expect(viewNode(book, A, 80).firstByteMsP50).toBe(80);
  });

  test("earns a hung node no more patience", () => {
    const book = played(emptyBook(), A, [[600, ended("stalled", { elapsedMs: 600 })]]);
    expect(viewNode(book, A, 600).firstByteMsP95).toBeNull();
  });
});

describe("expectedCompletionMs()", () => {
  const view = viewNode(fetched(emptyBook(), A, { ms: 0, bytes: 1e6, latencyMs: 50, bodyMs: 900 }), A, 1_000);

  test("adds what is owed, the first byte and the bytes", () => {
    const rate = view.rateBytesPerSecond ?? Number.NaN;
    expect(expectedCompletionMs(view, 2e6)).toBeCloseTo(50 + 2e9 / rate, 6);
    expect(expectedCompletionMs({ ...view, inFlightBytes: 1e6 }, 2e6)).toBeCloseTo(50 + 3e9 / rate, 6);
  });

  test("grows with the share of attempts that failed", () => {
    const sure = expectedCompletionMs({ ...view, reliability: 1 }, 1e6) ?? Number.NaN;
    expect(expectedCompletionMs({ ...view, reliability: 0.5 }, 1e6)).toBeCloseTo(sure * 2, 6);
  });
});

describe("applyEvent()", () => {
  const twoKnown = fetched(fetched(emptyBook(), A, quick(0)), B, quick(0));

  test("opens the breaker at the first refused connection, 1 s, then 2 s, up to 30 s", () => {
    let book = twoKnown;
    let nowMs = 1_000;
    for (const backoffMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      book = played(book, A, [
        [nowMs, { saw: "started", wantedBytes: 1 }],
        [nowMs, ended("refused", { wantedBytes: 1 })],
      ]);
      expect(health(book, A, nowMs + backoffMs - 1)).toBe("open");
      expect(health(book, A, nowMs + backoffMs)).toBe("half-open");
      nowMs += backoffMs;
    }
  });

  test("does not double the back-off for attempts that fail together", () => {
    const book = played(twoKnown, A, [
      [1_000, ended("refused")],
      [1_000, ended("refused")],
      [1_001, ended("refused")],
    ]);
    expect(health(book, A, 2_000)).toBe("half-open");
  });

  test.each(["stalled", "failed"] as const)(
    "opens the breaker at the second %s attempt within 10 s, not at the first",
    (how) => {
      const once = played(twoKnown, A, [[1_000, ended(how)]]);
      expect(health(once, A, 1_000)).toBe("closed");
      expect(health(played(once, A, [[5_000, ended(how)]]), A, 5_000)).toBe("open");
      expect(health(played(once, A, [[11_500, ended(how)]]), A, 11_500)).toBe("closed");
    },
  );

  test("lets one attempt try a half-open node, and closes at its first verified block", () => {
    const open = played(twoKnown, A, [[0, ended("refused")]]);
    const trying = played(open, A, [[1_000, { saw: "started", wantedBytes: 1 }]]);
    expect(health(trying, A, 1_001)).toBe("open");
    expect(health(played(trying, A, [[1_100, { saw: "block-ok" }]]), A, 1_100)).toBe("closed");
  });

  test("lets a half-open node rest again when its attempt was cancelled before an answer", () => {
    const script = [
      [0, ended("refused")],
      [1_000, { saw: "started", wantedBytes: 1 }],
      [1_050, ended("cancelled")],
    ] as const;
    const book = played(twoKnown, A, script);
    expect(health(book, A, 2_049)).toBe("open");
    expect(health(book, A, 2_050)).toBe("half-open");
  });

  test("takes a missing chunk for no sign of ill health", () => {
    const book = played(twoKnown, A, [
      [0, ended("missing")],
      [1, ended("missing")],
      [2, ended("missing")],
    ]);
    expect(reportNode(book, A, 2)).toMatchObject({ health: "closed", failures: 0 });
  });

  test("keeps every back-off short when all nodes fail at once, as the client may be offline", () => {
    let book = twoKnown;
    for (let turn = 0; turn < 8; turn += 1) book = played(book, A, [[turn * 40_000, ended("refused")]]);
    expect(health(book, A, 290_000)).toBe("open");
    book = played(book, B, [[281_000, ended("refused")]]);
    expect(health(book, A, 282_000)).toBe("half-open");
    expect(health(book, B, 282_000)).toBe("half-open");
  });

  test("quarantines for 60 s at the first bad block, for long at a second within 10 minutes", () => {
    const once = played(twoKnown, A, [[0, { saw: "block-bad" }]]);
    expect(viewNode(once, A, 59_999)).toMatchObject({ health: "quarantined", retryAtMs: 60_000 });
    expect(health(once, A, 60_000)).toBe("closed");
    expect(health(played(once, A, [[500_000, { saw: "block-bad" }]]), A, 5_000_000)).toBe("quarantined");
    expect(health(played(once, A, [[700_000, { saw: "block-bad" }]]), A, 761_000)).toBe("closed");
  });

  test("keeps quarantines short when every node seems to lie, as the block list may be wrong", () => {
    let book = played(twoKnown, A, [
      [0, { saw: "block-bad" }],
      [1_000, { saw: "block-bad" }],
    ]);
    book = played(book, B, [[2_000, { saw: "block-bad" }]]);
    expect(health(book, A, 62_000)).toBe("closed");
  });

  test("lets outcomes fade: half after a minute", () => {
    expect(reportNode(fetched(emptyBook(), A, quick(0)), A, 60_020).successes).toBeCloseTo(0.5, 2);
  });

  test("forgets the node that was silent longest beyond the limit", () => {
    let book = emptyBook();
    for (let index = 0; index <= MAX_BOOK_NODES; index += 1) {
      book = applyEvent(book, { saw: "block-ok", nodeId: node(`n${index}`), atMs: index });
    }
    expect(book.nodes.size).toBe(MAX_BOOK_NODES);
    expect(book.nodes.get(node("n0"))).toBeUndefined();
  });

  test("leaves the book before it as it was", () => {
    const before = JSON.stringify([...twoKnown.nodes]);
    played(twoKnown, A, [
      [1, ended("refused")],
      [2, { saw: "block-bad" }],
    ]);
    expect(JSON.stringify([...twoKnown.nodes])).toBe(before);
  });
});

function quick(ms: number) {
  return { ms, bytes: 1e5, latencyMs: 10, bodyMs: 10 };
}
