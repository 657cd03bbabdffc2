/** Which video an address names, whether it can be played, and if not, why. */
import * as v from "valibot";
import type { VideoId } from "#core/ids.ts";
import type { Video } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { VideoIdSchema } from "#wire/contract/schemas.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";

/** @throws VStackError `not-found`, `not-ready` while it is being stored, `gone` when storing it failed */
export async function playableVideo(catalog: CatalogStore, videoId: VideoId): Promise<Video> {
  const video = await catalog.video(videoId);
  if (video === undefined) throw new VStackError("not-found", `There is no video "${videoId}"`);
  if (video.state === "ready") return video;
  if (video.state === "processing")
    throw new VStackError("not-ready", `Cannot play "${video.title}" yet: it is being stored`);
  throw new VStackError(
    "gone",
    `Cannot play "${video.title}" as it was not stored: ${video.failure ?? "no reason is known"}`,
  );
}

/** @throws VStackError `not-found` when the text is no video id */
export function readVideoId(text: string): VideoId {
  const videoId = v.safeParse(VideoIdSchema, text);
  if (videoId.success) return videoId.output;
  throw new VStackError("not-found", `There is no video "${text.slice(0, 64)}"`);
}
