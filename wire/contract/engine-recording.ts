/**
 * A recording of the engine in one program, as it leaves the program: `window.vstack.recording()` in lab mode. Replayed by
 * core/simulation/replay.ts.
 *
 * The envelope is checked to the last member; the engine's own words (estimates, events, commands) only for being objects
 * of a kind, since they change with the engine, and only the engine that wrote them can answer them the same.
 */
import * as v from "valibot";
import type { ErasureCode } from "#core/erasure/reed-solomon.ts";
import type { EstimateEvent } from "#core/estimate/estimate-book.ts";
import type { NodeEstimate } from "#core/estimate/node-estimate.ts";
import type { PlanCommand, PlanEvent } from "#core/schedule/plan-events.ts";
import type { Source } from "#core/schedule/source.ts";
import type { RecordedBook } from "#core/simulation/recording.ts";
import { CountSchema, NodeIdSchema } from "./schemas.ts";
import { STRATEGIES } from "./segment-trace.ts";

export const RECORDING_SCHEMA = 1;
/** Notes of one recording: some minutes of one player, a few megabytes of JSON. */
export const MAX_RECORDING_NOTES = 20_000;

const tagged = (value: unknown, tag: string) =>
  typeof value === "object" && value !== null && typeof Reflect.get(value, tag) === "string";
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

const EventSchema = v.custom<PlanEvent>((value) => tagged(value, "saw"), "Expected an event of a plan");
const CommandSchema = v.custom<PlanCommand>((value) => tagged(value, "do"), "Expected a command");
const StepEntries = { fetch: CountSchema, nowMs: v.number(), commands: v.pipe(v.array(CommandSchema), v.readonly()) };

const InputSchema = v.object({
  sizeBytes: CountSchema,
  blockSizeBytes: CountSchema,
  sources: v.pipe(v.array(v.custom<Source>(isObject, "Expected a source")), v.readonly()),
  strategy: v.picklist(STRATEGIES),
  slackMs: v.nullable(v.number()),
  isAhead: v.boolean(),
  turn: CountSchema,
  givesUpWhenAllUnreachable: v.boolean(),
  code: v.exactOptional(v.custom<ErasureCode>(isObject, "Expected a code")),
});

const NoteSchema = v.variant("is", [
  v.object({
    is: v.literal("estimate"),
    event: v.custom<EstimateEvent>((value) => tagged(value, "saw") && tagged(value, "nodeId"), "Expected an event"),
  }),
  v.object({ is: v.literal("begin"), ...StepEntries, seed: CountSchema, input: InputSchema }),
  v.object({ is: v.literal("event"), ...StepEntries, event: EventSchema }),
]);

const BookSchema = v.object({
  nodes: v.pipe(
    v.array(v.pipe(v.tuple([NodeIdSchema, v.custom<NodeEstimate>(isObject, "Expected an estimate")]), v.readonly())),
    v.readonly(),
  ),
  link: v.custom<RecordedBook["link"]>(isObject, "Expected the estimate of the link"),
  hedgeBudget: v.number(),
});

export const EngineRecordingSchema = v.object({
  schema: v.literal(RECORDING_SCHEMA),
  /** Version of the program that recorded. */
  version: v.string(),
  /** Unix milliseconds. */
  startedAtMs: v.number(),
  /** False when there was no room for all of it: it then ends early, and is good as far as it goes. */
  isWhole: v.boolean(),
  book: BookSchema,
  notes: v.pipe(v.array(NoteSchema), v.maxLength(MAX_RECORDING_NOTES), v.readonly()),
});
export type EngineRecording = v.InferOutput<typeof EngineRecordingSchema>;
