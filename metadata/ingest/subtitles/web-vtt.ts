/**
 * Subtitle text, from whatever a person has (WebVTT, SubRip), to the WebVTT that we store (https://www.w3.org/TR/webvtt1/):
 * cues with times and text, in order, nothing else. Styles, regions and notes are left out: they are instructions to a page
 * from whoever uploaded the file.
 */
import { UnsupportedMediaError } from "../package/unsupported-media-error.ts";

/** A subtitle file of a whole day is a few megabytes. */
export const LARGEST_SUBTITLE_BYTES = 8 * 1024 * 1024;
const MAX_CUES = 100_000;
/** Cue settings that only place text; others, and regions, are left out. */
const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?[\d.]+%?(?:,(?:start|center|end))?|position:[\d.]+%(?:,[a-z-]+)?|size:[\d.]+%|align:(?:start|center|end|left|right))$/;
const TIME = /^(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})$/;
const ARROW = /^\s*(\S+)\s+-->\s+(\S+)(.*)$/;

interface Cue {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly settings: readonly string[];
  readonly lines: readonly string[];
}

/**
 * @param text WebVTT or SubRip
 * @param fileName for messages
 * @throws UnsupportedMediaError `not-media` when there is no cue in it
 */
export function toWebVtt(text: string, fileName: string): string {
  const cues = cuesOf(text);
  if (cues.length === 0) throw noSubtitles(fileName, "there is no line with times in it");
  if (cues.length > MAX_CUES) throw noSubtitles(fileName, `it has more than ${MAX_CUES} cues`);
  const blocks = [...cues].sort((a, b) => a.startSeconds - b.startSeconds).map(cueText);
  return `WEBVTT\n\n${blocks.join("\n\n")}\n`;
}

/** Bytes as text: UTF-8 or UTF-16 where that is what they are, else the encoding that old subtitle files have. */
export function subtitleText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function cuesOf(text: string): Cue[] {
  const lines = text.replaceAll("\0", "\uFFFD").split(/\r\n|\r|\n/);
  const cues: Cue[] = [];
  let at = 0;
  while (at < lines.length && cues.length <= MAX_CUES) {
    const times = ARROW.exec(lines[at] ?? "");
    at += 1;
    const [startSeconds, endSeconds] = [secondsOf(times?.[1]), secondsOf(times?.[2])];
    if (startSeconds === null || endSeconds === null) continue;
    const said: string[] = [];
    // A block ends with an empty line; one that holds an arrow begins the next cue, its number stands before it.
    for (; at < lines.length && lines[at]?.trim() !== "" && !ARROW.test(lines[at] ?? ""); at += 1) {
      said.push((lines[at] ?? "").replaceAll("-->", "→"));
    }
    if (endSeconds <= startSeconds || said.length === 0) continue;
    const settings = (times?.[3] ?? "").split(/\s+/).filter((setting) => SETTING.test(setting));
    cues.push({ startSeconds, endSeconds, settings, lines: said });
  }
  return cues;
}

function cueText({ startSeconds, endSeconds, settings, lines }: Cue): string {
  const times = `${timeText(startSeconds)} --> ${timeText(endSeconds)}`;
  return `${[times, ...settings].join(" ")}\n${lines.join("\n")}`;
}

function secondsOf(text: string | undefined): number | null {
  const [, hours = "0", minutes, seconds, fraction] = TIME.exec(text ?? "") ?? [];
  if (minutes === undefined || seconds === undefined || fraction === undefined) return null;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(fraction.padEnd(3, "0")) / 1000;
}

function timeText(seconds: number): string {
  const milliseconds = Math.round(seconds * 1000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const [hours, minutes] = [milliseconds / 3_600_000, (milliseconds / 60_000) % 60];
  return `${two(hours)}:${two(minutes)}:${two((milliseconds / 1000) % 60)}.${String(milliseconds % 1000).padStart(3, "0")}`;
}

function noSubtitles(fileName: string, found: string): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "not-media",
    message: `Cannot read "${fileName}" as subtitles: ${found}`,
    advice: "Upload the video again with subtitles in WebVTT (.vtt) or SubRip (.srt), or without them",
  });
}
