/** `vstack list`, `show`, `rename`, `rm`: the library. */
import type { VideoId } from "#core/ids.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { VideoSort, VideoSummary } from "#wire/contract/catalog-api.ts";
import { MAX_PAGE_VIDEOS } from "#wire/contract/limits.ts";
import { PATHS } from "#wire/contract/paths.ts";
import { interrupted } from "../interrupted.ts";
import { bytesText, durationText, printJson, printLine, printTable } from "../print.ts";

interface LibraryOptions {
  readonly url: string;
  readonly json: boolean;
}

export interface ListOptions extends LibraryOptions {
  readonly search?: string;
  readonly sort: VideoSort;
}

/** All videos, page by page; with `--json` one array. */
export async function list(options: ListOptions): Promise<void> {
  const client = metadataClient(options.url);
  const signal = interrupted();
  const videos: VideoSummary[] = [];
  let after: string | undefined;
  do {
    const search = options.search === undefined ? {} : { search: options.search };
    const page = await client.listVideos(
      { ...search, sort: options.sort, ...(after === undefined ? {} : { after }), limit: MAX_PAGE_VIDEOS },
      signal,
    );
    videos.push(...page.videos);
    after = page.next ?? undefined;
  } while (after !== undefined);
  if (options.json) {
    printJson(videos);
    return;
  }
  if (videos.length === 0) {
    printLine("No videos. Store one with: npx vstack upload FILE");
    return;
  }
  printTable(
    ["ID", "TITLE", "LENGTH", "SIZE", "STATE", "COPIES", "VIEWS"],
    videos.map((video) => [
      video.id,
      video.title,
      durationText(video.durationSeconds),
      bytesText(video.sizeBytes),
      video.state,
      `${video.copies.present}/${video.copies.wanted}`,
      String(video.views),
    ]),
  );
}

/** One video with its renditions. */
export async function show(videoId: VideoId, options: LibraryOptions): Promise<void> {
  const video = await metadataClient(options.url).video(videoId, interrupted());
  if (options.json) {
    printJson(video);
    return;
  }
  printLine(video.title);
  printLine(`${options.url}${PATHS.watch(video.id)}`);
  printLine(
    `${durationText(video.durationSeconds)}, ${bytesText(video.sizeBytes)}, ${video.state}, ${video.views} views`,
  );
  if (video.failure !== null) printLine(`Failure: ${video.failure}`);
  printTable(
    ["RENDITION", "PICTURE", "CODECS", "AVERAGE", "SEGMENTS", "SIZE"],
    video.renditions.map((rendition) => [
      rendition.id,
      rendition.width === null ? "none" : `${rendition.width}x${rendition.height ?? 0}`,
      rendition.codecs,
      `${(rendition.averageBitsPerSecond / 1e6).toFixed(2)} Mbit/s`,
      String(rendition.segmentCount),
      bytesText(rendition.sizeBytes),
    ]),
  );
}

/** The title is stored on the nodes too. */
export async function rename(videoId: VideoId, title: string, options: LibraryOptions): Promise<void> {
  const video = await metadataClient(options.url).renameVideo(videoId, title, interrupted());
  if (options.json) printJson(video);
  else printLine(`${videoId}  ${video.title}`);
}

/** Deletes a video; its bytes leave the nodes unless another video shares them. */
export async function remove(videoId: VideoId, options: LibraryOptions): Promise<void> {
  const signal = interrupted();
  await metadataClient(options.url).removeVideo(videoId, signal);
  if (options.json) printJson({ id: videoId, deleted: true });
  else printLine(`Deleted ${videoId}`);
}
