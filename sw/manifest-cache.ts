/**
 * Which record a segment has and where its nodes are: pages of manifests, from memory, from the database, from the
 * metadata server, in this order. A page that was seen stays usable while the metadata server is dead, also after the
 * worker was killed. Records change seldom (repair, change of redundancy), and the scheduler survives an old one as it
 * survives a dead node; so an old page is used at once and refreshed behind the player's back.
 */
import type { NodeId, RenditionId, VideoId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { MetadataClient } from "#wire/client/metadata-client.ts";
import type { ManifestEntry, ManifestPage, Rendition } from "#wire/contract/catalog-api.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { MANIFEST_FRESH_MS, MANIFEST_PAGE_SEGMENTS, MAX_NODES } from "#wire/contract/limits.ts";
import type { Background } from "./background.ts";
import { manifestPages, pageKey } from "./manifest-pages.ts";
import type { PagePlace } from "./manifest-pages.ts";
import type { Table } from "./table.ts";
import { untilAborted, within } from "./waiting.ts";

/** Up to this age a page is used without waiting for a newer one. */
const USABLE_AT_ONCE_MS = 600_000;
/** An older one waits this long for a newer one: a dead metadata server then costs the first frame no more than that. */
const REFRESH_WAIT_MS = 1_500;
/** Videos whose other renditions were already prefetched, and are known. */
const MAX_PREFETCHED_VIDEOS = 64;

/** A segment or the init segment of a rendition. */
export interface ChunkPlace {
  readonly videoId: VideoId;
  readonly rendition: RenditionId;
  readonly slot: "init" | "segment";
  /** 0 for the init segment. */
  readonly seq: number;
}

/** What a fetch needs to know of a chunk. */
export interface LocatedChunk {
  readonly entry: ManifestEntry;
  readonly nodeUrls: ReadonlyMap<NodeId, string>;
}

export type RenditionFacts = Pick<Rendition, "id" | "kind" | "segmentCount">;

export interface ManifestCache {
  /** What memory knows, in this tick. */
  peek(place: ChunkPlace): LocatedChunk | undefined;
  /**
   * Finds a chunk, wherever it is known.
   *
   * @throws VStackError `not-found` when there is no such segment, `aborted` by the signal, else why nobody knows
   */
  locate(place: ChunkPlace, signal: AbortSignal): Promise<LocatedChunk>;
  /** Asks the metadata server now, whatever is known; for a chunk that could not be fetched from where it was said to be. */
  relocate(place: ChunkPlace, signal: AbortSignal): Promise<LocatedChunk>;
  /** The rendition of a place, as far as this worker has heard of the video. */
  renditionOf(place: ChunkPlace): RenditionFacts | undefined;
  /** Addresses of the nodes that the pages in memory name. */
  nodeUrls(): ReadonlyMap<NodeId, string>;
}

export interface ManifestPorts {
  readonly metadata: Pick<MetadataClient, "manifestPage" | "video">;
  readonly table: Table;
  readonly clock: Clock;
  readonly background: Background;
}

export function manifestCache(ports: ManifestPorts): ManifestCache {
  const { metadata, clock, background } = ports;
  const pages = manifestPages(ports);
  const asking = new Map<string, Promise<ManifestPage>>();
  const prefetchedVideos = new Map<VideoId, readonly RenditionFacts[]>();
  const knownUrls = new Map<NodeId, string>();
  const forEver = new AbortController().signal;

  /** One question per page at a time. Nobody's signal ends it, as others may wait for it too; its deadline does. */
  function askPage(place: PagePlace): Promise<ManifestPage> {
    const key = pageKey(place);
    const underWay = asking.get(key);
    if (underWay !== undefined) return underWay;
    const asked = askServer(place).finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  }

  async function askServer(place: PagePlace): Promise<ManifestPage> {
    try {
      const page = await metadata.manifestPage(place, forEver);
      background.add("keep a manifest page", pages.keep(place, page));
      return page;
    } catch (error) {
      if (errorCode(error) === "not-found") background.add("forget a manifest page", pages.forget(place));
      throw error;
    }
  }

  async function findPage(place: PagePlace): Promise<ManifestPage> {
    const known = pages.inMemory(place) ?? (await pages.read(place));
    if (known === undefined) return askPage(place);
    const ageMs = clock.wallMs() - known.askedAtMs;
    if (ageMs >= 0 && ageMs <= MANIFEST_FRESH_MS) return known.page;
    const newer = askPage(place);
    if (ageMs >= 0 && ageMs <= USABLE_AT_ONCE_MS) {
      background.add("refresh a manifest page", newer);
      return known.page;
    }
    const answered = newer.catch((error: unknown) => {
      if (errorCode(error) === "not-found") throw error;
      return undefined;
    });
    return (await within(answered, REFRESH_WAIT_MS, clock)) ?? known.page;
  }

  /** Pages that will be wanted: where the player is in the other renditions, and what follows once half-way. */
  async function prefetch(place: PagePlace, page: ManifestPage, seq: number): Promise<void> {
    const nextFrom = place.from + MANIFEST_PAGE_SEGMENTS;
    const next = { ...place, from: nextFrom };
    if (seq >= place.from + MANIFEST_PAGE_SEGMENTS / 2 && nextFrom < page.total && !pages.inMemory(next)) {
      await findPage(next);
    }
    if (prefetchedVideos.has(place.videoId)) return;
    prefetchedVideos.set(place.videoId, []);
    for (const oldest of prefetchedVideos.keys()) {
      if (prefetchedVideos.size <= MAX_PREFETCHED_VIDEOS) break;
      prefetchedVideos.delete(oldest);
    }
    try {
      const video = await metadata.video(place.videoId, forEver);
      const facts = video.renditions.map(({ id, kind, segmentCount }) => ({ id, kind, segmentCount }));
      if (prefetchedVideos.has(place.videoId)) prefetchedVideos.set(place.videoId, facts);
      // One after the other: the first frame is on its way by the same connections.
      for (const other of video.renditions) {
        if (other.id === place.rendition || place.from >= other.segmentCount) continue;
        await findPage({ ...place, rendition: other.id });
      }
    } catch (error) {
      prefetchedVideos.delete(place.videoId);
      throw error;
    }
  }

  function located(page: ManifestPage, place: ChunkPlace): LocatedChunk | undefined {
    const entry = place.slot === "init" ? page.init : page.segments.find((segment) => segment.seq === place.seq);
    if (entry === undefined) return undefined;
    return { entry, nodeUrls: new Map(page.nodes.map((node) => [node.id, node.url])) };
  }

  function found(page: ManifestPage, place: ChunkPlace): LocatedChunk {
    for (const node of page.nodes) {
      if (knownUrls.has(node.id) || knownUrls.size < MAX_NODES) knownUrls.set(node.id, node.url);
    }
    const chunk = located(page, place);
    if (chunk !== undefined) return chunk;
    throw new VStackError(
      "not-found",
      `Cannot find segment ${place.seq} of "${place.rendition}" as the rendition has ${page.total} segments`,
    );
  }

  return {
    peek(place) {
      const known = pages.inMemory(pagePlace(place));
      return known && located(known.page, place);
    },
    async locate(place, signal) {
      const at = pagePlace(place);
      const page = await untilAborted(findPage(at), signal);
      background.add("prefetch manifest pages", prefetch(at, page, place.seq));
      return found(page, place);
    },
    async relocate(place, signal) {
      return found(await untilAborted(askPage(pagePlace(place)), signal), place);
    },
    renditionOf: ({ videoId, rendition }) => prefetchedVideos.get(videoId)?.find(({ id }) => id === rendition),
    nodeUrls: () => knownUrls,
  };
}

function pagePlace({ videoId, rendition, seq }: ChunkPlace): PagePlace {
  return { videoId, rendition, from: seq - (seq % MANIFEST_PAGE_SEGMENTS) };
}
