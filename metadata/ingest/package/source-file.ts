/**
 * Opens one uploaded file with mediabunny and chooses the tracks to package: the first playable video track and the first
 * playable audio track, or, where none is playable, the first, so that a refusal can name it. Subtitles, further audio
 * and further video tracks are left out.
 * Everything mediabunny throws is translated here: an uploaded file is hostile input, and its parser throws plain
 * `Error`s, `TypeError`s and `RangeError`s on it.
 */

import { stat } from "node:fs/promises";
import {
  Input,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
  Logging,
  LogLevel,
  MATROSKA,
  MP4,
  QTFF,
  UnsupportedInputFormatError,
  WEBM,
} from "mediabunny";
import { refusalForUnknownFile } from "./container-name.ts";
import { openGuardedSource } from "./guarded-source.ts";
import { refuseAbsurdIndex } from "./index-sanity.ts";
import { refuseCutMatroska } from "./matroska-size.ts";
import { type CodecFacts, isPlayableAudio, isPlayableVideo } from "./playable-codecs.ts";
import { damaged, notMedia } from "./refusals.ts";
import { UnsupportedMediaError } from "./unsupported-media-error.ts";

/** No container's header is shorter. Bytes. */
const SMALLEST_FILE_BYTES = 16;

/** One track that was chosen, with what its container says about its codec. */
export interface ChosenTrack<Track extends InputTrack> {
  readonly track: Track;
  readonly codec: CodecFacts;
}

/** An open source file. `close()` must be called; it is safe to call twice. */
export interface SourceFile {
  readonly container: "MP4" | "MOV" | "Matroska" | "WebM";
  readonly sizeBytes: number;
  readonly input: Input;
  readonly video: ChosenTrack<InputVideoTrack> | null;
  readonly audio: ChosenTrack<InputAudioTrack> | null;
  readonly close: () => void;
}

/**
 * Opens a file and reads its headers.
 *
 * @param path file on disk
 * @param signal stops reading at once, by closing the file
 * @throws UnsupportedMediaError when it is no MP4, MOV, Matroska or WebM, or is damaged
 * @throws Error of `node:fs` when it cannot be opened; the signal's reason when aborted
 */
export async function openSourceFile(path: string, signal: AbortSignal): Promise<SourceFile> {
  signal.throwIfAborted();
  const { size } = await stat(path);
  // mediabunny fails an assertion on less than the 12 bytes it looks at.
  if (size < SMALLEST_FILE_BYTES) throw await refusalForUnknownFile(path);
  await refuseCutMatroska(path, size);
  await refuseAbsurdIndex(path, size, signal);
  // mediabunny prints every oddity of a file to the console; a server's log is not the uploader's to fill.
  Logging.level = LogLevel.Silent;
  const source = await openGuardedSource(path);
  const input = new Input({ formats: [MP4, QTFF, WEBM, MATROSKA], source });
  const close = (): void => {
    signal.removeEventListener("abort", close);
    input.dispose();
  };
  signal.addEventListener("abort", close);
  try {
    return await reading(signal, async () => {
      const format = await input.getFormat();
      const [video, audio] = [await chooseVideo(input), await chooseAudio(input)];
      if (video === null && audio === null) throw await refusalForNoTracks(input);
      return { container: CONTAINERS[format.name] ?? "MP4", sizeBytes: size, input, video, audio, close };
    });
  } catch (error) {
    close();
    if (error instanceof UnsupportedInputFormatError) throw await refusalForUnknownFile(path);
    throw error;
  }
}

/** mediabunny's format names. */
const CONTAINERS: Readonly<Record<string, SourceFile["container"]>> = {
  MP4: "MP4",
  "QuickTime File Format": "MOV",
  Matroska: "Matroska",
  WebM: "WebM",
};

/**
 * Runs a step that reads the file, and says `damaged` where mediabunny gives up on its contents.
 *
 * @throws UnsupportedMediaError, UnsupportedInputFormatError, errors of `node:fs`, the signal's reason: all else is `damaged`
 */
export async function reading<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnsupportedMediaError || error instanceof UnsupportedInputFormatError) throw error;
    if (error instanceof Error && "syscall" in error) throw error;
    throw damaged("its contents contradict themselves", error);
  }
}

async function chooseVideo(input: Input): Promise<ChosenTrack<InputVideoTrack> | null> {
  const tracks = await Promise.all((await input.getVideoTracks()).map(withCodec));
  return tracks.find(({ codec }) => isPlayableVideo(codec)) ?? tracks[0] ?? null;
}

async function chooseAudio(input: Input): Promise<ChosenTrack<InputAudioTrack> | null> {
  const tracks = await Promise.all((await input.getAudioTracks()).map(withCodec));
  return tracks.find(({ codec }) => isPlayableAudio(codec)) ?? tracks[0] ?? null;
}

async function withCodec<Track extends InputTrack>(track: Track): Promise<ChosenTrack<Track>> {
  const codec = await track.getCodec();
  const containerName = await track.getInternalCodecId();
  return {
    track,
    codec: {
      codec,
      parameterString: codec === null || isEncrypted(containerName) ? null : await track.getCodecParameterString(),
      containerName: typeof containerName === "string" ? containerName.trim() : null,
    },
  };
}

/** ISO/IEC 23001-7: an encrypted sample entry is renamed. */
export function isEncrypted(containerName: unknown): boolean {
  return containerName === "encv" || containerName === "enca";
}

/** `ftyp` but no track: a picture (HEIC, AVIF), or a file whose `moov` never arrived. */
async function refusalForNoTracks(input: Input): Promise<UnsupportedMediaError> {
  const allTracks = await input.getTracks();
  if (allTracks.length > 0) return notMedia("it has neither video nor audio tracks");
  return damaged("its index (moov, or Tracks in Matroska) is missing or names no video or audio track");
}
