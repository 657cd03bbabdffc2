/**
 * The words between the driver of a fetch (fetch-segment.ts) and the programs that use it: worker, gateway, `vstack get`,
 * virtual players.
 */
import type { EstimateBook, EstimateEvent } from "#core/estimate/estimate-book.ts";
import type { NodeId, RenditionId, VideoId } from "#core/ids.ts";
import type { Random } from "#core/random.ts";
import type { PlanCommand, PlanEvent } from "#core/schedule/plan-events.ts";
import type { RecordedInput } from "#core/simulation/recording.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { ManifestEntry } from "#wire/contract/catalog-api.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import type { SegmentTrace, StrategyName } from "#wire/contract/segment-trace.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import type { OpenFetches } from "./open-fetches.ts";

/** What to fetch, for whom, by which strategy. */
export interface SegmentRequest {
  readonly traceId: string;
  readonly session: string;
  readonly strategy: StrategyName;
  readonly driver: SegmentTrace["driver"];
  readonly videoId: VideoId;
  readonly rendition: RenditionId;
  readonly slot: SegmentTrace["slot"];
  /** Record and block hashes, from a manifest page. */
  readonly entry: ManifestEntry;
  /** Address of every node that the record may name. A node without one is not asked. */
  readonly nodeUrls: ReadonlyMap<NodeId, string>;
  /** Seconds of playback left before these bytes are missed; null when nobody said (then: urgent). */
  readonly slackSeconds: number | null;
  /**
   * End with `unreachable` after the first round in which no holder could be reached and had it still, for callers that have
   * another way (the worker has the gateway). Without it the fetch tries on for 30 s.
   */
  readonly giveUpWhenAllUnreachable?: boolean;
  /** Begun before the player asked: takes what would otherwise idle, until {@link SegmentFetch.want}. */
  readonly isAhead?: boolean;
}

/**
 * Codes of a fetch that ended as no node could be reached, or none has the chunk: the record or the addresses may be old, so
 * whoever has asked the metadata server again may try once more.
 */
export const ELSEWHERE_MAY_HELP: readonly ErrorCode[] = ["unreachable", "not-found"];

/** What is believed about the nodes, shared by all fetches of a program. */
export interface EstimateStore {
  read(): EstimateBook;
  apply(event: EstimateEvent): void;
}

export interface SegmentFetchPorts {
  readonly clock: Clock;
  /** One number is drawn for each fetch, as the seed of its plan's chance. */
  readonly random: Random;
  readonly fetch: FetchPort;
  /** Raw SHA-256. */
  readonly digest: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;
  readonly estimates: EstimateStore;
  /** All fetches that share these estimates. */
  readonly openFetches: OpenFetches;
  /** Told at every change of the trace (the same growing record); must be quick and must not throw. */
  readonly onTrace?: (trace: SegmentTrace) => void;
  /** A node sent wrong bytes of this piece, or has none that the record names; must be quick and must not throw. */
  readonly onBadPiece?: (piece: BadPiece) => void;
  /** Told of every step of the plan before its commands are carried out, for recordings; must be quick, must not throw. */
  readonly onStep?: (step: StepNote) => void;
}

/** What moved a plan: its beginning, with the seed of its chance, or an event. */
export type StepCause = { readonly began: RecordedInput; readonly seed: number } | { readonly event: PlanEvent };

/** One step of one plan: at which monotonic time it was told what, and what it answered. */
export type StepNote = StepCause & {
  readonly traceId: string;
  readonly nowMs: number;
  readonly commands: readonly PlanCommand[];
};

/** A fetch under way. */
export interface SegmentFetch {
  /**
   * The verified bytes, block by block and in order. Errors with a VStackError when no holder can deliver; it never
   * closes short. Cancelling it cancels every attempt in the same tick.
   */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Settles (never rejects) when everything has ended, with the finished trace. */
  readonly done: Promise<SegmentTrace>;
  /**
   * Settles (never rejects) when for the first time every block is accepted or being fetched: from then on nodes may
   * idle. Also when the fetch ends before that.
   */
  readonly assigned: Promise<void>;
  /** The player asks for it now, or says anew how long it can wait. Seconds; null: urgent. */
  want(slackSeconds: number | null): void;
  /** Stops every attempt in this tick; the body errors with `aborted`. */
  cancel(reason: string): void;
  /** The trace so far. */
  trace(): SegmentTrace;
}
