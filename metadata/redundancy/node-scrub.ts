/** What the scrub loop keeps of one node: complaints, what may be read now, and how far the cycle is. */
import { invariant } from "#core/invariant.ts";
import type { Piece, PieceId } from "#core/placement/piece.ts";
import { parsePieceId, pieceId, pieceOf } from "#core/placement/piece.ts";
import type { ByteBudget } from "#core/redundancy/byte-budget.ts";
import type { ScrubItem, ScrubState, ScrubVerdict } from "#core/redundancy/scrub-plan.ts";
import { MAX_REPORTS, NO_REPORTS } from "#core/redundancy/scrub-plan.ts";
import type { PieceVerdict } from "#wire/contract/piece-api.ts";
import type { NamedPiece } from "../catalog/piece-index.ts";

export interface NodeScrub {
  state: ScrubState;
  /** When reported pieces were found intact, Unix seconds; the last ones. */
  readonly checkedReports: Map<string, number>;
  /** What may be read for reports: apart from the cycle's, which is far lower when the cycle is long. Monotonic seconds. */
  reportBudget: ByteBudget;
  budgetBytes: number;
  atMs: number;
  totals: { readonly pieces: number; readonly sizeBytes: number; readonly left: number; readonly leftBytes: number };
  totalsDueMs: number;
}

export function newNodeScrub(nowMs: number): NodeScrub {
  const totals = { pieces: 0, sizeBytes: 0, left: 0, leftBytes: 0 };
  const reports = { checkedReports: new Map<string, number>(), reportBudget: { bytes: 0, atSeconds: nowMs / 1000 } };
  return { state: NO_REPORTS, ...reports, budgetBytes: 0, atMs: nowMs, totals, totalsDueMs: -Infinity };
}

/** About how much is left, until it is counted again: at once when it may be nothing. */
export function noteBatch(scrub: NodeScrub, pieces: number, bytes: number): void {
  const { totals } = scrub;
  if (totals.left === 0) return;
  if (totals.left <= pieces) scrub.totalsDueMs = -Infinity;
  const leftBytes = Math.max(0, totals.leftBytes - bytes);
  scrub.totals = { ...totals, left: Math.max(1, totals.left - pieces), leftBytes };
}

export const SCRUB_VERDICTS: Readonly<Record<PieceVerdict, ScrubVerdict>> = {
  intact: "intact",
  corrupt: "rotten",
  absent: "missing",
};

/** It was reported without cause; what was found faulty may be reported again as soon as it was made again. */
export function noteReport({ checkedReports }: NodeScrub, name: PieceId, nowSeconds: number): void {
  checkedReports.delete(name);
  checkedReports.set(name, nowSeconds);
  const [oldest] = checkedReports.keys();
  if (checkedReports.size > MAX_REPORTS && oldest !== undefined) checkedReports.delete(oldest);
}

export function itemOf(piece: NamedPiece): ScrubItem {
  return { piece: pieceId(piece), sizeBytes: piece.sizeBytes, checkedAtSeconds: piece.checkedMs / 1000 };
}

export function pieceOfItem({ piece }: Pick<ScrubItem, "piece">): Piece {
  const id = parsePieceId(piece);
  invariant(id !== undefined, `Cannot check "${piece}" as it is the name of no piece`);
  return pieceOf(id);
}
