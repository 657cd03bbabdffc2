/** Which files of the queue have a row of their own. Pure. */
import type { QueueItem } from "./queue-item.ts";

export interface QueueRow {
  readonly item: QueueItem;
  /** Whether the row stands for all files of its group that are as far. */
  readonly isWhole: boolean;
}

/** Files of a group that the server has whole are one video, and so one row: that of the first. */
export function rowsOf(items: readonly QueueItem[]): readonly QueueRow[] {
  return items
    .filter((item, index) => !items.slice(0, index).some((earlier) => isSameVideo(earlier, item)))
    .map((item) => ({ item, isWhole: items.some((other) => other !== item && isSameVideo(other, item)) }));
}

function isSameVideo(one: QueueItem, other: QueueItem): boolean {
  if (one.group === null || one.group.id !== other.group?.id) return false;
  return (one.state.is === "processing" || one.state.is === "ready") && one.state.is === other.state.is;
}
