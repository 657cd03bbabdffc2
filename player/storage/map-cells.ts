/** The map of a video's pieces as a table of cells: what stands in each, in signs and in words, and moving among them. Pure. */
import type { ChunkMap, MapRow, PieceCell, PieceState } from "#wire/contract/storage-schemas.ts";
import { bytesText, counted } from "../charts/quantities.ts";

/** A place of the map: a chunk on a node, with the piece there that is worth most attention. */
export interface MapCell {
  readonly row: MapRow;
  readonly nodeId: string;
  /** Undefined: nothing of the chunk is there, nor should be. */
  readonly piece: PieceCell | undefined;
  /** Pieces there besides. */
  readonly others: number;
}

/** A trouble hides nothing behind what is well. */
const ATTENTION: readonly PieceState[] = ["corrupt", "missing", "moving", "unknown", "intact"];

export function cellsOf(map: ChunkMap): MapCell[][] {
  return map.rows.map((row) =>
    map.nodes.map(({ nodeId }) => {
      const here = row.pieces.filter((piece) => piece.nodeId === nodeId);
      const [piece] = [...here].sort((a, b) => ATTENTION.indexOf(a.state) - ATTENTION.indexOf(b.state));
      return { row, nodeId, piece, others: Math.max(0, here.length - 1) };
    }),
  );
}

/** `R` for a replica, `0`...`4` for shards, parity marked by a `P`. */
export function pieceSign({ shard }: PieceCell, { dataShards }: MapRow): string {
  if (shard === null) return "R";
  return dataShards !== null && shard >= dataShards ? `P${shard - dataShards + 1}` : `D${shard + 1}`;
}

export function pieceName({ shard }: PieceCell, { dataShards }: MapRow): string {
  if (shard === null) return "replica";
  const isParity = dataShards !== null && shard >= dataShards;
  return isParity ? `parity shard ${shard - dataShards + 1}` : `data shard ${shard + 1}`;
}

export function rowName({ slot }: MapRow): string {
  return slot === "init" ? "Init segment" : `Segment ${slot}`;
}

export const STATE_WORDS: Readonly<Record<PieceState, string>> = {
  intact: "intact",
  missing: "missing",
  corrupt: "corrupt",
  moving: "on its way",
  unknown: "not known",
};

/** A cell for people who do not see it: what is there, and how it is. The row and column are said by the table. */
export function cellWords({ row, piece, others }: MapCell): string {
  if (piece === undefined) return "nothing";
  const more = others === 0 ? "" : `, and ${counted(others, "more piece")}`;
  return `${pieceName(piece, row)}, ${STATE_WORDS[piece.state]}, ${bytesText(piece.bytes)}${more}`;
}

/** In words: how far a chunk is from being lost. */
export function lossesWords(lossesLeft: number): string {
  if (lossesLeft < 0) return "cannot be read now";
  if (lossesLeft === 0) return "the next loss takes it";
  return `survives ${lossesLeft} more ${lossesLeft === 1 ? "loss" : "losses"}`;
}

/** Pieces by state, in words for a summary; what is not there is left out. */
export function mapWords(map: ChunkMap): string {
  const counts = new Map<PieceState, number>();
  for (const { pieces } of map.rows) {
    for (const { state } of pieces) counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const parts = [...ATTENTION].reverse().flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : [`${count} ${STATE_WORDS[state]}`];
  });
  return parts.length === 0 ? "no pieces" : parts.join(", ");
}

export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where a key leads in a grid of that size; undefined for keys that are not of the grid (WAI-ARIA practices, "Grid"). */
export function movedBy(
  key: string,
  { row, column }: Place,
  size: { rows: number; columns: number },
): Place | undefined {
  const last = { row: size.rows - 1, column: size.columns - 1 };
  const clamp = (place: Place): Place => ({
    row: Math.max(0, Math.min(last.row, place.row)),
    column: Math.max(0, Math.min(last.column, place.column)),
  });
  switch (key) {
    case "ArrowLeft":
      return clamp({ row, column: column - 1 });
    case "ArrowRight":
      return clamp({ row, column: column + 1 });
    case "ArrowUp":
      return clamp({ row: row - 1, column });
    case "ArrowDown":
      return clamp({ row: row + 1, column });
    case "Home":
      return { row, column: 0 };
    case "End":
      return { row, column: last.column };
    case "PageUp":
      return { row: 0, column };
    case "PageDown":
      return { row: last.row, column };
    default:
      return undefined;
  }
}
