/**
 * The page's line to what is stored: asks again every few seconds while the page is seen, and sooner when told that
 * something changed. One question of a kind at a time.
 */
import type { VideoId } from "#core/ids.ts";
import type { ConfigAnswer, MapQuery } from "#wire/client/redundancy-client.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { ConfigPatch, Decision, Efficiency, Override } from "#wire/contract/redundancy-schemas.ts";
import type { ChunkMap, LabPiece, Overhead, StorageVideos, VideoStorageSort } from "#wire/contract/storage-schemas.ts";

/** Counting is work for every node; the map is what is watched. */
const COUNT_EVERY_MS = 5000;
const MAP_EVERY_MS = 2000;
/** News come in bursts. */
const SOONEST_MS = 500;
export const PAGE_VIDEOS = 10;
const DECISIONS_SHOWN = 8;

export interface VideoPage {
  readonly from: number;
  readonly sort: VideoStorageSort;
}

export interface StorageView {
  /** `absent`: this server does not look after redundancy. */
  readonly status: "asking" | "here" | "absent";
  readonly config: ConfigAnswer | undefined;
  readonly overhead: Overhead | undefined;
  readonly videos: StorageVideos | undefined;
  readonly decisions: readonly Decision[] | undefined;
  readonly efficiency: Efficiency | undefined;
  readonly map: ChunkMap | undefined;
  /** Why a question was not answered, until it is; "" when all is well. */
  readonly trouble: string;
}

export const NOTHING_YET: StorageView = {
  ...{
    status: "asking",
    config: undefined,
    overhead: undefined,
    videos: undefined,
    decisions: undefined,
    efficiency: undefined,
  },
  ...{ map: undefined, trouble: "" },
};

export class StorageLink {
  readonly #client = redundancyClient("");
  readonly #signal: AbortSignal;
  readonly #onChange: (view: StorageView) => void;
  #view = NOTHING_YET;
  #page: VideoPage;
  #query: MapQuery | undefined;
  #countAtMs = 0;
  #mapAtMs = 0;
  #isCounting = false;
  #isMapping = false;

  constructor(page: VideoPage, onChange: (view: StorageView) => void, signal: AbortSignal) {
    this.#page = page;
    this.#onChange = onChange;
    this.#signal = signal;
    const timer = setInterval(() => this.#look(), SOONEST_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
    this.#look();
  }

  /** Something changed: the map is looked at within half a second, the count soon after. */
  hurry(): void {
    this.#mapAtMs = 0;
    this.#countAtMs = Math.min(this.#countAtMs, performance.now() - COUNT_EVERY_MS + 2 * SOONEST_MS);
  }

  showVideos(page: VideoPage): void {
    this.#page = page;
    this.#countAtMs = 0;
    this.#look();
  }

  /** Undefined shows none. */
  showMap(query: MapQuery | undefined): void {
    const isOther = query?.videoId !== this.#query?.videoId;
    this.#query = query;
    if (isOther) this.#change({ map: undefined });
    this.#mapAtMs = 0;
    this.#look();
  }

  async override(videoId: VideoId, form: Override): Promise<void> {
    const current = await this.#client.override(videoId, form, this.#signal);
    const { videos } = this.#view;
    const now = (video: StorageVideos["videos"][number]) =>
      video.videoId === videoId ? { ...video, form: current.form, override: current.override } : video;
    if (videos !== undefined) this.#change({ videos: { ...videos, videos: videos.videos.map(now) } });
    // A count that is under way may be from before: there is another one behind it.
    this.#countAtMs = 0;
  }

  async saveConfig(patch: ConfigPatch): Promise<void> {
    this.#change({ config: await this.#client.setConfig(patch, this.#signal) });
  }

  /** @returns false when it was under way */
  async start(what: "repair" | "scrub"): Promise<boolean> {
    return (await this.#client.start(what, this.#signal)).started;
  }

  async damage(piece: LabPiece): Promise<void> {
    await this.#client.damage(piece, this.#signal);
    this.hurry();
  }

  #look(): void {
    if (document.visibilityState === "hidden") return;
    const nowMs = performance.now();
    if (this.#countAtMs === 0 || nowMs - this.#countAtMs >= COUNT_EVERY_MS) void this.#count();
    const isDue = this.#mapAtMs === 0 || nowMs - this.#mapAtMs >= MAP_EVERY_MS;
    if (isDue && this.#query !== undefined) void this.#map(this.#query);
  }

  async #count(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    this.#countAtMs = performance.now();
    const signal = this.#signal;
    const page = this.#page;
    try {
      const [config, overhead, videos, decisions, efficiency] = await Promise.all([
        this.#client.config(signal),
        this.#client.overhead(signal),
        this.#client.storageVideos({ ...page, limit: PAGE_VIDEOS }, signal),
        this.#client.decisions(DECISIONS_SHOWN, signal),
        this.#client.efficiency(signal),
      ]);
      this.#change({ status: "here", config, overhead, decisions, efficiency, trouble: "" });
      if (page === this.#page) this.#change({ videos });
      else this.#countAtMs = 0;
    } catch (error) {
      if (error instanceof VStackError && error.code === "unavailable") this.#change({ status: "absent", trouble: "" });
      else this.#change({ trouble: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#isCounting = false;
    }
  }

  async #map(query: MapQuery): Promise<void> {
    if (this.#isMapping) return;
    this.#isMapping = true;
    this.#mapAtMs = performance.now();
    try {
      const map = await this.#client.chunkMap(query, this.#signal);
      if (query === this.#query) this.#change({ map, trouble: "" });
      else this.#mapAtMs = 0;
    } catch (error) {
      if (query === this.#query) this.#change({ trouble: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#isMapping = false;
    }
  }

  #change(parts: Partial<StorageView>): void {
    if (this.#signal.aborted) return;
    this.#view = { ...this.#view, ...parts };
    this.#onChange(this.#view);
  }
}
