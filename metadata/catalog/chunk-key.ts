/**
 * A position as the key of a row: rendition and number, so that segments lie in playing order. Slots that are no segment
 * have negative numbers; chunks of the whole video have the rendition "".
 */
import type { VideoId } from "#core/ids.ts";
import { parseRenditionId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { Position } from "#core/placement/position.ts";

export interface ChunkKey {
  readonly rendition: string;
  readonly seq: number;
}

const INIT_SEQ = -1;
const POSTER_SEQ = -2;
const META_SEQ = -3;

export function chunkKey(position: Position): ChunkKey {
  switch (position.slot) {
    case "segment":
      return { rendition: position.rendition, seq: position.seq };
    case "init":
      return { rendition: position.rendition, seq: INIT_SEQ };
    case "poster":
      return { rendition: "", seq: POSTER_SEQ };
    case "meta":
      return { rendition: "", seq: META_SEQ };
  }
}

/** The way back. */
export function positionOfKey(videoId: VideoId, { rendition, seq }: ChunkKey): Position {
  if (seq === POSTER_SEQ) return { slot: "poster", videoId };
  if (seq === META_SEQ) return { slot: "meta", videoId };
  const id = parseRenditionId(rendition);
  invariant(id !== undefined, `Cannot read a chunk's key as "${rendition}" is no rendition`);
  return seq === INIT_SEQ ? { slot: "init", videoId, rendition: id } : { slot: "segment", videoId, rendition: id, seq };
}
