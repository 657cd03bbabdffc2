/**
 * What ffprobe says about a file, reduced to what decides how it becomes a video. Pure: text in, facts out. Pictures that
 * only decorate (album covers) are no video.
 */
import * as v from "valibot";

/** A transfer function of high dynamic range: SMPTE ST 2084 (`pq`) or ARIB STD-B67 (`hlg`). */
export type HighDynamicRange = "pq" | "hlg";

export interface VideoFacts {
  /** Number of the stream in its file. */
  readonly index: number;
  /** ffmpeg's name, "h264". */
  readonly codec: string;
  /** As shown: after rotation and pixel aspect ratio. Pixels, not necessarily even. */
  readonly width: number;
  readonly height: number;
  /** 8 bits and a colour sample for each four pixels: what every browser decodes. */
  readonly isOrdinaryPixels: boolean;
  readonly isInterlaced: boolean;
  readonly highDynamicRange: HighDynamicRange | null;
  /** Dolby Vision without a picture that other decoders show in the right colours (profile 5). */
  readonly isDolbyVisionOnly: boolean;
  /** Frames per second at which it is shown: its own rate, or a constant one that fits a variable rate. 5..60. */
  readonly frameRate: number;
  /** The same as a fraction of ffmpeg's, "30000/1001". */
  readonly frameRateText: string;
  /** Seconds; null when its container does not tell. */
  readonly durationSeconds: number | null;
}

export interface AudioFacts {
  readonly index: number;
  readonly codec: string;
  /** BCP 47; null when the file does not say. */
  readonly language: string | null;
  readonly title: string | null;
  readonly isDefault: boolean;
  readonly durationSeconds: number | null;
}

export interface SubtitleFacts {
  readonly index: number;
  readonly codec: string;
  readonly language: string | null;
  readonly title: string | null;
}

export interface MediaFacts {
  /** ffmpeg's names of the container, "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly container: string;
  /** Seconds; null when nothing tells. */
  readonly durationSeconds: number | null;
  readonly sizeBytes: number;
  readonly video: VideoFacts | null;
  readonly audio: readonly AudioFacts[];
  readonly subtitles: readonly SubtitleFacts[];
}

const FASTEST_RATE = 60;
const SLOWEST_RATE = 5;
/** Rates for video of a variable rate: the next one from its average on. */
const USUAL_RATES = [5, 10, 15, 24, 25, 30, 50, 60] as const;
/** Base and average rate of a constant rate differ by the rounding of timestamps. */
const SAME_RATE_RATIO = 0.02;
/** Of a track's own words, so that a menu stays a menu. */
const MAX_LABEL_CHARACTERS = 80;

const ORDINARY_PIXELS = ["yuv420p", "yuvj420p", "nv12"];
const INTERLACED_ORDERS = ["tt", "bb", "tb", "bt"];
const TRANSFERS: Readonly<Record<string, HighDynamicRange>> = { smpte2084: "pq", "arib-std-b67": "hlg" };

const StreamSchema = v.object({
  index: v.number(),
  codec_type: v.optional(v.string(), "unknown"),
  codec_name: v.optional(v.string(), "unknown"),
  width: v.optional(v.number(), 0),
  height: v.optional(v.number(), 0),
  sample_aspect_ratio: v.optional(v.string(), "1:1"),
  pix_fmt: v.optional(v.string(), ""),
  field_order: v.optional(v.string(), "unknown"),
  color_transfer: v.optional(v.string(), ""),
  r_frame_rate: v.optional(v.string(), "0/0"),
  avg_frame_rate: v.optional(v.string(), "0/0"),
  duration: v.optional(v.string()),
  disposition: v.optional(v.record(v.string(), v.number()), {}),
  tags: v.optional(v.record(v.string(), v.string()), {}),
  side_data_list: v.optional(
    v.array(
      v.object({
        rotation: v.optional(v.number()),
        dv_profile: v.optional(v.number()),
        dv_bl_signal_compatibility_id: v.optional(v.number()),
      }),
    ),
    [],
  ),
});
type Stream = v.InferOutput<typeof StreamSchema>;

const AnswerSchema = v.object({
  streams: v.optional(v.array(StreamSchema), []),
  format: v.object({
    format_name: v.optional(v.string(), "unknown"),
    duration: v.optional(v.string()),
    size: v.optional(v.string(), "0"),
  }),
});

/** @param text JSON of `ffprobe -show_streams -show_format`. @returns undefined when it is none */
export function mediaFacts(text: string): MediaFacts | undefined {
  const parsed = v.safeParse(AnswerSchema, jsonOf(text));
  if (!parsed.success) return undefined;
  const { streams, format } = parsed.output;
  const ofType = (type: string) => streams.filter((stream) => stream.codec_type === type);
  const pictures = ofType("video").filter(({ disposition, width, height }) => {
    return disposition["attached_pic"] !== 1 && width > 0 && height > 0;
  });
  const [picture] = [...pictures].sort((a, b) => (b.disposition["default"] ?? 0) - (a.disposition["default"] ?? 0));
  return {
    container: format.format_name,
    durationSeconds: secondsOf(format.duration),
    sizeBytes: Number(format.size),
    video: picture === undefined ? null : videoFacts(picture),
    audio: ofType("audio").map((stream) => ({
      ...trackFacts(stream),
      isDefault: stream.disposition["default"] === 1,
      durationSeconds: durationOf(stream),
    })),
    subtitles: ofType("subtitle").map(trackFacts),
  };
}

function videoFacts(stream: Stream): VideoFacts {
  const rotation = rotationOf(stream);
  const [across, down] = ratioOf(stream.sample_aspect_ratio, ":");
  const pixelRatio = across > 0 && down > 0 ? across / down : 1;
  // Whatever is squeezed is made wider or higher, never smaller: no picture line is lost.
  const upright = {
    width: Math.round(stream.width * Math.max(1, pixelRatio)),
    height: Math.round(stream.height / Math.min(1, pixelRatio)),
  };
  const isTurned = rotation % 180 !== 0;
  const vision = stream.side_data_list.find(({ dv_profile }) => dv_profile !== undefined);
  return {
    index: stream.index,
    codec: stream.codec_name,
    width: isTurned ? upright.height : upright.width,
    height: isTurned ? upright.width : upright.height,
    isOrdinaryPixels: ORDINARY_PIXELS.includes(stream.pix_fmt),
    isInterlaced: INTERLACED_ORDERS.includes(stream.field_order),
    highDynamicRange: TRANSFERS[stream.color_transfer] ?? null,
    isDolbyVisionOnly: vision?.dv_profile === 5 || (vision !== undefined && vision.dv_bl_signal_compatibility_id === 0),
    ...frameRateOf(stream),
    durationSeconds: durationOf(stream),
  };
}

/** Quarter turns, 0..270; older files say it in a tag, newer ones in a matrix. */
function rotationOf({ side_data_list: sideData, tags }: Stream): number {
  const said = sideData.find(({ rotation }) => rotation !== undefined)?.rotation ?? Number(tags["rotate"] ?? 0);
  return Number.isFinite(said) ? (((Math.round(said / 90) * 90) % 360) + 360) % 360 : 0;
}

function frameRateOf(stream: Stream): { frameRate: number; frameRateText: string } {
  const [baseAbove, baseBelow] = ratioOf(stream.r_frame_rate, "/");
  const [averageAbove, averageBelow] = ratioOf(stream.avg_frame_rate, "/");
  const base = baseBelow > 0 ? baseAbove / baseBelow : 0;
  const average = averageBelow > 0 ? averageAbove / averageBelow : base;
  const isConstant = base > 0 && Math.abs(base - average) <= SAME_RATE_RATIO * base;
  if (isConstant && base >= SLOWEST_RATE && base <= FASTEST_RATE) {
    return { frameRate: base, frameRateText: stream.r_frame_rate };
  }
  const wanted = average > 0 ? average * (1 - SAME_RATE_RATIO) : 25;
  const rate = USUAL_RATES.find((usual) => usual >= wanted) ?? FASTEST_RATE;
  return { frameRate: rate, frameRateText: `${rate}/1` };
}

function trackFacts({ index, codec_name, tags }: Stream): SubtitleFacts {
  return { index, codec: codec_name, language: languageOf(tags["language"]), title: labelOf(tags["title"]) };
}

/** "ger" and "deu" are "de"; what is no language tag, and "undetermined", are nothing. */
export function languageOf(tag: string | undefined): string | null {
  if (tag === undefined || tag === "" || tag.length > 35) return null;
  try {
    const [language] = Intl.getCanonicalLocales(tag);
    return language === undefined || /^(und|mis|zxx|mul)\b/.test(language) ? null : language;
  } catch {
    return null;
  }
}

function labelOf(text: string | undefined): string | null {
  const clean = (text ?? "").replaceAll(/\p{Cc}+/gu, " ").trim();
  return clean === "" ? null : clean.slice(0, MAX_LABEL_CHARACTERS);
}

/** Matroska tells the length of a track in a tag, "00:00:02.006000000". */
function durationOf({ duration, tags }: Stream): number | null {
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(tags["DURATION"] ?? "") ?? [];
  if (seconds === undefined) return secondsOf(duration);
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function secondsOf(text: string | undefined): number | null {
  const seconds = Number(text ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

function ratioOf(text: string, mark: ":" | "/"): [number, number] {
  const [above = 0, below = 0] = text.split(mark).map(Number);
  return [above, below];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
