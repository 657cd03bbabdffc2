/**
 * The story of the latest segments: a ring of traces, written behind to IndexedDB so that it survives the worker. What
 * it tells to panels is in trace-feed.ts.
 */
import * as v from "valibot";
import type { Clock } from "#wire/client/live-clock.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { SegmentTraceSchema } from "#wire/contract/segment-trace.ts";
import type { Background } from "./background.ts";
import type { Table } from "./table.ts";
import { TABLE_ROWS } from "./table.ts";
import { writeBehind } from "./write-behind.ts";

/**
 * Traces remembered: an hour of one player at four seconds a segment, half of that when every segment is begun ahead and then
 * read from memory. 2 to 6 kB each (measured with 3 to 10 attempts), so 6 MB at most in ordinary times.
 */
export const MAX_TRACES = TABLE_ROWS.traces;

export interface TraceLog {
  /** Takes a trace, new or grown; the same id replaces. Cheap enough for every block that arrives. */
  record(trace: SegmentTrace): void;
  /** Oldest first. */
  all(): readonly SegmentTrace[];
  /** Brings back the traces of earlier workers, once; only a panel needs them, so the first frame does not wait for it. */
  load(): Promise<void>;
}

export interface TraceLogPorts {
  readonly table: Table;
  readonly clock: Clock;
  readonly background: Background;
  /** Told of every trace that came or grew. */
  readonly onChange: (trace: SegmentTrace) => void;
}

export function traceLog({ table, clock, background, onChange }: TraceLogPorts): TraceLog {
  /** By id; insertion order is the order of the requests. */
  let traces = new Map<string, SegmentTrace>();
  let unwritten = new Map<string, SegmentTrace>();

  const changed = writeBehind(
    "write the traces",
    async () => {
      const batch = [...unwritten.values()];
      unwritten = new Map();
      await table.put(batch.map((trace) => ({ key: trace.id, order: trace.startedAtMs, value: trace })));
    },
    { clock, background },
  );

  function dropOldest(): void {
    for (const oldest of traces.keys()) {
      if (traces.size <= MAX_TRACES) break;
      traces.delete(oldest);
      unwritten.delete(oldest);
    }
  }

  let loading: Promise<void> | undefined;
  async function readEarlier(): Promise<void> {
    const rows = await table.newest(MAX_TRACES);
    const earlier = rows.flatMap((row) => {
      const stored = v.safeParse(SegmentTraceSchema, row.value);
      return stored.success ? [[stored.output.id, stored.output] as const] : [];
    });
    traces = new Map([...earlier.reverse(), ...traces]);
    dropOldest();
  }
  return {
    record(trace) {
      traces.set(trace.id, trace);
      dropOldest();
      onChange(trace);
      // A running trace grows with every block: only its end is worth the disk.
      if (trace.outcome === "running") return;
      unwritten.set(trace.id, trace);
      changed();
    },
    all: () => [...traces.values()],
    load: () => (loading ??= readEarlier()),
  };
}
