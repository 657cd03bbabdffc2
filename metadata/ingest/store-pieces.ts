/** Stores the pieces of one rendition as they come, few in flight, and says what the rendition is. */
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { Rendition } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_SEGMENTS } from "#wire/contract/limits.ts";
import type { ChunkKeeper } from "./chunk-keeper.ts";
import type { PackagedPiece } from "./package/package-source.ts";
import { damaged } from "./package/refusals.ts";
import type { Picture, SegmentFacts, TrackNames } from "./rendition-facts.ts";
import { renditionFacts } from "./rendition-facts.ts";
import type { TaskWindow } from "./task-window.ts";

/** Chunks of one job between its source and the nodes: hides a round trip, and bounds memory at six times 16 MiB. */
export const CHUNKS_IN_FLIGHT = 6;

export interface StoredRendition {
  /** Of the file it was made of, for messages. */
  readonly name: string;
  readonly rendition: Rendition;
  readonly segments: readonly SegmentFacts[];
}

export interface RenditionPieces {
  readonly id: RenditionId;
  readonly name: string;
  readonly track: TrackNames;
  /** @param init the init segment */
  readonly describe: (init: Uint8Array) => Picture;
  readonly pieces: AsyncIterable<PackagedPiece>;
}

export interface PieceStore {
  readonly videoId: VideoId;
  readonly keeper: ChunkKeeper;
  /** Shared by all renditions of a job: it bounds the job's memory. */
  readonly window: TaskWindow;
}

/**
 * Ends when all pieces are handed to the window, not when they are stored: drain it afterwards.
 *
 * @throws whatever taking or storing a piece throws; VStackError `too-large` when there are too many
 */
export async function storePieces(
  { id, name, track, describe, pieces }: RenditionPieces,
  { videoId, keeper, window }: PieceStore,
): Promise<StoredRendition> {
  const segments: SegmentFacts[] = [];
  let initBytes = 0;
  let picture: Picture | undefined;
  for await (const piece of pieces) {
    const { startSeconds, durationSeconds } = piece;
    if (piece.kind === "init") {
      initBytes = piece.bytes.length;
      picture = describe(piece.bytes);
    } else segments.push({ startSeconds, durationSeconds, sizeBytes: piece.bytes.length });
    if (segments.length > MAX_SEGMENTS) {
      throw new VStackError("too-large", `Cannot store "${name}" as it has more than ${MAX_SEGMENTS} segments`);
    }
    const position: Position =
      piece.kind === "init"
        ? { slot: "init", videoId, rendition: id }
        : { slot: "segment", videoId, rendition: id, seq: piece.seq };
    await window.add(() => keeper.keep(position, piece.bytes, durationSeconds));
  }
  if (segments.length === 0 || picture === undefined) throw damaged("there is nothing to play in it");
  return { name, rendition: renditionFacts(id, { picture, track }, { initBytes, segments }), segments };
}

/** Waits for all, then throws the error that came first: what fails later fails of it. */
export async function allOrFirstError<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  const errors: unknown[] = [];
  const outcomes = await Promise.allSettled(
    tasks.map((task) =>
      task.catch((error: unknown) => {
        errors.push(error);
        throw error;
      }),
    ),
  );
  if (errors.length > 0) throw errors[0];
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}
