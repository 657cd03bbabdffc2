/**
 * The end of a video, whoever asks for it: hidden at once, its job stopped, its chunks given up on every node, its files and
 * rows deleted. It may be interrupted anywhere and is then finished at the next start.
 */
import type { VideoId } from "#core/ids.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import type { Releases } from "../placement/releases.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { UploadStore } from "./upload-store.ts";
import { NO_PROGRESS } from "./upload-store.ts";

/** Whoever gives chunks up waits this long for the nodes; what is left is done behind. */
export const DRAIN_DEADLINE_MS = 5000;

export interface RemovalPorts {
  readonly catalog: CatalogStore;
  readonly register: PlacementRegister;
  readonly releases: Releases;
  readonly uploads: UploadStore;
  readonly files: UploadFiles;
  readonly wallMs: () => number;
  /** Stops the job of a video and waits until nothing of it runs. */
  readonly stopJob: (videoId: VideoId) => Promise<void>;
}

/** @returns false when there is no such video */
export async function removeVideo(videoId: VideoId, ports: RemovalPorts): Promise<boolean> {
  if (!(await ports.catalog.beginRemoval(videoId))) return false;
  await ports.stopJob(videoId);
  await giveUpChunks(videoId, ports);
  for (const { id } of await ports.uploads.byVideo(videoId)) await ports.files.remove(id);
  await ports.uploads.step(videoId, {
    phase: "cancelled",
    failure: null,
    progress: NO_PROGRESS,
    nowMs: ports.wallMs(),
  });
  await ports.catalog.deleteVideo(videoId);
  return true;
}

/** Makes every node give up what it may have of a video, and empties the video's registers. */
export async function giveUpChunks(
  videoId: VideoId,
  { releases, register, wallMs }: Pick<RemovalPorts, "releases" | "register" | "wallMs">,
): Promise<void> {
  await releases.releaseAll(videoId, register, wallMs());
  await register.removeByVideo(videoId);
}
