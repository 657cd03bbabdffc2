import * as v from "valibot";
import { describe, expect, it, vi } from "vitest";
import { NodeIdSchema } from "#wire/contract/schemas.ts";
import { estimateStore } from "./estimate-store.ts";
import { manualClock, settle } from "./manual-clock.contract.ts";
import { sampleBackground } from "./sample-manifest.contract.ts";
import type { Table } from "./table.ts";
import { memoryTable } from "./table.ts";

const node = (name: string) => v.parse(NodeIdSchema, name);

function setUp(table: Table = memoryTable(1)) {
  const clock = manualClock();
  const store = estimateStore({ table, clock, background: sampleBackground().work });
  const meet = (name: string) =>
    store.apply({ saw: "first-byte", latencyMs: 40, nodeId: node(name), atMs: clock.nowMs() });
  return { clock, store, meet, table };
}

describe("estimateStore()", () => {
  it("gives the next worker what this one measured, two seconds after it at the latest", async () => {
    const first = setUp();
    await first.store.ready;
    first.meet("node-1");
    await first.clock.advance(2_000);
    const next = setUp(first.table);
    await next.store.ready;
    expect(next.store.views(new Map([[node("node-1"), "http://one"]]))).toMatchObject([
      { nodeId: "node-1", url: "http://one", firstByteMsP50: 40, sampleCount: 1 },
    ]);
  });

  it("writes at most once a second", async () => {
    const { clock, meet, table } = setUp();
    const put = vi.spyOn(table, "put");
    for (let i = 0; i < 50; i += 1) {
      meet("node-1");
      await clock.advance(100);
    }
    expect(put.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(put.mock.calls.length).toBeLessThanOrEqual(5);
  });

  it("goes on without a slow database after 50 ms, and merges it when it comes", async () => {
    const written = setUp();
    written.meet("node-1");
    written.meet("node-2");
    await written.clock.advance(1_000);
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow: Table = { ...written.table, get: async (key) => opened.then(() => written.table.get(key)) };
    const { clock, store, meet } = setUp(slow);
    let isReady = false;
    void store.ready.then(() => (isReady = true));
    await clock.advance(49);
    expect(isReady).toBe(false);
    await clock.advance(1);
    expect(isReady).toBe(true);
    meet("node-2");
    meet("node-2");
    open();
    await settle();
    const samples = store.views(new Map()).map((view) => [view.nodeId, view.sampleCount]);
    expect(samples).toEqual([
      ["node-1", 1],
      ["node-2", 2],
    ]);
  });

  it("starts empty from a row that it cannot read", async () => {
    const table = memoryTable(1);
    await table.put([{ key: "book", order: 1, value: { schema: 99 } }]);
    const { store } = setUp(table);
    await store.ready;
    expect(store.read().nodes.size).toBe(0);
  });
});
