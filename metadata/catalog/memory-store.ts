/** The catalogue in memory: what tests of other parts stand on, and the second opinion of the contract suite. */
import type { RenditionId, VideoId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import type { Rendition, VideoSort, VideoSummary } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { PATHS } from "#wire/contract/paths.ts";
import type { Position } from "#core/placement/position.ts";
import type { CatalogStore, NewVideo, StoredChunk } from "./catalog-store.ts";
import { searchText } from "./catalog-store.ts";
import { chunkKey } from "./chunk-key.ts";
import { copiesOf } from "./copies.ts";
import { cursorText, parseCursor } from "./page-cursor.ts";

interface Kept extends NewVideo {
  title: string;
  state: VideoSummary["state"] | "removing";
  failure: string | null;
  durationSeconds: number;
  renditions: readonly Rendition[];
  readonly chunks: Map<string, StoredChunk>;
  readonly viewings: Set<string>;
}

export function memoryCatalog(): CatalogStore {
  const videos = new Map<VideoId, Kept>();
  const visible = (videoId: VideoId) => {
    const video = videos.get(videoId);
    return video?.state === "removing" ? undefined : video;
  };
  const clear = (videoId: VideoId, end: { state: "processing" | "failed"; failure: string | null }) => {
    const video = visible(videoId);
    if (video === undefined) return;
    video.chunks.clear();
    Object.assign(video, { ...end, durationSeconds: 0, renditions: [] });
  };
  return {
    async createVideo(video) {
      const empty = { state: "processing", failure: null, durationSeconds: 0, renditions: [] } as const;
      videos.set(video.id, { ...video, ...empty, chunks: new Map(), viewings: new Set() });
    },
    async video(videoId) {
      const video = visible(videoId);
      return video === undefined ? undefined : { ...summary(video), renditions: [...video.renditions] };
    },
    async listVideos({ search, sort, after, limit }) {
      const matching = [...videos.values()].filter(
        (video) => video.state !== "removing" && searchText(video.title).includes(searchText(search)),
      );
      const sorted = matching.sort((a, b) => compare(a, b, sort));
      const cursor = after === null ? undefined : parseCursor(after, sort);
      const behind = sorted.filter((video) => cursor === undefined || compareToCursor(video, cursor, sort) > 0);
      const shown = behind.slice(0, limit);
      const last = shown.at(-1);
      const next =
        behind.length > limit && last !== undefined ? cursorText([sort, sortValue(last, sort), last.id]) : null;
      return { videos: shown.map(summary), total: matching.length, next };
    },
    async countVideos() {
      return [...videos.values()].filter((video) => video.state !== "removing").length;
    },
    async putChunk(chunk) {
      const video = videos.get(chunk.position.videoId);
      if (video === undefined) {
        throw new VStackError("not-found", `Cannot index "${positionText(chunk.position)}" as the video is not there`);
      }
      putNewest(video, chunk);
    },
    async renameVideo(videoId, title, meta) {
      const video = visible(videoId);
      if (video === undefined) return false;
      if (meta === null || putNewest(video, meta)) video.title = title;
      return true;
    },
    async finishVideo(videoId, facts) {
      const video = visible(videoId);
      if (video !== undefined) Object.assign(video, { ...facts, state: "ready", failure: null });
    },
    async clearVideo(videoId) {
      clear(videoId, { state: "processing", failure: null });
    },
    async failVideo(videoId, failure) {
      clear(videoId, { state: "failed", failure });
    },
    async beginRemoval(videoId) {
      const video = videos.get(videoId);
      if (video !== undefined) video.state = "removing";
      return video !== undefined;
    },
    async removals() {
      return [...videos.values()].filter((video) => video.state === "removing").map((video) => video.id);
    },
    async deleteVideo(videoId) {
      videos.delete(videoId);
    },
    async entry(position) {
      const chunk = videos.get(position.videoId)?.chunks.get(positionText(position));
      return chunk === undefined ? undefined : entryOf(chunk);
    },
    async segments({ videoId, rendition, from, limit }) {
      const chunks = segmentsOf(videos.get(videoId), rendition).map(entryOf);
      return chunks.filter((entry) => entry.seq >= from).slice(0, limit);
    },
    async segmentDurations(videoId, rendition) {
      return segmentsOf(videos.get(videoId), rendition).map((chunk) => chunk.durationSeconds);
    },
    async chunksAtRisk(after, limit) {
      const ready = [...videos.values()].filter((video) => video.state === "ready");
      const atRisk = ready.flatMap((video) => [...video.chunks.values()].filter(isAtRisk));
      const sorted = atRisk.map(({ position }) => position).sort(byKey);
      return sorted.filter((position) => after === null || byKey(position, after) > 0).slice(0, limit);
    },
    async countAtRisk(videoId) {
      const some = [...videos.values()].filter(({ id }) => videoId === null || id === videoId);
      return some.flatMap((video) => [...video.chunks.values()].filter(isAtRisk)).length;
    },
    async countView(videoId, viewing) {
      const video = visible(videoId);
      if (video === undefined) return undefined;
      const counted = !video.viewings.has(viewing);
      video.viewings.add(viewing);
      return { views: video.viewings.size, counted };
    },
  };
}

function putNewest(video: Kept, chunk: StoredChunk): boolean {
  const held = video.chunks.get(positionText(chunk.position));
  if (held !== undefined && held.record.version > chunk.record.version) return false;
  video.chunks.set(positionText(chunk.position), chunk);
  return true;
}

function isAtRisk({ record }: StoredChunk): boolean {
  const { present, wanted } = copiesOf(record);
  return present < wanted;
}

function byKey(a: Position, b: Position): number {
  const [left, right] = [chunkKey(a), chunkKey(b)];
  if (a.videoId !== b.videoId) return a.videoId < b.videoId ? -1 : 1;
  if (left.rendition !== right.rendition) return left.rendition < right.rendition ? -1 : 1;
  return left.seq - right.seq;
}

function segmentsOf(video: Kept | undefined, rendition: RenditionId): StoredChunk[] {
  return [...(video?.chunks.values() ?? [])]
    .filter(({ position }) => position.slot === "segment" && position.rendition === rendition)
    .sort((a, b) => chunkKey(a.position).seq - chunkKey(b.position).seq);
}

function entryOf({ position, durationSeconds, record, blocks }: StoredChunk) {
  return { seq: position.slot === "segment" ? position.seq : 0, durationSeconds, record, blocks };
}

function sortValue(video: Kept, sort: VideoSort): number | string {
  switch (sort) {
    case "newest":
    case "oldest":
      return video.createdAtMs;
    case "title":
      return searchText(video.title);
    case "longest":
      return video.durationSeconds;
    case "largest":
      return sizeOf(video);
    case "views":
      return video.viewings.size;
  }
}

function compare(a: Kept, b: Kept, sort: VideoSort): number {
  return compareToCursor(a, [sort, sortValue(b, sort), b.id], sort);
}

/** Above 0 when the video stands behind the cursor. */
function compareToCursor(
  video: Kept,
  [, value, id]: readonly [VideoSort, number | string, VideoId],
  sort: VideoSort,
): number {
  const own = sortValue(video, sort);
  const order = own === value ? (video.id > id ? 1 : video.id < id ? -1 : 0) : own > value ? 1 : -1;
  return sort === "title" || sort === "oldest" ? order : -order;
}

function sizeOf({ renditions }: Kept): number {
  return renditions.reduce((sum, rendition) => sum + rendition.sizeBytes, 0);
}

function summary(video: Kept): VideoSummary {
  const copies = [...video.chunks.values()].map((chunk) => copiesOf(chunk.record));
  return {
    id: video.id,
    title: video.title,
    state: video.state === "removing" ? "processing" : video.state,
    durationSeconds: video.durationSeconds,
    createdAt: new Date(video.createdAtMs).toISOString(),
    sizeBytes: sizeOf(video),
    views: video.viewings.size,
    copies: {
      present: copies.reduce((sum, { present }) => sum + present, 0),
      wanted: copies.reduce((sum, { wanted }) => sum + wanted, 0),
    },
    failure: video.failure,
    poster: video.chunks.has(positionText({ slot: "poster", videoId: video.id })) ? PATHS.poster(video.id) : null,
  };
}
