/** Subtitle files that are uploaded beside a video, in one group with it: known by their names. */
import { languageOf } from "../transcode/media-facts.ts";

const SIDE_FILE = /^(.*?)(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?\.(?:vtt|srt)$/i;

/** Whether a file is meant as subtitles: `film.vtt`, `film.en.srt`. */
export function isSideFile(fileName: string): boolean {
  return SIDE_FILE.test(fileName);
}

/** The language in a name such as `film.pt-BR.vtt`, as BCP 47; null when there is none. */
export function sideFileLanguage(fileName: string): string | null {
  return languageOf(SIDE_FILE.exec(fileName)?.[2]);
}

/** A language's name for a menu, "Portuguese (Brazil)"; null for none. */
export function languageLabel(language: string | null): string | null {
  if (language === null) return null;
  return new Intl.DisplayNames(["en"], { type: "language" }).of(language) ?? language;
}
