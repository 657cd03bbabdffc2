/** What is running, waiting and lately done, in the words of the contract. */
import type { RepairOrder, RepairWait } from "#core/redundancy/repair-plan.ts";
import type { Ended, Queue, Running, Waiting } from "#wire/contract/redundancy-schemas.ts";
import { MAX_LISTED_WORK } from "#wire/contract/redundancy-schemas.ts";
import type { RepairProgress } from "../upkeep/repair-loop.ts";
import type { ScrubProgress } from "../upkeep/scrub-loop.ts";
import type { BoardEntry, ChangeBoard } from "./change-board.ts";
import type { WorkBudget } from "./work-budget.ts";

export interface QueueSources {
  readonly atSeconds: number;
  readonly board: ChangeBoard;
  readonly budget: WorkBudget;
  readonly repair: RepairProgress;
  readonly orders: readonly RepairOrder[];
  readonly waits: readonly RepairWait[];
  readonly scrub: ScrubProgress;
  readonly releasesWaiting: number;
}

export function queueAnswer(sources: QueueSources): Queue {
  const { board, budget, orders, waits, repair, scrub } = sources;
  const waiting: Waiting[] = [...orders.slice(0, MAX_LISTED_WORK).map(waitingOrder), ...waits.map(waitingForTime)];
  return {
    atSeconds: sources.atSeconds,
    running: board.running.slice(0, MAX_LISTED_WORK).map(
      (entry): Running => ({
        ...work(entry),
        step: entry.step,
        writtenBytes: entry.writtenBytes,
        sinceSeconds: entry.sinceSeconds,
      }),
    ),
    runningCount: board.running.length,
    waiting: waiting.slice(0, MAX_LISTED_WORK),
    waitingCount: orders.length + waits.length,
    waitingBytes: repair.bytesLeft,
    ended: board.ended.slice(0, MAX_LISTED_WORK).map(
      (entry): Ended => ({
        ...work(entry),
        outcome: entry.outcome,
        atSeconds: entry.atSeconds,
        tookSeconds: entry.tookSeconds,
      }),
    ),
    changeBytesPerSecond: budget.bytesPerSecond(["promotion", "demotion", "move"]),
    releasesWaiting: sources.releasesWaiting,
    repair: {
      ...repair,
      bytesPerSecond: budget.bytesPerSecond(["repair", "drain"]),
      limitBytesPerSecond: budget.limitBytesPerSecond,
    },
    scrub: { ...scrub, bytesPerSecond: budget.bytesPerSecond(["scrub"]) },
  };
}

function work({
  kind,
  key,
  bytes,
  lossesLeft,
  reason,
}: BoardEntry): Pick<Running, "kind" | "key" | "bytes" | "lossesLeft" | "reason"> {
  const isChange = kind === "promotion" || kind === "demotion";
  return { kind: isChange ? "change" : kind, key, bytes, lossesLeft, reason };
}

function waitingOrder({ chunk, writeBytes, lossesLeft, reason }: RepairOrder): Waiting {
  return { kind: "repair", key: chunk.key, bytes: writeBytes, lossesLeft, reason, untilSeconds: null };
}

function waitingForTime({ chunk, lossesLeft, untilSeconds, reason }: RepairWait): Waiting {
  return { kind: "repair", key: chunk.key, bytes: 0, lossesLeft, reason, untilSeconds };
}
