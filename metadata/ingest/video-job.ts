/** What a job is given, what it stands on, and what comes of it. */
import type { VideoId } from "#core/ids.ts";
import type { Rendition } from "#wire/contract/catalog-api.ts";
import type { Log } from "#wire/server/log.ts";
import type { ChunkKeeperPorts } from "./chunk-keeper.ts";
import type { JobReport } from "./progress-board.ts";
import type { Ffmpeg } from "./transcode/ffmpeg.ts";
import type { LadderSetting } from "./transcode/ladder.ts";

export interface SourceUpload {
  readonly path: string;
  readonly fileName: string;
}

export interface VideoJob {
  readonly videoId: VideoId;
  readonly title: string;
  readonly createdAt: string;
  /** One or more, subtitle files among them; several others are the renditions of the video. */
  readonly sources: readonly SourceUpload[];
  readonly signal: AbortSignal;
  readonly report: JobReport;
  /** Waits until this job may encode. @returns ends its turn */
  readonly takeEncodingTurn: () => Promise<() => void>;
}

export interface StoreVideoPorts extends ChunkKeeperPorts {
  /** Chunks of the video that do not survive two losses. */
  readonly countChunksAtRisk: (videoId: VideoId, signal: AbortSignal) => Promise<number>;
  /** Empties the index of a video, so that another way can be tried. What it decides takes the place of what was decided. */
  readonly startOver: (videoId: VideoId) => Promise<void>;
  /** Empties the registers of an earlier run, or another way, at which nothing stands in the index. */
  readonly removeLeftovers: (videoId: VideoId) => Promise<void>;
  /** Null when there is none. */
  readonly ffmpeg: Ffmpeg | null;
  readonly ladder: LadderSetting;
  readonly log: Log;
}

export interface StoredVideo {
  readonly durationSeconds: number;
  readonly renditions: readonly Rendition[];
  /** What of the files is not in the video, in words for the person who uploaded; null when all is. */
  readonly leftOut: string | null;
}
