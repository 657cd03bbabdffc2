/** What the upkeep of stored chunks stands on. */
import type { NodeId, VideoId } from "#core/ids.ts";
import type { ErasureCodec } from "#wire/client/erasure-codec.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { PieceLinks } from "#wire/exchange/piece-links.ts";
import type { MintCapability, StorageTarget } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import type { Releases } from "../placement/releases.ts";
import type { PositionLocks } from "./position-locks.ts";

export interface UpkeepPorts {
  readonly catalog: CatalogStore;
  readonly register: PlacementRegister;
  readonly releases: Releases;
  readonly locks: PositionLocks;
  readonly links: PieceLinks;
  readonly codec: ErasureCodec;
  /** Nodes that may be given a chunk now. */
  readonly writable: () => readonly StorageTarget[];
  /** Address of every known node. */
  readonly nodeUrls: () => ReadonlyMap<NodeId, string>;
  /** Whether a job still works on the video: its chunks are the job's business until it has ended. */
  readonly isBeingStored: (videoId: VideoId) => Promise<boolean>;
  readonly mint: MintCapability;
  readonly clock: Clock;
  readonly fetch: FetchPort;
  readonly log: Log;
}
