/** Uploads that nobody will go on with, and ended ones that nobody will ask about. */
import type { VideoId } from "#core/ids.ts";
import { KEPT_MS } from "./retry-upload.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { UploadStore } from "./upload-store.ts";

/** An upload without a new byte for so long will not be resumed. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
/** Ended uploads can be asked about for so long. */
const REMEMBERED_MS = 7 * 24 * 3_600_000;

export interface SweepPorts {
  readonly uploads: UploadStore;
  readonly files: Pick<UploadFiles, "facts" | "remove">;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly abandon: (videoId: VideoId) => Promise<void>;
}

/** Abandons videos of which a file is missing and none had a new byte for a day; deletes files that were kept for a
 * retry that nobody asked for; forgets what ended a week ago. */
export async function sweepUploads({ uploads, files, nowMs, abandon }: SweepPorts): Promise<void> {
  for (const { id } of await uploads.failedBefore(nowMs - KEPT_MS)) await files.remove(id);
  await uploads.forgetEndedBefore(nowMs - REMEMBERED_MS);
  const lastActiveMs = new Map<VideoId, number>();
  const open = await uploads.open();
  for (const { id, videoId, updatedMs } of open) {
    const modifiedMs = (await files.facts(id))?.modifiedMs ?? 0;
    lastActiveMs.set(videoId, Math.max(lastActiveMs.get(videoId) ?? 0, updatedMs, modifiedMs));
  }
  const receiving = new Set(open.filter(({ phase }) => phase === "receiving").map(({ videoId }) => videoId));
  for (const videoId of receiving) {
    if ((lastActiveMs.get(videoId) ?? 0) < nowMs - ABANDONED_AFTER_MS) await abandon(videoId);
  }
}
