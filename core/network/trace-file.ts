/**
 * Throughput traces as CSV: header `time_s,kbit_s,latency_ms`; each row holds until the next; the last row is the end mark,
 * its time the length of the trace. `latency_ms` is a measured round trip, or empty where nobody measured.
 */
import type { RateCurve, RateStep } from "./rate-curve.ts";
import { rateCurve } from "./rate-curve.ts";

const HEADER = "time_s,kbit_s,latency_ms";
/** Ten minutes in steps of 30 ms; what the wire carries of a curve (wire/contract/emulation-api.ts). */
const MAX_TRACE_ROWS = 20_000;
const MAX_KBIT_S = 1e9;
const MAX_TRACE_SECONDS = 24 * 3600;
const MAX_LATENCY_MS = 60_000;
const NUMBER = /^[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/i;

/** A measured round trip, valid until the next. */
export interface RoundTripStep {
  readonly atMs: number;
  readonly roundTripMs: number;
}

export interface Trace {
  readonly curve: RateCurve;
  /** Rising; empty when nobody measured. */
  readonly roundTrips: readonly RoundTripStep[];
}

/** `line` counts from 1; the message says what is wrong there and what is wanted. */
export type TraceReading =
  | { readonly ok: true; readonly trace: Trace }
  | { readonly ok: false; readonly line: number; readonly message: string };

interface Row {
  readonly line: number;
  readonly seconds: number;
  readonly kbitS: number;
  readonly latencyMs: number | undefined;
}

/** Reads a trace; byte order mark, CRLF and empty lines at the end do not matter. */
export function parseTrace(text: string): TraceReading {
  const lines = text
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split(/\r?\n/);
  if (lines[0]?.trim() !== HEADER) return wrong(1, `Expected the header "${HEADER}"`);
  if (lines.length - 1 > MAX_TRACE_ROWS) {
    return wrong(MAX_TRACE_ROWS + 2, `Expected at most ${MAX_TRACE_ROWS} rows: ${lines.length - 1} are there`);
  }
  if (lines.length < 3) return wrong(lines.length, "Expected a row and the end mark at least");
  const rows: Row[] = [];
  for (const [index, content] of lines.slice(1).entries()) {
    const row = parseRow(content, index + 2);
    if (typeof row === "string") return wrong(index + 2, row);
    const before = rows.at(-1)?.seconds ?? -1;
    if (row.seconds <= before) return wrong(row.line, `Expected a time after ${before} s: it is ${row.seconds} s`);
    rows.push(row);
  }
  return traceOf(rows);
}

function parseRow(content: string, line: number): Row | string {
  const [time, rate, latency, ...rest] = content.split(",").map((field) => field.trim());
  if (time === undefined || rate === undefined || latency === undefined || rest.length > 0) {
    return `Expected three fields: "${content.slice(0, 80)}"`;
  }
  const seconds = within(time, MAX_TRACE_SECONDS);
  if (seconds === undefined) return `Expected seconds from 0 to ${MAX_TRACE_SECONDS} as time_s: "${time}"`;
  const kbitS = within(rate, MAX_KBIT_S);
  if (kbitS === undefined) return `Expected a rate from 0 to ${MAX_KBIT_S} as kbit_s: "${rate}"`;
  const latencyMs = latency === "" ? undefined : within(latency, MAX_LATENCY_MS);
  if (latency !== "" && latencyMs === undefined) {
    return `Expected milliseconds from 0 to ${MAX_LATENCY_MS} or nothing as latency_ms: "${latency}"`;
  }
  return { line, seconds, kbitS, latencyMs };
}

function within(text: string, most: number): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  return value >= 0 && value <= most ? value : undefined;
}

function traceOf(rows: readonly Row[]): TraceReading {
  const [first, end] = [rows[0], rows.at(-1)];
  if (first === undefined || end === undefined) return wrong(1, "Expected rows");
  // Times count from the start of the trace, so a late first row says nothing about what was before.
  if (first.seconds !== 0) return wrong(first.line, `Expected the first row at 0 s: it is at ${first.seconds} s`);
  const steps: RateStep[] = [];
  const roundTrips: RoundTripStep[] = [];
  for (const { seconds, kbitS, latencyMs } of rows.slice(0, -1)) {
    const atMs = seconds * 1000;
    const bytesPerSecond = (kbitS * 1000) / 8;
    if (steps.at(-1)?.bytesPerSecond !== bytesPerSecond) steps.push({ atMs, bytesPerSecond });
    if (latencyMs !== undefined && roundTrips.at(-1)?.roundTripMs !== latencyMs) {
      roundTrips.push({ atMs, roundTripMs: latencyMs });
    }
  }
  return { ok: true, trace: { curve: rateCurve(steps, end.seconds * 1000), roundTrips } };
}

function wrong(line: number, message: string): TraceReading {
  return { ok: false, line, message };
}
