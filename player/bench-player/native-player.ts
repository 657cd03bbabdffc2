/** Plain hls.js over redundant variants, straight from the nodes: no worker, no verification, its own failover. */
import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
  PlaylistLoaderContext,
} from "hls.js";
import Hls from "hls.js";
import type { RenditionId, VideoId } from "#core/ids.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { BenchAsk } from "#wire/contract/bench-player.ts";
import type { ManifestEntry } from "#wire/contract/catalog-api.ts";
import type { NativeNode, NativePlaylists, NativeRendition } from "./native-playlists.ts";
import { nativePlaylists } from "./native-playlists.ts";

type NativePolicy = Extract<BenchAsk["by"], { player: "native" }>["policy"];

/** After a fatal error of the network its documentation says to start again. Then somebody presses reload. */
const MAX_RESTARTS = 8;
const RESTART_MS = 1_000;

export interface NativeListener {
  readonly onSegment: (segment: { readonly rendition: RenditionId; readonly seq: number }) => void;
  readonly onFailed: (detail: string) => void;
}

/** Reads everything that the playlists are made of, before the wish to play. */
export async function prepareNative(videoId: VideoId, session: string, signal: AbortSignal): Promise<NativePlaylists> {
  const client = metadataClient("");
  const { renditions } = await client.video(videoId, signal);
  const nodes = new Map<string, NativeNode>();
  const read: NativeRendition[] = [];
  for (const rendition of renditions) {
    const segments: ManifestEntry[] = [];
    for (;;) {
      const page = await client.manifestPage({ videoId, rendition: rendition.id, from: segments.length }, signal);
      segments.push(...page.segments);
      for (const { id, url } of page.nodes) nodes.set(id, { id, url });
      if (segments.length < page.total && page.segments.length > 0) continue;
      read.push({ rendition, init: page.init, segments });
      break;
    }
  }
  return nativePlaylists(
    read,
    [...nodes.values()].toSorted((a, b) => a.id.localeCompare(b.id)),
    session,
  );
}

/** Attaches and loads; the element plays by itself. @returns ends it, and tells what it believed of the network */
export function startNative(
  video: HTMLVideoElement,
  playlists: NativePlaylists,
  policy: NativePolicy,
  { onSegment, onFailed }: NativeListener,
): () => number | null {
  const { maxFirstByteMs, maxLoadMs, timeoutRetries, errorRetries, errorDelayMs, maxErrorDelayMs } = policy;
  const hls = new Hls({
    // As the product sets them, for the same buffer and the same start: differences shall be the choice of nodes.
    ...{ testBandwidth: false, enableWorker: false, capLevelToPlayerSize: false },
    ...{ maxBufferLength: 30, maxMaxBufferLength: 30, maxBufferSize: 30_000_000, backBufferLength: 60 },
    pLoader: textLoader(playlists.texts),
    fragLoadPolicy: {
      default: {
        ...{ maxTimeToFirstByteMs: maxFirstByteMs, maxLoadTimeMs: maxLoadMs },
        timeoutRetry: { maxNumRetry: timeoutRetries, retryDelayMs: 0, maxRetryDelayMs: 0 },
        errorRetry: { maxNumRetry: errorRetries, retryDelayMs: errorDelayMs, maxRetryDelayMs: maxErrorDelayMs },
      },
    },
  });
  let restarts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  hls.on(Hls.Events.FRAG_LOADED, (_event, { frag }) => {
    const segment = playlists.segments.get(frag.url);
    if (segment !== undefined) onSegment(segment);
  });
  hls.on(Hls.Events.ERROR, (_event, { fatal, type, details }) => {
    if (!fatal) return;
    restarts += 1;
    if (restarts > MAX_RESTARTS) onFailed(details);
    else if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else timer = setTimeout(() => hls.startLoad(), RESTART_MS);
  });
  hls.attachMedia(video);
  hls.loadSource(playlists.master);
  video.play().catch(() => undefined);
  return () => {
    clearTimeout(timer);
    const estimate = hls.bandwidthEstimate;
    hls.destroy();
    return Number.isFinite(estimate) ? estimate : null;
  };
}

/** A class for hls.js' `pLoader` that answers from memory: playlists are no part of what is compared. */
function textLoader(texts: ReadonlyMap<string, string>): new (config: HlsConfig) => Loader<PlaylistLoaderContext> {
  return class implements Loader<PlaylistLoaderContext> {
    context: PlaylistLoaderContext | null = null;
    readonly stats: LoaderStats = {
      ...{ aborted: false, loaded: 0, retry: 0, total: 0, chunkCount: 0, bwEstimate: 0 },
      loading: { start: 0, first: 0, end: 0 },
      parsing: { start: 0, end: 0 },
      buffering: { start: 0, first: 0, end: 0 },
    };

    load(
      context: PlaylistLoaderContext,
      _configuration: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      this.context = context;
      const { stats } = this;
      stats.loading.start = performance.now();
      const text = texts.get(context.url);
      // As a loader of the network would: later, not in the caller's own turn.
      queueMicrotask(() => {
        if (stats.aborted) return;
        stats.loading.first = stats.loading.end = performance.now();
        stats.loaded = stats.total = text?.length ?? 0;
        if (text === undefined) callbacks.onError({ code: 404, text: "Not found" }, context, null, stats);
        else callbacks.onSuccess({ url: context.url, data: text, code: 200 }, stats, context, null);
      });
    }

    abort(): void {
      this.stats.aborted = true;
    }

    destroy(): void {
      this.stats.aborted = true;
      this.context = null;
    }
  };
}
