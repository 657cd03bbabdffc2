/**
 * The benchmark's report and the parts it is made of, as files: {@link BenchReport} and {@link BenchPart} of core/benchmark,
 * which say what each member means. docs/schemas/bench-report.schema.json is made of this and checked by the test beside it.
 */
import * as v from "valibot";
import { BENCH_SCHEMA, METRICS, TIERS, type BenchPart, type BenchReport } from "#core/benchmark/report.ts";
import { CountSchema } from "./schemas.ts";

/** 18 scenarios, 12 strategies, 100 seeds and two qualities are 43,200. */
const MAX_BENCH_SESSIONS = 100_000;
const MAX_NAME_LENGTH = 200;
const MAX_TEXT_LENGTH = 4_000;
const MAX_NODES_OF_SESSION = 1_000;
const MAX_TIMELINE_POINTS = 100_000;
const MAX_ROWS = 1_000_000;

const NameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_LENGTH));
const TextSchema = v.pipe(v.string(), v.maxLength(MAX_TEXT_LENGTH));
const AmountSchema = v.pipe(v.number(), v.finite(), v.minValue(0));
const NumberSchema = v.pipe(v.number(), v.finite());
const MeasuredSchema = v.nullable(AmountSchema);
const IntervalSchema = v.tuple([NumberSchema, NumberSchema]);
const TierSchema = v.picklist(TIERS);
const QualitySchema = v.picklist(["abr", "fixed"]);
const VerdictSchema = v.picklist(["pass", "fail", "unsure", "not-run"]);
const MetricSchema = v.picklist(METRICS);
const EffectSchema = v.picklist(["difference", "ratio"]);
const UnitSchema = v.picklist(["share", "ms", "seconds", "count", "bytes-per-second", "bits-per-second", "ratio"]);

function list<T extends v.GenericSchema>(item: T, most = MAX_ROWS) {
  return v.pipe(v.array(item), v.maxLength(most));
}

const VideoSchema = v.object({
  seconds: AmountSchema,
  segmentSeconds: AmountSchema,
  ladderBitsPerSecond: list(AmountSchema, 100),
  segmentBytes: v.exactOptional(list(list(CountSchema), 100)),
});

const MetricsSchema = v.object({
  startupMs: MeasuredSchema,
  startupShare: MeasuredSchema,
  stallMs: AmountSchema,
  stallCount: CountSchema,
  playedSeconds: AmountSchema,
  excessStallMs: MeasuredSchema,
  meanBitsPerSecond: AmountSchema,
  switches: CountSchema,
  bufferMeanSeconds: MeasuredSchema,
  goodputBytesPerSecond: AmountSchema,
  throughputShare: MeasuredSchema,
  receivedBytes: CountSchema,
  duplicateBytes: v.nullable(CountSchema),
  lostBytes: v.nullable(CountSchema),
  requests: CountSchema,
  hedges: v.nullable(CountSchema),
  detectedAfterMs: MeasuredSchema,
  droppedFrames: v.nullable(CountSchema),
});

const TimelineSchema = v.object({
  endMs: AmountSchema,
  buffer: list(v.object({ atMs: AmountSchema, bufferedSeconds: AmountSchema }), MAX_TIMELINE_POINTS),
  stalls: list(v.object({ fromMs: AmountSchema, toMs: AmountSchema }), MAX_TIMELINE_POINTS),
  attempts: list(
    v.object({
      nodeId: NameSchema,
      seq: CountSchema,
      startedMs: AmountSchema,
      firstByteMs: MeasuredSchema,
      endedMs: AmountSchema,
      receivedBytes: CountSchema,
      isHedge: v.boolean(),
      outcome: NameSchema,
    }),
    MAX_TIMELINE_POINTS,
  ),
  faults: list(
    v.object({ nodeId: NameSchema, kind: NameSchema, fromMs: AmountSchema, toMs: MeasuredSchema }),
    MAX_TIMELINE_POINTS,
  ),
});

export const BenchSessionSchema = v.object({
  tier: TierSchema,
  scenario: NameSchema,
  kind: v.picklist(["independent", "shared-access", "shared-access+paths", "correlated"]),
  strategy: NameSchema,
  quality: QualitySchema,
  seed: CountSchema,
  isWarm: v.boolean(),
  invalidReason: v.nullable(TextSchema),
  outcome: v.picklist(["ended", "left", "failed"]),
  metrics: MetricsSchema,
  nodes: list(
    v.object({ nodeId: NameSchema, receivedBytes: CountSchema, requests: CountSchema, faults: CountSchema }),
    MAX_NODES_OF_SESSION,
  ),
  violations: list(TextSchema, 1_000),
  timeline: v.nullable(TimelineSchema),
});

const LimitSchema = v.object({ is: v.picklist(["at-least", "at-most"]), value: NumberSchema });

const CellSchema = { tier: TierSchema, scenario: NameSchema, quality: QualitySchema, strategy: NameSchema } as const;

const AggregateSchema = v.object({
  ...CellSchema,
  metric: MetricSchema,
  sessions: CountSchema,
  estimate: NumberSchema,
  interval: IntervalSchema,
  p50: NumberSchema,
  p90: NumberSchema,
});

const ComparisonSchema = v.object({
  ...CellSchema,
  baseline: NameSchema,
  metric: MetricSchema,
  pairs: CountSchema,
  effect: EffectSchema,
  estimate: NumberSchema,
  interval: IntervalSchema,
  draws: CountSchema,
});

const ClaimSchema = v.object({
  ...CellSchema,
  id: NameSchema,
  kind: v.picklist(["not-worse", "better"]),
  baseline: NameSchema,
  metric: MetricSchema,
  margin: AmountSchema,
  effect: EffectSchema,
  estimate: v.nullable(NumberSchema),
  interval: v.nullable(IntervalSchema),
  pValue: v.nullable(v.pipe(AmountSchema, v.maxValue(1))),
  verdict: VerdictSchema,
});

const ControlSchema = v.object({
  id: NameSchema,
  about: TextSchema,
  measured: v.nullable(NumberSchema),
  limit: NumberSchema,
  unit: UnitSchema,
  verdict: VerdictSchema,
});

const TargetSchema = v.object({
  id: NameSchema,
  promise: TextSchema,
  tier: TierSchema,
  measured: v.nullable(NumberSchema),
  interval: v.nullable(IntervalSchema),
  unit: UnitSchema,
  must: LimitSchema,
  aim: v.nullable(LimitSchema),
  verdict: VerdictSchema,
  meetsAim: v.nullable(v.boolean()),
  detail: TextSchema,
});

const PageStartupSchema = v.object({ workerMs: AmountSchema, plainMs: AmountSchema });

const CalibrationSchema = v.object({
  cells: list(
    v.object({
      scenario: NameSchema,
      strategy: NameSchema,
      metric: MetricSchema,
      simulated: NumberSchema,
      measured: NumberSchema,
      error: AmountSchema,
    }),
  ),
  meanError: AmountSchema,
  pageStartup: v.exactOptional(PageStartupSchema),
  rankCorrelation: v.nullable(v.pipe(NumberSchema, v.minValue(-1), v.maxValue(1))),
  isValid: v.boolean(),
});

const RunSchema = v.object({
  id: NameSchema,
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  durationSeconds: AmountSchema,
  mode: v.picklist(["smoke", "ci", "full", "custom"]),
  tiers: list(TierSchema, TIERS.length),
  seed: CountSchema,
  version: NameSchema,
  machine: v.object({
    cpus: CountSchema,
    cpuModel: TextSchema,
    memoryBytes: CountSchema,
    platform: NameSchema,
    node: NameSchema,
    chromium: v.nullable(NameSchema),
  }),
});

const InputsSchema = v.object({
  scenarios: list(NameSchema, 1_000),
  strategies: list(NameSchema, 1_000),
  seeds: list(CountSchema, MAX_BENCH_SESSIONS),
  files: list(v.object({ name: NameSchema, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }), 10_000),
  videos: list(v.object({ tier: TierSchema, video: VideoSchema }), TIERS.length),
});

export const BenchReportSchema = v.object({
  schema: v.literal(BENCH_SCHEMA),
  run: RunSchema,
  inputs: InputsSchema,
  sessions: list(BenchSessionSchema, MAX_BENCH_SESSIONS),
  aggregates: list(AggregateSchema),
  comparisons: list(ComparisonSchema),
  claims: list(ClaimSchema),
  controls: list(ControlSchema),
  targets: list(TargetSchema),
  calibration: v.nullable(CalibrationSchema),
  verdict: VerdictSchema,
}) satisfies v.GenericSchema<unknown, BenchReport>;

/** What one tier hands in. */
export const BenchPartSchema = v.object({
  schema: v.literal(BENCH_SCHEMA),
  tier: TierSchema,
  chromium: v.nullable(NameSchema),
  video: VideoSchema,
  sessions: list(BenchSessionSchema, MAX_BENCH_SESSIONS),
  measurements: list(
    v.object({
      id: NameSchema,
      measured: v.nullable(NumberSchema),
      interval: v.nullable(IntervalSchema),
      detail: TextSchema,
    }),
  ),
  pageStartup: v.exactOptional(PageStartupSchema),
  notRun: list(TextSchema, 1_000),
}) satisfies v.GenericSchema<unknown, BenchPart>;
