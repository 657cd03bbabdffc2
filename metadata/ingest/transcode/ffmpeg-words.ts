/**
 * The command lines. Pure, so that tests can say what is in them. Whatever is read is a file of ours under a name of ours, in
 * a format of this list; playlists and everything else that names other files are not in it.
 */
import type { Rung } from "./ladder.ts";
import type { AudioFacts, MediaFacts, VideoFacts } from "./media-facts.ts";
import { ENCODED_SEGMENT_SECONDS } from "./route.ts";

/** Demuxers (`ffmpeg -demuxers`) for one file with media in it. */
const FORMATS = [
  ...["mov", "mp4", "m4a", "3gp", "matroska", "webm", "avi", "flv", "mpegts", "mpeg", "mpegvideo", "asf", "ogg", "rm"],
  ...["mxf", "nut", "dv", "gif", "ivf", "h264", "hevc", "m4v", "gxf", "wtv", "nsv", "roq", "vivo", "smk", "bink"],
  ...["wav", "w64", "mp3", "aac", "flac", "ac3", "eac3", "dts", "aiff", "caf", "amr", "wv", "ape", "tta", "au", "opus"],
];
/** A picture of 8192 by 8192; a header that says more is a lie or a bomb. */
const MAX_PIXELS = 8192 * 8192;
/** Streams of a broadcast recording begin late. Bytes and microseconds. */
const LOOK_AT = ["-probesize", "20000000", "-analyzeduration", "20000000"];
const AUDIO_BITS_PER_SECOND = "128k";
const AUDIO_RATE = "48000";
/** Copied frames are cut at the first keyframe after this. Microseconds. */
const SHORTEST_COPIED_US = "2500000";
/** Times of video in the MP4: divides by all usual frame rates. */
const VIDEO_TIMESCALE = "90000";
const POSTER_WIDTH = 640;

/** One output of a run: MP4 fragments, each a segment. */
export type Output =
  | { readonly kind: "video"; readonly rung: Rung }
  | { readonly kind: "copy" }
  | { readonly kind: "audio"; readonly track: AudioFacts };

export interface Run {
  readonly path: string;
  readonly media: MediaFacts;
  /** The sound inside the video; null without. */
  readonly mainAudio: AudioFacts | null;
  readonly outputs: readonly Output[];
  /** Whether the shorter of sound and picture is made to last as long as the other, by what the file announces. */
  readonly isFilledUp: boolean;
  readonly canToneMap: boolean;
  /** Threads of each decoder and encoder. */
  readonly threads: number;
}

export function probeWords(path: string): string[] {
  return ["-v", "error", "-print_format", "json", "-show_streams", "-show_format", ...inputWords(path)];
}

/** Output n goes to pipe n + 3; standard output tells the progress. */
export function runWords(run: Run): string[] {
  const rungs = run.outputs.flatMap((output) => (output.kind === "video" ? [output.rung] : []));
  const graph = filterGraph(run, rungs);
  let rung = 0;
  const outputs = run.outputs.flatMap((output, index) => {
    const pipe = `pipe:${index + 3}`;
    switch (output.kind) {
      case "video":
        return [...encodedWords(run, output.rung, rung++), ...FRAGMENTS, "-movflags", KEYFRAME_FRAGMENTS, pipe];
      case "copy":
        return [...copiedWords(run), ...FRAGMENTS, "-movflags", COPIED_FRAGMENTS, ...COPIED, pipe];
      case "audio":
        return [...audioWords(run, output.track), ...FRAGMENTS, "-movflags", TIMED_FRAGMENTS, ...TIMED, pipe];
    }
  });
  return [
    ...["-v", "error", "-nostdin", "-threads", String(run.threads), ...inputWords(run.path, "-i")],
    ...["-filter_complex_threads", String(run.threads), ...(graph === "" ? [] : ["-filter_complex", graph])],
    ...outputs,
    ...["-progress", "pipe:1"],
  ];
}

/** All text subtitles in one reading of the file; output n goes to pipe n + 3. */
export function subtitleWords(path: string, streams: readonly number[]): string[] {
  const outputs = streams.flatMap((stream, index) => ["-map", `0:${stream}`, "-f", "webvtt", `pipe:${index + 3}`]);
  return ["-v", "error", "-nostdin", ...inputWords(path, "-i"), ...outputs];
}

/** One picture as JPEG on pipe 3. */
export function posterWords(run: Pick<Run, "path" | "canToneMap">, video: VideoFacts, atSeconds: number): string[] {
  const width = Math.min(POSTER_WIDTH, video.width);
  const height = Math.max(1, Math.round((video.height * width) / video.width));
  const filters = pictureFilters(video, { size: { width, height }, canToneMap: run.canToneMap });
  const seek = ["-ss", atSeconds.toFixed(3)];
  const picture = ["-map", `0:${video.index}`, "-frames:v", "1", "-vf", filters.join(","), "-q:v", "4", "-f", "mjpeg"];
  return ["-v", "error", "-nostdin", ...seek, ...inputWords(run.path, "-i"), ...picture, "pipe:3"];
}

/** Sound waits for pictures however late they come, as they share a segment: what waits is sound, and so small. */
const INTERLEAVED = ["-max_interleave_delta", "0", "-max_muxing_queue_size", "100000"];
const FRAGMENTS = [
  ...["-map_metadata", "-1", "-map_chapters", "-1", ...INTERLEAVED],
  ...["-f", "mp4", "-video_track_timescale", VIDEO_TIMESCALE],
];
const FRAGMENT_FLAGS = "+delay_moov+default_base_moof+skip_trailer";
const KEYFRAME_FRAGMENTS = `${FRAGMENT_FLAGS}+frag_keyframe`;
const TIMED_FRAGMENTS = FRAGMENT_FLAGS;
const TIMED = ["-frag_duration", String(ENCODED_SEGMENT_SECONDS * 1_000_000)];
/**
 * Pictures may begin later than sound. ffmpeg would say so by an edit list of two entries, of which Chromium ignores one and
 * with it the delay of B-frames; so there are no edit lists, times begin where they begin, and offsets may be negative.
 */
const COPIED_FRAGMENTS = `${KEYFRAME_FRAGMENTS}+frag_discont+negative_cts_offsets`;
const COPIED = ["-use_editlist", "0", "-avoid_negative_ts", "make_zero", "-min_frag_duration", SHORTEST_COPIED_US];

function inputWords(path: string, flag?: "-i"): string[] {
  const allowed = ["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS.join(",")];
  const decoder = flag === undefined ? [] : ["-max_pixels", String(MAX_PIXELS)];
  return [...allowed, ...LOOK_AT, ...decoder, ...(flag === undefined ? [] : [flag]), `file:${path}`];
}

function filterGraph({ media, mainAudio, isFilledUp, canToneMap }: Run, rungs: readonly Rung[]): string {
  const { video } = media;
  const [top] = rungs;
  if (video === null || top === undefined) return "";
  const first = [
    ...pictureFilters(video, { size: top, canToneMap }),
    `fps=fps=${video.frameRateText}:start_time=0`,
    ...(isFilledUp ? lastPictureHeld(video, mainAudio) : []),
  ];
  const pictures = rungs.map((_, index) => `[p${index}]`).join("");
  const scaled = rungs.map(({ width, height }, index) => {
    return `[p${index}]${index === 0 ? "null" : `scale=${width}:${height}:flags=bicubic,setsar=1`}[v${index}]`;
  });
  const sounds = rungs.map((_, index) => `[a${index}]`).join("");
  const sound =
    mainAudio === null
      ? []
      : [`[0:${mainAudio.index}]${soundFilters(isFilledUp ? video : null).join(",")},asplit=${rungs.length}${sounds}`];
  return [`[0:${video.index}]${first.join(",")},split=${rungs.length}${pictures}`, ...scaled, ...sound].join(";");
}

/** From coded pictures to upright, whole, square-pixelled 8-bit ones of a size. ffmpeg itself turns them before. */
function pictureFilters(
  video: VideoFacts,
  { size, canToneMap }: { size: { width: number; height: number }; canToneMap: boolean },
): string[] {
  const deinterlaced = video.isInterlaced ? ["yadif=mode=send_frame"] : [];
  // Scaled down first: tone mapping works in floating point.
  const scaled = [`scale=${size.width}:${size.height}:flags=bicubic`, "setsar=1"];
  const isMapped = video.highDynamicRange !== null && canToneMap;
  return [...deinterlaced, ...scaled, ...(isMapped ? TONE_MAPPING : []), "format=yuv420p"];
}

/** To linear light, into the smaller colour space, highlights rolled off, back to what ordinary screens expect. */
const TONE_MAPPING = [
  "zscale=transfer=linear:npl=100",
  "format=gbrpf32le",
  "zscale=primaries=bt709",
  "tonemap=tonemap=hable:desat=0",
  "zscale=transfer=bt709:matrix=bt709:range=tv",
];

/** Sound that goes on after the last picture is heard with that picture. */
function lastPictureHeld(video: VideoFacts, audio: AudioFacts | null): string[] {
  const missingSeconds = (audio?.durationSeconds ?? 0) - (video.durationSeconds ?? Number.POSITIVE_INFINITY);
  return missingSeconds > 0.1 ? [`tpad=stop_mode=clone:stop_duration=${missingSeconds.toFixed(3)}`] : [];
}

/** Begins with the video, has no holes, and is silent where the video outlasts it: players wait for missing sound. */
function soundFilters(video: VideoFacts | null): string[] {
  const wholeSeconds = video?.durationSeconds ?? null;
  const padded = wholeSeconds === null ? [] : [`apad=whole_dur=${wholeSeconds.toFixed(3)}`];
  return [`aresample=${AUDIO_RATE}:async=1:first_pts=0`, "aformat=channel_layouts=stereo", ...padded];
}

function encodedWords({ media, mainAudio }: Run, rung: Rung, index: number): string[] {
  const frameRate = media.video?.frameRate ?? 25;
  const kilobits = Math.round(rung.maxBitsPerSecond / 1000);
  return [
    ...["-map", `[v${index}]`, ...(mainAudio === null ? [] : ["-map", `[a${index}]`])],
    ...["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p"],
    ...["-crf", "23", "-maxrate", `${kilobits}k`, "-bufsize", `${2 * kilobits}k`],
    // Keyframes where segments begin and nowhere else, and nothing that reaches across them.
    ...["-force_key_frames", `expr:gte(t,n_forced*${ENCODED_SEGMENT_SECONDS})`, "-forced-idr", "1"],
    ...["-g", String(Math.ceil(2 * ENCODED_SEGMENT_SECONDS * frameRate)), "-sc_threshold", "0", "-flags", "+cgop"],
    ...(mainAudio === null ? [] : AAC),
  ];
}

function copiedWords({ media: { video }, mainAudio }: Run): string[] {
  const sound = mainAudio === null ? [] : ["-map", `0:${mainAudio.index}`, ...copiedOrEncoded(mainAudio)];
  return ["-map", `0:${video?.index ?? 0}`, "-c:v", "copy", ...sound];
}

function copiedOrEncoded({ codec }: AudioFacts): string[] {
  // Transport streams carry AAC with headers that MP4 does not; without them the filter does nothing.
  return codec === "aac" ? ["-c:a", "copy", "-bsf:a", "aac_adtstoasc"] : ["-af", soundFilters(null).join(","), ...AAC];
}

function audioWords({ media: { video } }: Run, track: AudioFacts): string[] {
  return ["-map", `0:${track.index}`, "-af", soundFilters(video).join(","), ...AAC];
}

const AAC = ["-c:a", "aac", "-b:a", AUDIO_BITS_PER_SECOND, "-ar", AUDIO_RATE, "-ac", "2"];
