/**
 * Benchmarks that a lab cluster's metadata server runs for the page `/bench`: `GET/POST/DELETE /api/bench`, events at
 * `/api/bench/events`, reports below `/api/bench/reports`. Without `--lab` all of it answers 404.
 */
import * as v from "valibot";

/** Forms that may be started from the page: bounded, and short enough to wait for. */
const BENCH_RUN_MODES = ["smoke", "ci"] as const;
/** Lines of a run's own words that are shown, the newest. */
export const MAX_BENCH_LINES = 40;
const MAX_LINE_LENGTH = 300;
/** Runs that are kept; the oldest go. */
export const MAX_BENCH_RUNS = 50;

export const BenchRunIdSchema = v.pipe(v.string(), v.regex(/^[0-9TZ-]{10,40}$/, "Expected the id of a run"));
const ModeSchema = v.picklist(BENCH_RUN_MODES);
const WhenSchema = v.pipe(v.number(), v.minValue(0));

/** Body of `POST /api/bench`. */
export const BenchStartSchema = v.object({ mode: ModeSchema });

const LinesSchema = v.pipe(v.array(v.pipe(v.string(), v.maxLength(MAX_LINE_LENGTH))), v.maxLength(MAX_BENCH_LINES));

/** A run that is over, as it is kept in a file. Times are Unix milliseconds. */
export const BenchRunSchema = v.object({
  id: BenchRunIdSchema,
  mode: ModeSchema,
  startedAtMs: WhenSchema,
  endedAtMs: WhenSchema,
  /** `done`: there is a report. `failed`: its last words say why. `cancelled`: by somebody on the page, or a stop. */
  outcome: v.picklist(["done", "failed", "cancelled"]),
  /** Of the report, `pass`, `fail`, `unsure`, `not-run`; null without one. */
  verdict: v.nullable(v.string()),
  lastWords: LinesSchema,
});
export type BenchRunRecord = v.InferOutput<typeof BenchRunSchema>;

/** Answer of `GET`, `POST`, `DELETE /api/bench`, and each event. */
export const BenchStateSchema = v.object({
  running: v.nullable(
    v.object({
      id: BenchRunIdSchema,
      mode: ModeSchema,
      startedAtMs: WhenSchema,
      /** What it is at, and how much of that is done, 0..1; null before it says. */
      at: v.nullable(v.object({ label: v.string(), ratio: v.nullable(v.number()), detail: v.string() })),
      lines: LinesSchema,
      isStopping: v.boolean(),
    }),
  ),
  /** Newest first. */
  runs: v.pipe(v.array(BenchRunSchema), v.maxLength(MAX_BENCH_RUNS)),
});
export type BenchState = v.InferOutput<typeof BenchStateSchema>;

/** A line that `vstack bench` writes on standard error under `VSTACK_PROGRESS=json`. */
export const ProgressLineSchema = v.object({
  progress: v.object({
    label: v.string(),
    ratio: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    detail: v.string(),
  }),
});

/** Cuts what is longer, so that a line always fits. */
export function benchLine(text: string): string {
  return text.slice(0, MAX_LINE_LENGTH);
}
