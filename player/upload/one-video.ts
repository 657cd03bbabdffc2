/** Whether several chosen files are one video, and what it is called. Pure. */
import { MAX_RENDITIONS } from "#wire/contract/limits.ts";
import { isSubtitles } from "./file-check.ts";
import type { QueueItem } from "./queue-item.ts";

type Chosen = readonly Pick<QueueItem, "fileName" | "title">[];

/** Whether they can be: so many files have room in a video. */
export function canBeOneVideo({ length }: Chosen): boolean {
  return length > 1 && length <= MAX_RENDITIONS;
}

/** @param said what the person said; undefined when nothing: one film and subtitles can hardly mean anything else */
export function areOneVideo(chosen: Chosen, said: boolean | undefined): boolean {
  const films = chosen.filter(({ fileName }) => !isSubtitles(fileName)).length;
  return canBeOneVideo(chosen) && (said ?? (films === 1 && chosen.length > 1));
}

/** The title of the first film, unless the person gives another. */
export function titleOfVideo(chosen: Chosen): string {
  return (chosen.find(({ fileName }) => !isSubtitles(fileName)) ?? chosen[0])?.title ?? "";
}
