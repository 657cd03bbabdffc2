/**
 * The port of the placement register: one compare-and-set register per position, which holds the record. Whoever changes
 * where a chunk lies proposes here first and believes the answer; nothing else may write placements.
 */
import type { VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { VStackError } from "#wire/contract/errors.ts";

/** `conflict` carries what the register holds instead; null when it is empty or was emptied for good. */
export type Proposed =
  | { readonly outcome: "chosen"; readonly record: ChunkRecord }
  | { readonly outcome: "conflict"; readonly record: ChunkRecord | null };

export interface Placement {
  readonly position: Position;
  readonly record: ChunkRecord;
}

export interface PlacementRegister {
  /**
   * Sets the record when the register still holds `expectedVersion` (null: nothing, and never anything). Proposing what is
   * already chosen is `chosen` again, so that a proposer may repeat itself after a lost answer.
   *
   * @throws VStackError `bad-request` when `record.version` does not follow `expectedVersion`; `unavailable` when nobody can
   *   decide now: the proposal may have been made all the same
   */
  propose(position: Position, record: ChunkRecord, expectedVersion: number | null): Promise<Proposed>;
  /**
   * What stands, whoever decided it: every proposal that was answered before is seen.
   *
   * @throws VStackError `unavailable` when nobody can say now
   */
  read(position: Position): Promise<ChunkRecord | undefined>;
  /** Whether it was emptied for good, as far as this server has learned: nothing will stand there any more. */
  isOver(position: Position): Promise<boolean>;
  /** What this server has learned; asks nobody, and may be older than what stands when another one proposes, too. */
  known(position: Position): Promise<ChunkRecord | undefined>;
  /**
   * Known placements of a video in the order of their positions' text.
   *
   * @param after text of the last position of the page before; "" for the first page
   * @param limit placements on this page, 1 or more
   */
  listByVideo(videoId: VideoId, after: string, limit: number): Promise<Placement[]>;
  /** Whether the registers of a video can be changed now: enough of those who decide are there. */
  canChange(videoId: VideoId): Promise<boolean>;
  /**
   * Empties registers for good: nothing can be proposed there any more.
   *
   * @throws VStackError `unavailable` when nobody can decide now: some may be emptied, and it may be called again
   */
  remove(positions: readonly Position[]): Promise<void>;
  /**
   * {@link remove} for every known register of a video, and those given. Its id is never used again.
   */
  removeByVideo(videoId: VideoId, begun?: readonly Position[]): Promise<void>;
}

/** The first value of a register has version 1, each further one adds 1. */
export function requireNextVersion(record: ChunkRecord, expectedVersion: number | null): void {
  const wanted = (expectedVersion ?? 0) + 1;
  if (record.version === wanted) return;
  throw new VStackError("bad-request", `Cannot propose version ${record.version} as ${wanted} is the next`);
}

/** Whether two records are the same value. */
export function sameRecord(a: ChunkRecord, b: ChunkRecord): boolean {
  return a.version === b.version && a.hash === b.hash && JSON.stringify(a.holders) === JSON.stringify(b.holders);
}
