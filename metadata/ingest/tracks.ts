/** Which tracks of a file go where: the sound inside the picture, further sound, subtitles; and what is left out, in words. */
import { MAX_RENDITIONS } from "#wire/contract/limits.ts";
import type { TrackNames } from "./rendition-facts.ts";
import { languageLabel } from "./subtitles/side-file.ts";
import type { AudioFacts, MediaFacts, SubtitleFacts } from "./transcode/media-facts.ts";
import { PLAYABLE_AUDIO } from "./transcode/route.ts";

/** What is left beside four qualities, for sound and subtitles by halves; subtitle files take what they need. */
const PLACES = MAX_RENDITIONS - 4;
const MAX_SUBTITLES = PLACES / 2;
/** ffmpeg's names of subtitles that are text. */
const TEXT_SUBTITLES = [
  ...["subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text", "microdvd", "subviewer", "subviewer1", "sami"],
  ...["realtext", "jacosub", "mpl2", "pjs", "vplayer", "stl", "ttml"],
];

export interface ChosenTracks {
  /** Null for a silent film. */
  readonly mainAudio: AudioFacts | null;
  readonly furtherAudio: readonly AudioFacts[];
  readonly subtitles: readonly SubtitleFacts[];
  /** Sentences about what is left out. */
  readonly leftOut: readonly string[];
}

/**
 * @param isOwnPackager whether our packager takes the frames: it takes the first sound that browsers play
 * @param sideFiles subtitle files beside the video; they come first
 */
export function chooseTracks(
  { audio, subtitles }: MediaFacts,
  { isOwnPackager, sideFiles }: { isOwnPackager: boolean; sideFiles: number },
): ChosenTracks {
  const mainAudio = isOwnPackager
    ? audio.find(({ codec }) => PLAYABLE_AUDIO.includes(codec))
    : (audio.find(({ isDefault }) => isDefault) ?? audio[0]);
  const furtherAudio = audio.filter((track) => track !== mainAudio && track.codec !== "unknown");
  const texts = subtitles.filter(({ codec }) => TEXT_SUBTITLES.includes(codec));
  const pictures = subtitles.filter((track) => !texts.includes(track));
  const subtitlePlaces = Math.max(0, MAX_SUBTITLES - sideFiles);
  const audioPlaces = PLACES - Math.max(MAX_SUBTITLES, sideFiles);
  return {
    mainAudio: mainAudio ?? null,
    furtherAudio: furtherAudio.slice(0, audioPlaces),
    subtitles: texts.slice(0, subtitlePlaces),
    leftOut: [
      ...(pictures.length === 0 ? [] : [`Left out subtitles that are no text (${codecNames(pictures)})`]),
      ...tooMany("audio tracks", furtherAudio.length - audioPlaces),
      ...tooMany("subtitles", texts.length - subtitlePlaces),
    ],
  };
}

export function trackNames({ language, title }: Pick<SubtitleFacts, "language" | "title">): TrackNames {
  return { language, label: title ?? languageLabel(language) };
}

function codecNames(tracks: readonly SubtitleFacts[]): string {
  return [...new Set(tracks.map(({ codec }) => codec))].join(", ");
}

function tooMany(what: string, count: number): string[] {
  return count > 0 ? [`Left out ${count} ${what} beyond what one video may have`] : [];
}
