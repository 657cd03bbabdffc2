/**
 * The port of the catalogue: videos, their renditions and the index of decided records, views. It is an index: every
 * record in it was decided by the placement register first, and the rest can be read from the `meta` chunks.
 *
 * A video is `processing`, then `ready` or `failed`. One under removal is hidden from every reader.
 */
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { ManifestEntry, Rendition, Video, VideoList, VideoSort } from "#wire/contract/catalog-api.ts";

export interface ListQuery {
  /** Videos whose title contains this, whatever the case; "" for all. */
  readonly search: string;
  /** `title` goes A to Z, the others from what their name says. Ties are broken by id. */
  readonly sort: VideoSort;
  /** `next` of the page before; null for the first page. */
  readonly after: string | null;
  /** Videos on this page, 1 or more. */
  readonly limit: number;
}

export interface NewVideo {
  readonly id: VideoId;
  readonly title: string;
  readonly createdAtMs: number;
}

export interface StoredChunk {
  readonly position: Position;
  /** How long it plays; 0 for everything but segments. */
  readonly durationSeconds: number;
  readonly record: ChunkRecord;
  /** Base64 of the concatenated block hashes. */
  readonly blocks: string;
}

/** Part of a rendition's segments. */
export interface SegmentPage {
  readonly videoId: VideoId;
  readonly rendition: RenditionId;
  readonly from: number;
  readonly limit: number;
}

export interface CatalogStore {
  /** A new video in state `processing`. */
  createVideo(video: NewVideo): Promise<void>;
  video(videoId: VideoId): Promise<Video | undefined>;
  /** @throws VStackError `bad-request` when `after` was not made by this sort */
  listVideos(query: ListQuery): Promise<VideoList>;
  countVideos(): Promise<number>;

  /** Adds a chunk, or replaces the one at its position unless that is newer; keeps the count of copies. */
  putChunk(chunk: StoredChunk): Promise<void>;
  /**
   * Gives a video another title, and in the same step the `meta` chunk that carries it (null for a video that has none). When
   * a newer one is indexed, the title that it carries stays.
   *
   * @returns false when there is no such video
   */
  renameVideo(videoId: VideoId, title: string, meta: StoredChunk | null): Promise<boolean>;
  /** Makes a video `ready`; its size is the sum of its renditions. */
  finishVideo(videoId: VideoId, facts: { durationSeconds: number; renditions: readonly Rendition[] }): Promise<void>;
  /** Forgets the chunks and renditions of a video that is begun again. */
  clearVideo(videoId: VideoId): Promise<void>;
  /** {@link clearVideo}, then `failed` with a reason for people. */
  failVideo(videoId: VideoId, failure: string): Promise<void>;

  /** Hides a video; false when there is none. Its rows stay until {@link deleteVideo}, so that a crash can be finished. */
  beginRemoval(videoId: VideoId): Promise<boolean>;
  /** Hidden videos that are still there. */
  removals(): Promise<VideoId[]>;
  /** Deletes all rows of a video. */
  deleteVideo(videoId: VideoId): Promise<void>;

  /** The chunk at a position, as manifests carry it. */
  entry(position: Position): Promise<ManifestEntry | undefined>;
  /** Segments in order of `seq`. */
  segments(page: SegmentPage): Promise<ManifestEntry[]>;
  /** Seconds of every segment of a rendition, in order: what a playlist needs, without the records. */
  segmentDurations(videoId: VideoId, rendition: RenditionId): Promise<number[]>;
  /**
   * Positions of ready videos whose records name fewer holders than wanted, in a fixed order.
   *
   * @param after last position of the page before; null for the first page
   */
  chunksAtRisk(after: Position | null, limit: number): Promise<Position[]>;
  /** How many those are, of a video in any state, or of all. */
  countAtRisk(videoId: VideoId | null): Promise<number>;

  /** Counts a viewing unless it was counted before; undefined when there is no such video. */
  countView(videoId: VideoId, viewing: string): Promise<{ views: number; counted: boolean } | undefined>;
}

/** A title as it is searched: compatibility forms and case do not matter. */
export function searchText(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
