/** What uploads and their jobs stand on. */
import type { VideoId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Override } from "#wire/contract/redundancy-schemas.ts";
import type { Log } from "#wire/server/log.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import type { ReleaseLoop } from "../placement/release-loop.ts";
import type { Releases } from "../placement/releases.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { UploadStore } from "./upload-store.ts";
import type { StoreVideoPorts } from "./video-job.ts";

export interface IngestPorts extends Omit<StoreVideoPorts, "startOver" | "removeLeftovers"> {
  readonly register: PlacementRegister;
  readonly releases: Releases;
  readonly releaseLoop: ReleaseLoop;
  readonly uploads: UploadStore;
  readonly files: UploadFiles;
  /** Free for this program on the disk of the received files. */
  readonly freeBytes: () => Promise<number>;
  /** Waits until chunks can be placed. */
  readonly enoughNodes: (signal: AbortSignal) => Promise<unknown>;
  /** Whether chunks can be placed now. */
  readonly canPlace: () => boolean;
  /** Whoever uploads a video may choose its form; kept durably, may be called again. */
  readonly chooseForm: (videoId: VideoId, form: Override) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}
