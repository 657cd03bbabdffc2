/**
 * One run of ffmpeg over an uploaded file, its outputs as pieces of renditions while they are made. Nothing of it lies on the
 * disk: whoever does not take pieces holds ffmpeg back.
 */
import { availableParallelism } from "node:os";
import type { PackagedPiece } from "../package/package-source.ts";
import { UnsupportedMediaError } from "../package/unsupported-media-error.ts";
import type { ChildLimits } from "./child-limits.ts";
import type { Ffmpeg } from "./ffmpeg.ts";
import { startFfmpeg, textOf } from "./ffmpeg.ts";
import type { Run } from "./ffmpeg-words.ts";
import { posterWords, probeWords, runWords, subtitleWords } from "./ffmpeg-words.ts";
import { fragmentPieces } from "./fragment-pieces.ts";
import type { ChildEnd, LimitedChild } from "./limited-child.ts";
import type { MediaFacts, VideoFacts } from "./media-facts.ts";
import { mediaFacts } from "./media-facts.ts";
import { followProgress } from "./progress.ts";
import { gaveUp, overran } from "./refusals.ts";

const MEBIBYTE = 1024 * 1024;
/** A minute of film may take an hour on a machine that is busy, and a little file its start. */
const WALL_MS_PER_SECOND = 60_000;
const LEAST_WALL_MS = 600_000;
/** Without a frame or a packet more. A slow machine may take seconds for each of the frames that an encoder looks ahead. */
const SILENT_MS = 300_000;
/** Decoding 8K HEVC in 10 bits, tone mapping, and encoding four qualities took 1.4 GB with two threads, 1.7 with four. */
const RESIDENT_BYTES = 2048 * MEBIBYTE;
/** For files that do not tell their length: a day at 8 Mbit/s. */
const UNKNOWN_LENGTH_SECONDS = 86_400;
/** The ceiling on bitrates is an average; twice of it, and some for containers, is more than can be. */
const OUTPUT_FACTOR = 2;
const LEAST_OUTPUT_BYTES = 64 * MEBIBYTE;
const AUDIO_BITS_PER_SECOND = 160_000;
const QUICK_LIMITS: ChildLimits = {
  wallMs: 30_000,
  silentMs: 30_000,
  residentBytes: RESIDENT_BYTES,
  outputBytes: 16 * MEBIBYTE,
};
/** Each thread costs pictures in memory: with eight, the same 8K took 2.3 GB. */
const MAX_THREADS = 4;

/**
 * Asks ffprobe what a file is.
 *
 * @returns undefined when it is nothing that ffmpeg reads
 * @throws the signal's reason; UnsupportedMediaError when reading it passes a limit
 */
export async function probeMedia(ffmpeg: Ffmpeg, path: string, signal: AbortSignal): Promise<MediaFacts | undefined> {
  const child = startFfmpeg(ffmpeg, { program: "ffprobe", words: probeWords(path) }, { limits: QUICK_LIMITS, signal });
  const text = await outputOf(child, 0);
  if (text === null) return undefined;
  const facts = mediaFacts(text);
  return facts === undefined || (facts.video === null && facts.audio.length === 0) ? undefined : facts;
}

/** One picture as JPEG, 640 pixels wide at most; null when there is none at that time. */
export async function pictureAt(
  ffmpeg: Ffmpeg,
  { path, video, atSeconds }: { path: string; video: VideoFacts; atSeconds: number },
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const words = posterWords({ path, canToneMap: ffmpeg.canToneMap }, video, atSeconds);
  const child = startFfmpeg(ffmpeg, { program: "ffmpeg", words, pipes: 1 }, { limits: QUICK_LIMITS, signal });
  const bytes = await bytesOf(child, 1);
  return bytes === null || bytes.length === 0 ? null : bytes;
}

/** The text of subtitle streams as WebVTT; null for those that cannot be read. */
export async function embeddedSubtitles(
  ffmpeg: Ffmpeg,
  { path, streams, media }: { path: string; streams: readonly number[]; media: MediaFacts },
  signal: AbortSignal,
): Promise<(string | null)[]> {
  if (streams.length === 0) return [];
  const limits = { ...limitsFor(media, 0), outputBytes: LEAST_OUTPUT_BYTES };
  const words = subtitleWords(path, streams);
  const child = startFfmpeg(ffmpeg, { program: "ffmpeg", words, pipes: streams.length }, { limits, signal });
  const texts = await Promise.all(child.outputs.map((output) => textOf(output).catch(() => "")));
  const { code, overrun } = await child.ended;
  const isWhole = code === 0 && overrun === null;
  return texts.slice(1).map((text) => (isWhole && text !== "" ? text : null));
}

/**
 * Starts a run.
 *
 * @returns the pieces of every output, in the order of the outputs. They must be taken side by side, all of them to the end or
 * to an error: ffmpeg waits for the slowest. Each ends only when ffmpeg has ended well, and throws UnsupportedMediaError or
 * the signal's reason otherwise.
 */
export function startRun(
  ffmpeg: Ffmpeg,
  run: Omit<Run, "canToneMap" | "threads">,
  signal: AbortSignal,
): AsyncGenerator<PackagedPiece, void, void>[] {
  const threads = Math.min(MAX_THREADS, availableParallelism());
  const words = runWords({ ...run, canToneMap: ffmpeg.canToneMap, threads });
  let held = 0;
  const child = startFfmpeg(
    ffmpeg,
    { program: "ffmpeg", words, pipes: run.outputs.length },
    { limits: limitsFor(run.media, bitsPerSecondOf(run)), signal, isHeldBack: () => held > 0 },
  );
  const [progress, ...outputs] = child.outputs;
  const progressEnd = followProgress(progress, child.alive).catch(() => undefined);

  async function* pieces(output: AsyncIterable<Uint8Array>): AsyncGenerator<PackagedPiece, void, void> {
    let isOver = false;
    try {
      for await (const piece of fragmentPieces(output)) {
        held += 1;
        try {
          yield piece;
        } finally {
          held -= 1;
        }
      }
      await progressEnd;
      requireSuccess(await child.ended, run.path);
      isOver = true;
    } catch (error) {
      if (!isOver) throw await causeOf(error, child, run.path);
      throw error;
    } finally {
      if (!isOver) child.stop();
    }
  }
  return outputs.map(pieces);
}

/** A broken pipe is a consequence: the child's end says of what. */
async function causeOf(error: unknown, child: LimitedChild, path: string): Promise<unknown> {
  if (error instanceof UnsupportedMediaError && error.code !== "damaged") return error;
  child.stop();
  try {
    const end = await child.ended;
    if (end.overrun !== null) return overran(end.overrun);
    return end.complaint === "" ? error : gaveUp(end.complaint, path);
  } catch (reason) {
    return reason;
  }
}

function requireSuccess({ code, overrun, complaint }: ChildEnd, path: string): void {
  if (overrun !== null) throw overran(overrun);
  if (code !== 0) throw gaveUp(complaint, path);
}

function limitsFor({ durationSeconds }: MediaFacts, bitsPerSecond: number): ChildLimits {
  const seconds = durationSeconds ?? UNKNOWN_LENGTH_SECONDS;
  return {
    wallMs: LEAST_WALL_MS + seconds * WALL_MS_PER_SECOND,
    silentMs: SILENT_MS,
    residentBytes: RESIDENT_BYTES,
    outputBytes: LEAST_OUTPUT_BYTES + (OUTPUT_FACTOR * seconds * bitsPerSecond) / 8,
  };
}

function bitsPerSecondOf({ outputs, media }: Pick<Run, "outputs" | "media">): number {
  const copied = media.durationSeconds === null ? 100_000_000 : (media.sizeBytes * 8) / media.durationSeconds;
  return outputs.reduce((sum, output) => {
    switch (output.kind) {
      case "video":
        return sum + output.rung.maxBitsPerSecond + AUDIO_BITS_PER_SECOND;
      case "copy":
        return sum + copied + AUDIO_BITS_PER_SECOND;
      case "audio":
        return sum + AUDIO_BITS_PER_SECOND;
    }
  }, 0);
}

/** What one output says; null when the program failed. */
async function bytesOf(child: LimitedChild, index: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const collected = child.outputs.map(async (output) => {
    const parts: Uint8Array[] = [];
    for await (const part of output) parts.push(part);
    return new Uint8Array(Buffer.concat(parts));
  });
  const outputs = await Promise.all(collected).catch(() => []);
  const { code, overrun } = await child.ended;
  return code === 0 && overrun === null ? (outputs[index] ?? null) : null;
}

async function outputOf(child: LimitedChild, index: number): Promise<string | null> {
  const bytes = await bytesOf(child, index);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
