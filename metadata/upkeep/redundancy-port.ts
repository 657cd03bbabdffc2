/**
 * What routes ask of the upkeep of redundancy: one object. Answers are those of the contract, so that routes only read what
 * is asked and hand on. Everything that asks nodes takes a signal; what is cheap answers at once.
 */
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import type {
  ConfigPatch,
  CurrentForm,
  Decision,
  Efficiency,
  Override,
  Queue,
  RecommendationAnswer,
} from "#wire/contract/redundancy-schemas.ts";
import type { BadPiece, ChunkMap, Overhead, VideoStorage } from "#wire/contract/storage-schemas.ts";

export interface ChunkMapAsk {
  readonly videoId: VideoId;
  /** Undefined: the first one. */
  readonly rendition: RenditionId | undefined;
  /** Row 0 is the init segment. */
  readonly from: number;
  readonly limit: number;
}

export interface Redundancy {
  readonly config: () => PolicyConfig;
  /**
   * Keeps the settings durably, and uses them from the next step on.
   *
   * @throws VStackError `bad-request` with the words of `configProblems`
   */
  readonly setConfig: (patch: ConfigPatch) => Promise<PolicyConfig>;
  /** Undefined when there is no such video. */
  readonly recommendation: (videoId: VideoId) => Promise<RecommendationAnswer | undefined>;
  readonly current: (videoId: VideoId) => Promise<CurrentForm | undefined>;
  /** Kept durably until it is taken back. Undefined when there is no such video. */
  readonly override: (videoId: VideoId, form: Override) => Promise<CurrentForm | undefined>;
  /** The newest first; of all videos when none is named. */
  readonly decisions: (videoId: VideoId | undefined, limit: number) => Promise<readonly Decision[]>;
  readonly queue: () => Queue;
  /** Calls back when the queue is another, at most a few times a second. @returns ends it */
  readonly watchQueue: (onChange: () => void) => () => void;
  /** Looks for everything to repair now, without waiting for the next look. False: it was under way. */
  readonly startRepair: () => boolean;
  /** Begins a scrub cycle on every node now. False: it was under way. */
  readonly startScrub: () => boolean;
  /** A client's word: makes a check of that piece, never more. False: it makes none (storage-schemas.ts says when). */
  readonly report: (piece: BadPiece) => Promise<boolean>;
  readonly efficiency: () => Promise<Efficiency>;
  /** Counted from the inventories of the nodes; may be some seconds old, and says of when it is. */
  readonly overhead: (signal: AbortSignal) => Promise<Overhead>;
  /** Every video that is ready, in no order. */
  readonly videoStorage: (signal: AbortSignal) => Promise<readonly VideoStorage[]>;
  /** Undefined when there is no such video or rendition. */
  readonly chunkMap: (ask: ChunkMapAsk, signal: AbortSignal) => Promise<ChunkMap | undefined>;
}
