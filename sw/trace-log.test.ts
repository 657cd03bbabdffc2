import { describe, expect, it, vi } from "vitest";
import { manualClock } from "./manual-clock.contract.ts";
import { sampleBackground, sampleTrace } from "./sample-manifest.contract.ts";
import { memoryTable } from "./table.ts";
import { MAX_TRACES, traceLog } from "./trace-log.ts";

function setUp(table = memoryTable(MAX_TRACES)) {
  const clock = manualClock();
  const onChange = vi.fn();
  return { clock, table, onChange, log: traceLog({ table, clock, background: sampleBackground().work, onChange }) };
}

describe("traceLog()", () => {
  it("keeps one trace per id, the latest, and tells of every change", () => {
    const { log, onChange } = setUp();
    log.record(sampleTrace({ id: "a", outcome: "running", endedMs: null }));
    log.record(sampleTrace({ id: "a" }));
    expect(log.all().map((trace) => trace.outcome)).toEqual(["delivered"]);
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it("is a ring of 1000: the oldest goes", () => {
    const { log } = setUp();
    for (let i = 0; i <= MAX_TRACES; i += 1) log.record(sampleTrace({ id: `t${i}` }));
    expect(log.all()).toHaveLength(1_000);
    expect(log.all()[0]?.id).toBe("t1");
  });

  it("writes finished traces in one batch a second, and running ones not at all", async () => {
    const { log, clock, table } = setUp();
    const put = vi.spyOn(table, "put");
    log.record(sampleTrace({ id: "running", outcome: "running", endedMs: null }));
    log.record(sampleTrace({ id: "a", startedAtMs: 1 }));
    log.record(sampleTrace({ id: "b", startedAtMs: 2 }));
    await clock.advance(999);
    expect(put).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(put).toHaveBeenCalledTimes(1);
    expect((await table.newest(10)).map((row) => row.key)).toEqual(["b", "a"]);
  });

  it("survives the worker: the next one has the old traces first, and skips rows it cannot read", async () => {
    const { log, clock, table } = setUp();
    log.record(sampleTrace({ id: "old", startedAtMs: 1 }));
    await clock.advance(1_000);
    await table.put([{ key: "alien", order: 2, value: { schema: 99 } }]);
    const next = setUp(table).log;
    next.record(sampleTrace({ id: "new", startedAtMs: 3 }));
    await next.load();
    expect(next.all().map((trace) => trace.id)).toEqual(["old", "new"]);
  });
});
