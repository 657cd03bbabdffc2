/**
 * Clients' reports whose turn it is. They are checked at once, first come first, and cannot become a load: for all reports
 * together a node reads no faster than for scrubbing.
 */
import type { NodeId } from "#core/ids.ts";
import { isOpen, refilled, spent } from "#core/redundancy/byte-budget.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import type { ScrubItem } from "#core/redundancy/scrub-plan.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { MAX_VERIFY_PIECES } from "#wire/contract/piece-api.ts";
import type { PieceIndex } from "../catalog/piece-index.ts";
import type { NodeScrub } from "./node-scrub.ts";
import { itemOf, pieceOfItem } from "./node-scrub.ts";

export interface DueReportsPorts {
  readonly pieces: Pick<PieceIndex, "piece">;
  readonly config: () => PolicyConfig;
  readonly clock: Clock;
}

/** Refills the budget of reports, and takes what fits into it; what no record names any more leaves the line. */
export async function dueReports(
  nodeId: NodeId,
  scrub: NodeScrub,
  { pieces, config, clock }: DueReportsPorts,
): Promise<ScrubItem[]> {
  scrub.reportBudget = refilled(scrub.reportBudget, config().scrubBytesPerSecond, clock.nowMs() / 1000);
  const due: ScrubItem[] = [];
  for (const piece of scrub.state.reports) {
    const left = spent(scrub.reportBudget, sizeOf(due));
    if (!isOpen(left) || due.length === MAX_VERIFY_PIECES) break;
    const named = await pieces.piece(nodeId, pieceOfItem({ piece }));
    if (named !== undefined) due.push(itemOf(named));
    else scrub.state = { ...scrub.state, reports: scrub.state.reports.filter((other) => other !== piece) };
  }
  return due;
}

export function sizeOf(items: readonly ScrubItem[]): number {
  return items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
