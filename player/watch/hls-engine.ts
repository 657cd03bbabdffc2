/**
 * hls.js behind one small face. With hls-segment-loader.ts the only place that knows it: another playback library means
 * another pair of files. One address per segment and one pathway: the choice of nodes and every retry at a node happen
 * below, in the worker or in the gateway.
 */
import type { ErrorData, HlsConfig, Level, MediaPlaylist } from "hls.js";
import Hls, { PlaylistLevelType } from "hls.js";
import type { VideoId } from "#core/ids.ts";
import { PATHS, parseMediaPath, QUERY } from "#wire/contract/paths.ts";
import type { LoaderSurroundings } from "./hls-segment-loader.ts";
import { segmentLoaderFor } from "./hls-segment-loader.ts";
import type { PlaybackFault, RecoveryState } from "./recovery.ts";
import { afterFault, FRESH_RECOVERY } from "./recovery.ts";

export interface Quality {
  /** hls.js' number of the rendition. */
  readonly index: number;
  readonly rendition: string;
  readonly height: number;
  readonly bitsPerSecond: number;
}

/** A language or a version of sound or captions. */
export interface Track {
  /** hls.js' number of it. */
  readonly index: number;
  readonly name: string;
}

/** A segment as the playlist places it in time. */
export interface PlacedSegment {
  readonly rendition: string;
  readonly seq: number;
  readonly startSeconds: number;
  readonly durationSeconds: number;
}

export interface EngineOptions extends Omit<LoaderSurroundings, "estimateBitsPerSecond"> {
  readonly videoId: VideoId;
  readonly video: HTMLVideoElement;
  /** What an earlier viewing measured; undefined lets the library assume its own. */
  readonly startEstimateBitsPerSecond: number | undefined;
  readonly onQualities: (qualities: readonly Quality[]) => void;
  /** Another rendition is being shown. */
  readonly onQuality: (index: number) => void;
  readonly onAudioTracks: (tracks: readonly Track[], shown: number) => void;
  /** `shown` is -1 without captions. */
  readonly onSubtitleTracks: (tracks: readonly Track[], shown: number) => void;
  readonly onPlaced: (segment: PlacedSegment) => void;
  /** The network is tried again after a fatal error; undefined when it works again. */
  readonly onTrouble: (detail: string | undefined) => void;
  readonly onFailed: (detail: string) => void;
}

export interface PlaybackEngine {
  /** Chooses a rendition from the next segment on; -1 lets the measured bandwidth choose. */
  choose(index: number): void;
  chooseAudio(index: number): void;
  /** -1 shows none. */
  chooseSubtitles(index: number): void;
  /** What hls.js believes, in bits per second; null before the first measurement. */
  estimateBitsPerSecond(): number | null;
  /** Starts over after {@link EngineOptions.onFailed}, at the same time of the video. */
  retry(): void;
  destroy(): void;
}

/** False where Media Source Extensions are missing (older iPhones): there the browser plays HLS itself. */
export function canUseEngine(): boolean {
  return Hls.isSupported();
}

/** The strategy and the estimate let the worker begin what is asked for next (sw/head-start.ts). */
function masterAddress({ videoId, session, strategy, startEstimateBitsPerSecond }: EngineOptions): string {
  const query = new URLSearchParams({ [QUERY.session]: session, [QUERY.strategy]: strategy() });
  if (startEstimateBitsPerSecond !== undefined) query.set(QUERY.bandwidth, startEstimateBitsPerSecond.toFixed(0));
  return `${PATHS.masterPlaylist(videoId)}?${query}`;
}

export function startEngine(options: EngineOptions): PlaybackEngine {
  let measured = false;
  const hls: Hls = new Hls({
    ...CONFIG,
    ...(options.startEstimateBitsPerSecond === undefined
      ? {}
      : { abrEwmaDefaultEstimate: options.startEstimateBitsPerSecond }),
    fLoader: segmentLoaderFor({ ...options, estimateBitsPerSecond: () => hls.bandwidthEstimate }),
    xhrSetup: (xhr, url) => {
      const named = new URL(url, location.href);
      named.searchParams.set(QUERY.session, options.session);
      xhr.open("GET", named.href, true);
    },
  });
  const recovery = recoverWith(hls, options);
  hls.on(Hls.Events.MANIFEST_PARSED, (_event, { levels }) => options.onQualities(levels.map(qualityOf)));
  hls.on(Hls.Events.LEVEL_SWITCHED, (_event, { level }) => options.onQuality(level));
  tellTracks(hls, options);
  hls.on(Hls.Events.FRAG_LOADED, (_event, { frag }) => {
    // Sound and captions beside the picture have segments of their own, at other times.
    if (frag.type !== PlaylistLevelType.MAIN) return;
    const address = parseMediaPath(new URL(frag.url, location.href).pathname);
    if (address?.asks !== "segment") return;
    const { rendition, seq } = address;
    options.onPlaced({ rendition, seq, startSeconds: frag.start, durationSeconds: frag.duration });
  });
  hls.on(Hls.Events.FRAG_BUFFERED, () => {
    measured = true;
    recovery.works();
  });
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (data.fatal) recovery.fault(data);
  });
  hls.attachMedia(options.video);
  hls.loadSource(masterAddress(options));
  return {
    choose: (index) => {
      hls.nextLevel = index;
    },
    chooseAudio: (index) => {
      hls.audioTrack = index;
    },
    chooseSubtitles: (index) => {
      hls.subtitleTrack = index;
      hls.subtitleDisplay = index !== -1;
    },
    estimateBitsPerSecond: () => (measured ? hls.bandwidthEstimate : null),
    retry: () => recovery.retry(),
    destroy: () => {
      recovery.end();
      hls.destroy();
    },
  };
}

function tellTracks(hls: Hls, { onAudioTracks, onSubtitleTracks }: EngineOptions): void {
  const audio = () => onAudioTracks(hls.audioTracks.map(trackOf), hls.audioTrack);
  const subtitles = () => onSubtitleTracks(hls.subtitleTracks.map(trackOf), hls.subtitleTrack);
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, audio);
  hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, audio);
  hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, subtitles);
  hls.on(Hls.Events.SUBTITLE_TRACK_SWITCH, subtitles);
}

function trackOf({ name, lang }: MediaPlaylist, index: number): Track {
  return { index, name: name || lang || `Track ${index + 1}` };
}

const CONFIG: Partial<HlsConfig> = {
  // The segment loader answers whole and verified segments.
  progressive: false,
  // The first segment is fetched once, in a quality that will be shown.
  testBandwidth: false,
  // fMP4 needs no transmuxing, and the library's worker script would be one more thing to allow.
  enableWorker: false,
  // A bounded buffer keeps the worker busy and so alive, wastes little when a viewer leaves, and lets a change of
  // strategy be seen soon.
  maxBufferLength: 30,
  maxMaxBufferLength: 30,
  maxBufferSize: 30_000_000,
  backBufferLength: 60,
  capLevelToPlayerSize: false,
  fragLoadPolicy: {
    default: {
      // A slow network is the engine's affair, and the choice of quality the library's: what came so far is lost with a
      // load that is begun anew. These are for a worker that says nothing any more.
      maxTimeToFirstByteMs: 30_000,
      maxLoadTimeMs: 60_000,
      timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: {
        maxNumRetry: 4,
        retryDelayMs: 100,
        maxRetryDelayMs: 1000,
        // A stream that broke shows as status 0, which the library's own rule never retries.
        shouldRetry: (...[rule, count, , response, libraryWould]) =>
          libraryWould || (response?.code === 0 && count < (rule?.maxNumRetry ?? 0)),
      },
    },
  },
};

function recoverWith(hls: Hls, options: EngineOptions) {
  let state: RecoveryState = FRESH_RECOVERY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasQualities = false;
  hls.on(Hls.Events.LEVEL_LOADED, () => {
    hasQualities = true;
  });
  const loadAgain = () => {
    // Before the playlists are there nothing can be continued: the master is asked for again.
    if (hasQualities) hls.startLoad();
    else hls.loadSource(masterAddress(options));
  };
  return {
    works: () => {
      if (state === FRESH_RECOVERY) return;
      state = FRESH_RECOVERY;
      options.onTrouble(undefined);
    },
    fault: (data: ErrorData) => {
      const step = afterFault(state, faultOf(data));
      state = step.state;
      switch (step.act.do) {
        case "load-again":
          options.onTrouble(faultText(data));
          clearTimeout(timer);
          timer = setTimeout(loadAgain, step.act.afterMs);
          return;
        case "rebuild-decoder":
          hls.recoverMediaError();
          return;
        case "give-up":
          options.onFailed(faultText(data));
      }
    },
    retry: () => {
      const wasMedia = state.mediaTries > 0;
      state = FRESH_RECOVERY;
      if (wasMedia) hls.recoverMediaError();
      loadAgain();
    },
    end: () => clearTimeout(timer),
  };
}

function faultOf(data: ErrorData): PlaybackFault {
  // A video that is not there will not be there in eight seconds; a server that is away may be.
  const isMissing = data.response?.code === 404 || data.response?.code === 410;
  if (data.type === Hls.ErrorTypes.NETWORK_ERROR) return isMissing ? "other" : "network";
  return data.type === Hls.ErrorTypes.MEDIA_ERROR ? "media" : "other";
}

function faultText(data: ErrorData): string {
  const status = data.response?.code;
  if (status === 404 || status === 410) return "The video is not stored here (any more).";
  if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
    const answered = status === undefined || status === 0 ? "No answer came" : `The answer was ${status}`;
    return `The video could not be loaded from any place. ${answered} (${data.details}).`;
  }
  if (data.type === Hls.ErrorTypes.MEDIA_ERROR) {
    return `This browser could not decode the video (${data.details}).`;
  }
  return `Playback stopped (${data.details}).`;
}

function qualityOf(level: Level, index: number): Quality {
  const address = parseMediaPath(new URL(level.uri, location.href).pathname);
  return {
    index,
    rendition: address?.asks === "playlist" ? address.rendition : String(index),
    height: level.height,
    bitsPerSecond: level.bitrate,
  };
}
