/**
 * Redundancy in JSON: settings, why a video has its form, what is being changed, repaired and checked. Times are seconds
 * since 1970 by the metadata server's clock, amounts bytes, demand bytes served per byte stored. Null is "not known", never 0.
 */
import * as v from "valibot";
import { POLICIES } from "#core/redundancy/policy-config.ts";
import { CountSchema, NodeIdSchema, RenditionIdSchema, VideoIdSchema } from "./schemas.ts";

/** A share, a rate, a demand, a time: finite by JSON itself, and never below 0. */
const AmountSchema = v.pipe(v.number(), v.finite(), v.minValue(0));
const ReasonSchema = v.string();

/** Names and bounds are those of core/redundancy/policy-config.ts; `configProblems` says what is wrong with values. */
const POLICY_ENTRIES = {
  policy: v.picklist(POLICIES),
  shortHalfLifeSeconds: AmountSchema,
  longHalfLifeSeconds: AmountSchema,
  promoteAbove: AmountSchema,
  demoteBelow: AmountSchema,
  dwellHotSeconds: AmountSchema,
  dwellColdSeconds: AmountSchema,
  newSeconds: AmountSchema,
  viewsThreshold: AmountSchema,
  graceSeconds: AmountSchema,
  transitionBytes: AmountSchema,
  holdOffSeconds: AmountSchema,
  repairBytesPerSecond: AmountSchema,
  repairLeastBytesPerSecond: AmountSchema,
  repairShare: AmountSchema,
  scrubCycleSeconds: AmountSchema,
  scrubBytesPerSecond: AmountSchema,
} as const;
const PolicyConfigSchema = v.object(POLICY_ENTRIES);

/** `PUT /api/redundancy/config`: what is left out stays as it is; a name that nobody knows is refused. */
export const ConfigPatchSchema = v.partial(v.strictObject(POLICY_ENTRIES));
export type ConfigPatch = v.InferOutput<typeof ConfigPatchSchema>;

/** `GET /api/redundancy/config`. */
export const ConfigAnswerSchema = v.object({
  config: PolicyConfigSchema,
  settings: v.array(
    v.object({
      name: v.string(),
      unit: v.string(),
      least: v.number(),
      most: v.number(),
      fallback: v.number(),
      /** Why that is the default. */
      why: v.string(),
    }),
  ),
});

const FORM_KINDS = ["replication", "erasure"] as const;

/** {@link Form} of core/redundancy/form.ts. */
export const FormSchema = v.object({ kind: v.picklist(FORM_KINDS), replicas: CountSchema });

export const DemandSchema = v.object({ short: AmountSchema, long: AmountSchema });

/** A person's choice; `auto` takes it back. */
export const OVERRIDES = ["auto", ...FORM_KINDS] as const;
export type Override = (typeof OVERRIDES)[number];
/** `PUT /api/redundancy/videos/:videoId/override`; answers {@link CurrentFormSchema}. */
export const OverrideAskSchema = v.object({ form: v.picklist(OVERRIDES) });

const BECAUSE = ["manual", "views", "new", "hot", "cold", "dwell", "between"] as const;

/** `GET /api/redundancy/videos/:videoId/recommendation`. */
export const RecommendationSchema = v.object({
  videoId: VideoIdSchema,
  /** The form that it should have; the one that it has when nothing is to be done. */
  form: FormSchema,
  changes: v.boolean(),
  because: v.picklist(BECAUSE),
  reason: ReasonSchema,
  demand: DemandSchema,
  views: CountSchema,
  /** Since when it has its present form. */
  sinceSeconds: AmountSchema,
  /** When time alone may change the answer; null when only demand or a person can. */
  againAtSeconds: v.nullable(AmountSchema),
});
export type RecommendationAnswer = v.InferOutput<typeof RecommendationSchema>;

/** Chunks of one form, by their records. */
const FormCountSchema = v.object({
  form: FormSchema,
  chunks: CountSchema,
  contentBytes: CountSchema,
  /** What the records say that nodes keep; what they do keep is counted by the storage overhead. */
  keptBytes: CountSchema,
});

/** `GET /api/redundancy/videos/:videoId`: the form that its records have, each rendition by itself. */
export const CurrentFormSchema = v.object({
  videoId: VideoIdSchema,
  /** Of most of its bytes. */
  form: FormSchema,
  override: v.picklist(OVERRIDES),
  sinceSeconds: AmountSchema,
  contentBytes: CountSchema,
  keptBytes: CountSchema,
  renditions: v.array(
    v.object({
      /** Null: what belongs to no rendition, poster and meta. */
      rendition: v.nullable(RenditionIdSchema),
      /** Several while it is on its way from one to the other. */
      forms: v.array(FormCountSchema),
    }),
  ),
});
export type CurrentForm = v.InferOutput<typeof CurrentFormSchema>;

/** What the policy or a person decided, with the figures that it was decided by. */
export const DecisionSchema = v.object({
  atSeconds: AmountSchema,
  videoId: VideoIdSchema,
  from: FormSchema,
  to: FormSchema,
  because: v.picklist(BECAUSE),
  reason: ReasonSchema,
  demand: DemandSchema,
  views: CountSchema,
});
export type Decision = v.InferOutput<typeof DecisionSchema>;
/** `GET /api/redundancy/decisions?videoId=&limit=`, the newest first. */
export const DecisionsAnswerSchema = v.object({ decisions: v.array(DecisionSchema) });
const MAX_DECISIONS = 500;
export const DecisionsQuerySchema = v.object({
  videoId: v.optional(VideoIdSchema),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,2}$/), v.transform(Number), v.maxValue(MAX_DECISIONS)),
    "50",
  ),
});

/** `change`: another form. `repair`: a piece made again. `move`: to a better place. `drain`: away from a node that leaves. */
const WORK_KINDS = ["change", "repair", "move", "drain"] as const;

const WORK_ENTRIES = {
  kind: v.picklist(WORK_KINDS),
  /** Position of the chunk, as text. */
  key: v.string(),
  /** Bytes to write. */
  bytes: CountSchema,
  /** Further losses that the chunk survives as it is; null when nobody counted. -1: it cannot be read now. */
  lossesLeft: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(-1))),
  reason: ReasonSchema,
};

/** Waiting, running and lately ended work that an answer names; the counts beside are of all. */
export const MAX_LISTED_WORK = 50;

const RunningSchema = v.object({
  ...WORK_ENTRIES,
  /** `noting`, `writing`, `deciding`, `releasing`, `forgetting`, `postponed`: core/redundancy/transition.ts. */
  step: v.string(),
  writtenBytes: CountSchema,
  sinceSeconds: AmountSchema,
});
const WaitingSchema = v.object({
  ...WORK_ENTRIES,
  /** When time alone lets it begin; null when a node or its turn has to come first. */
  untilSeconds: v.nullable(AmountSchema),
});
const EndedSchema = v.object({
  ...WORK_ENTRIES,
  outcome: v.picklist(["changed", "lost-race", "given-up"]),
  atSeconds: AmountSchema,
  tookSeconds: AmountSchema,
});

/** Since the run began; a run ends when nothing is left that could be repaired. */
const RepairProgressSchema = v.object({
  isRunning: v.boolean(),
  startedAtSeconds: v.nullable(AmountSchema),
  endedAtSeconds: v.nullable(AmountSchema),
  chunksDone: CountSchema,
  chunksLeft: CountSchema,
  bytesDone: CountSchema,
  bytesLeft: CountSchema,
  /** Lately; null before anything was written. */
  bytesPerSecond: v.nullable(AmountSchema),
  /** What the budget allows now. */
  limitBytesPerSecond: v.nullable(AmountSchema),
  failed: CountSchema,
  /** Chunks that survive fewer than two losses only because there are too few failure domains. Older servers say nothing. */
  underSpread: v.optional(CountSchema, 0),
});

/** Of the cycle that is under way, or of the last one. */
const ScrubProgressSchema = v.object({
  isRunning: v.boolean(),
  startedAtSeconds: v.nullable(AmountSchema),
  /** When the last whole cycle ended; null before the first one did. */
  completedAtSeconds: v.nullable(AmountSchema),
  piecesChecked: CountSchema,
  piecesTotal: CountSchema,
  bytesChecked: CountSchema,
  bytesTotal: CountSchema,
  bytesPerSecond: v.nullable(AmountSchema),
  corrupt: CountSchema,
  missing: CountSchema,
  /** Clients' complaints that wait for their check. */
  reportsWaiting: CountSchema,
  /** The limit is too low for the cycle that is wanted. */
  isTooSlow: v.boolean(),
});

/** `GET /api/redundancy/queue`; the events of `/api/events` carry the same. */
export const QueueSchema = v.object({
  atSeconds: AmountSchema,
  running: v.pipe(v.array(RunningSchema), v.maxLength(MAX_LISTED_WORK)),
  runningCount: CountSchema,
  waiting: v.pipe(v.array(WaitingSchema), v.maxLength(MAX_LISTED_WORK)),
  waitingCount: CountSchema,
  waitingBytes: CountSchema,
  /** The newest first. */
  ended: v.pipe(v.array(EndedSchema), v.maxLength(MAX_LISTED_WORK)),
  /** Written by changes of form and moves lately; null before the first. */
  changeBytesPerSecond: v.nullable(AmountSchema),
  /** Pieces that no record names, which wait for their grace to end. */
  releasesWaiting: CountSchema,
  repair: RepairProgressSchema,
  scrub: ScrubProgressSchema,
});
export type Queue = v.InferOutput<typeof QueueSchema>;
export type Running = v.InferOutput<typeof RunningSchema>;
export type Waiting = v.InferOutput<typeof WaitingSchema>;
export type Ended = v.InferOutput<typeof EndedSchema>;

/** `POST /api/redundancy/repair` and `/scrub`: began, or was under way; then the queue tells how far it is. */
export const StartAnswerSchema = v.object({ started: v.boolean(), queue: QueueSchema });
export type StartAnswer = v.InferOutput<typeof StartAnswerSchema>;

/** One piece of a chunk on a node; `shard` null is the replica. */
export const PieceSchema = v.object({
  nodeId: NodeIdSchema,
  shard: v.nullable(v.pipe(CountSchema, v.maxValue(63))),
});

/** `GET /api/redundancy/efficiency`: what the automatic gains and costs, counted by this metadata server since it started. */
export const EfficiencySchema = v.object({
  sinceSeconds: AmountSchema,
  /** By the records. */
  forms: v.array(v.object({ ...FormCountSchema.entries, videos: CountSchema })),
  contentBytes: CountSchema,
  keptBytes: CountSchema,
  /** With three copies of everything. */
  replicationBytes: CountSchema,
  changes: CountSchema,
  /** Changes that took back another one of the same video within a week. */
  flaps: CountSchema,
  /** Written to change forms, and to make lost pieces again. */
  changeBytes: CountSchema,
  repairBytes: CountSchema,
  /** By the nodes' own count, which comes with heartbeats. */
  servedBytes: CountSchema,
});
export type Efficiency = v.InferOutput<typeof EfficiencySchema>;
