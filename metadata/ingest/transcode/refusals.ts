/** Refusals that only arise with ffmpeg at work; the packager's own are in package/refusals.ts. */
import { MAX_SEGMENTS } from "#wire/contract/limits.ts";
import { damaged, REENCODE_COMMAND } from "../package/refusals.ts";
import { UnsupportedMediaError } from "../package/unsupported-media-error.ts";
import type { Overrun } from "./child-limits.ts";

/** What ffmpeg complains about may name files; a few lines say enough. */
const MAX_COMPLAINT_CHARACTERS = 300;

export function dolbyVisionOnly(): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "unsupported-codec",
    message: "Cannot convert Dolby Vision profile 5: its colours make sense to Dolby Vision decoders alone",
    advice:
      "Export the film as HDR10, HLG or SDR (H.264 or HEVC) in the program that it was made with, and upload that",
  });
}

export function tooLong(durationSeconds: number): UnsupportedMediaError {
  const hours = (seconds: number) => `${(seconds / 3600).toFixed(0)} h`;
  return new UnsupportedMediaError({
    code: "segment-too-large",
    message: `Cannot store ${hours(durationSeconds)} as one video: ${hours(MAX_SEGMENTS * 4)} is the most`,
    advice: "Cut it into several files and upload them one by one",
  });
}

/** ffmpeg passed a limit. */
export function overran(overrun: Overrun): UnsupportedMediaError {
  const found: Readonly<Record<Overrun, string>> = {
    time: "it took far longer than its length allows",
    silence: "it came to a standstill",
    memory: "it needed more memory than an upload may",
    output: "it grew larger than its length allows",
  };
  return new UnsupportedMediaError({
    code: "reencoding-failed",
    message: `Cannot re-encode the file as ${found[overrun]}`,
    advice: `Convert it before the upload: ${REENCODE_COMMAND}`,
  });
}

/** ffmpeg gave up by itself. */
export function gaveUp(complaint: string, inputPath: string): UnsupportedMediaError {
  const lines = complaint.replaceAll(`file:${inputPath}`, "the file").replaceAll(inputPath, "the file").split("\n");
  const text = lines.slice(-3).join("; ").slice(0, MAX_COMPLAINT_CHARACTERS);
  return damaged(text === "" ? "ffmpeg cannot read it" : `ffmpeg says: ${text}`);
}

/** Less came out than the file announces. */
export function endsEarly(foundSeconds: number, announcedSeconds: number): UnsupportedMediaError {
  return damaged(`its pictures end at ${foundSeconds.toFixed(1)} s, and it announces ${announcedSeconds.toFixed(1)} s`);
}
