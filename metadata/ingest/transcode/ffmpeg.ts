/**
 * ffmpeg and ffprobe of this machine: where they are, whether they are new and complete enough, and how they are called.
 * They are optional: everything that needs them says so when they are missing.
 */
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { VStackError } from "#wire/contract/errors.ts";
import type { ChildLimits } from "./child-limits.ts";
import type { ChildOptions, LimitedChild } from "./limited-child.ts";
import { startChild } from "./limited-child.ts";

/** The setting that forbids ffmpeg. */
const OFF = "off";
/** 4.3 has everything that our commands use (`apad=whole_dur`, `tpad`, pipes as outputs of fragmented MP4). */
const OLDEST_VERSION = [4, 3] as const;
/** Without these there is nothing to gain. */
const NEEDED_ENCODERS = ["libx264", "aac"] as const;
const TONE_MAPPING_FILTERS = ["zscale", "tonemap"] as const;
const QUESTION_LIMITS: ChildLimits = {
  wallMs: 10_000,
  silentMs: 10_000,
  residentBytes: 512 * 1024 * 1024,
  outputBytes: 1024 * 1024,
};
/** Address space, as a second wall behind the resident size: one huge allocation between two looks. Bytes. */
const ADDRESS_SPACE_BYTES = 16 * 1024 * 1024 * 1024;

export interface Ffmpeg {
  readonly ffmpegPath: string;
  readonly ffprobePath: string;
  /** As it calls itself, "5.1.9-0+deb12u1". */
  readonly version: string;
  /** Whether high dynamic range can be shown on ordinary screens as it was meant. */
  readonly canToneMap: boolean;
  /** Program that sets limits of the system and then becomes the other; null where there is none. */
  readonly prlimitPath: string | null;
  /** Working folder; nothing is written there. */
  readonly folder: string;
}

/** What was looked for and found; without ffmpeg, why. */
export type FoundFfmpeg =
  | { readonly ffmpeg: Ffmpeg; readonly reason: null }
  | { readonly ffmpeg: null; readonly reason: string };

/**
 * Looks for ffmpeg.
 *
 * @param setting path of ffmpeg (ffprobe is beside it or on the PATH), `off`, or undefined for the PATH
 * @param searchPath folders, as in the environment variable PATH
 * @throws VStackError `bad-request` when a path was set and what is there cannot be used
 */
export async function findFfmpeg(
  setting: string | undefined,
  { searchPath, folder }: { searchPath: string; folder: string },
): Promise<FoundFfmpeg> {
  if (setting === OFF) return { ffmpeg: null, reason: "it is switched off" };
  const found = await inspect(setting, { searchPath, folder });
  if (found.ffmpeg !== null || setting === undefined) return found;
  throw new VStackError("bad-request", `Cannot use VSTACK_FFMPEG as ${found.reason}: "${setting}" was given`);
}

/** Runs one of the two, limited by the system as well where that is possible. */
export function startFfmpeg(
  ffmpeg: Ffmpeg,
  { program, words, pipes = 0 }: { program: "ffmpeg" | "ffprobe"; words: readonly string[]; pipes?: number },
  options: ChildOptions,
): LimitedChild {
  const path = program === "ffmpeg" ? ffmpeg.ffmpegPath : ffmpeg.ffprobePath;
  if (ffmpeg.prlimitPath === null) return startChild({ path, words, pipes, folder: ffmpeg.folder }, options);
  // Not one byte into files: outputs are pipes.
  const limited = ["--core=0", "--fsize=0", `--as=${ADDRESS_SPACE_BYTES}`, path, ...words];
  return startChild({ path: ffmpeg.prlimitPath, words: limited, pipes, folder: ffmpeg.folder }, options);
}

async function inspect(
  setting: string | undefined,
  { searchPath, folder }: { searchPath: string; folder: string },
): Promise<FoundFfmpeg> {
  const folders = searchPath.split(delimiter).filter((one) => one !== "");
  const ffmpegPath = setting ?? (await firstProgram("ffmpeg", folders));
  if (ffmpegPath === null) return { ffmpeg: null, reason: "it is not on the PATH" };
  const ffprobePath = await firstProgram("ffprobe", [dirname(ffmpegPath), ...folders]);
  if (ffprobePath === null) return { ffmpeg: null, reason: "there is no ffprobe beside it" };
  const prlimitPath = process.platform === "linux" ? await firstProgram("prlimit", folders) : null;
  const questions = ["-version", "-encoders", "-filters"].map((word) => answerOf({ path: ffmpegPath, folder, word }));
  const [said = "", encoders = "", filters = ""] = await Promise.all(questions);
  const version = /^ffmpeg version (\S+)/.exec(said)?.[1];
  if (version === undefined) return { ffmpeg: null, reason: "it does not tell its version" };
  if (isTooOld(version))
    return { ffmpeg: null, reason: `its version is ${version}: ${OLDEST_VERSION.join(".")} is needed` };
  const missing = NEEDED_ENCODERS.filter((name) => !lists(encoders, name));
  if (missing.length > 0) return { ffmpeg: null, reason: `it lacks the encoder ${missing.join(" and ")}` };
  const canToneMap = TONE_MAPPING_FILTERS.every((name) => lists(filters, name));
  return { ffmpeg: { ffmpegPath, ffprobePath, version, canToneMap, prlimitPath, folder }, reason: null };
}

/** Versions of distributions begin with numbers ("5.1.9-0+deb12u1", "n6.0"); those built from the newest sources do not. */
export function isTooOld(version: string): boolean {
  const [, major, minor] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  return Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor);
}

/** ffmpeg lists one a line: flags, name, description. */
function lists(text: string, name: string): boolean {
  return text.split("\n").some((line) => line.trim().split(/\s+/)[1] === name);
}

async function answerOf({ path, folder, word }: { path: string; folder: string; word: string }): Promise<string> {
  const signal = new AbortController().signal;
  try {
    const words = ["-hide_banner", word].slice(word === "-version" ? 1 : 0);
    const child = startChild({ path, words, pipes: 0, folder }, { limits: QUESTION_LIMITS, signal });
    const [answer] = await Promise.all([textOf(child.outputs[0]), child.ended]);
    return answer;
  } catch {
    return "";
  }
}

/** Everything that an output says, as text. */
export async function textOf(output: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const parts: Uint8Array[] = [];
  if (output !== undefined) for await (const part of output) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

async function firstProgram(name: string, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}
