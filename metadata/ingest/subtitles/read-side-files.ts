/** Tells the subtitle files of a group from its films, and reads them. */
import { MAX_RENDITIONS } from "#wire/contract/limits.ts";
import { readHead } from "../package/read-head.ts";
import { UnsupportedMediaError } from "../package/unsupported-media-error.ts";
import type { ReadSubtitles } from "../store-extras.ts";
import type { SourceUpload } from "../video-job.ts";
import { isSideFile, languageLabel, sideFileLanguage } from "./side-file.ts";
import { LARGEST_SUBTITLE_BYTES, subtitleText, toWebVtt } from "./web-vtt.ts";

/** Besides four qualities; then there is no room for tracks that are inside the film. */
const MAX_SIDE_FILES = MAX_RENDITIONS - 4;

/** @throws UnsupportedMediaError when one cannot be read, when there are too many, or when there is nothing else */
export async function readSideFiles(
  sources: readonly SourceUpload[],
): Promise<{ texts: ReadSubtitles[]; films: SourceUpload[] }> {
  const texts: ReadSubtitles[] = [];
  const besides = sources.filter(({ fileName }) => isSideFile(fileName));
  const films = sources.filter(({ fileName }) => !isSideFile(fileName));
  if (films.length === 0) throw subtitlesAlone();
  if (besides.length > MAX_SIDE_FILES) throw tooManyFiles(besides.length);
  for (const { path, fileName } of besides) {
    const bytes = await readHead(path, LARGEST_SUBTITLE_BYTES + 1);
    if (bytes.length > LARGEST_SUBTITLE_BYTES) throw tooLarge(fileName);
    const language = sideFileLanguage(fileName);
    const track = { language, label: languageLabel(language) };
    texts.push({ name: fileName, track, text: toWebVtt(subtitleText(bytes), fileName) });
  }
  return { texts, films };
}

function tooLarge(fileName: string): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "not-media",
    message: `Cannot read "${fileName}" as subtitles: it is larger than ${LARGEST_SUBTITLE_BYTES / 1024 / 1024} MiB`,
    advice: "Upload the video again with subtitles in WebVTT (.vtt) or SubRip (.srt), or without them",
  });
}

function tooManyFiles(count: number): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "not-media",
    message: `Cannot store ${count} subtitle files with one video: ${MAX_SIDE_FILES} is the most`,
    advice: "Upload the video again with the most important ones",
  });
}

function subtitlesAlone(): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "not-media",
    message: "Cannot make a video of subtitles alone",
    advice: "Upload them together with their video, as one group of files",
  });
}
