/** Makes the files of media-table.json with ffmpeg: what people have, in small. Used by the table here and in e2e/long. */
import { execFile } from "node:child_process";
import { readFile, rename, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import type { Ffmpeg } from "./transcode/ffmpeg.ts";
import { findFfmpeg } from "./transcode/ffmpeg.ts";

const SUBTITLES = "1\n00:00:00,500 --> 00:00:01,500\nHello\n\n2\n00:00:01,600 --> 00:00:02,500\nSecond line\n";

const PlaysSchema = v.object({
  plays: v.literal(true),
  seconds: v.nullable(v.number()),
  width: v.optional(v.number()),
  height: v.optional(v.number()),
  frames: v.optional(v.nullable(v.number())),
  route: v.optional(v.picklist(["repackage", "copy", "encode"])),
  /** Ids, with the language behind a colon. */
  renditions: v.optional(v.array(v.string())),
});
const RefusedSchema = v.object({ refused: v.string(), saying: v.string() });
const EndSchema = v.union([PlaysSchema, RefusedSchema]);
export type Plays = v.InferOutput<typeof PlaysSchema>;

const RowSchema = v.object({
  name: v.string(),
  file: v.string(),
  /** Words of ffmpeg before the name of the file; null for a text. */
  make: v.nullable(v.array(v.string())),
  then: v.optional(
    v.object({ keep: v.optional(v.number()), text: v.optional(v.string()), turn: v.optional(v.number()) }),
    {},
  ),
  beside: v.optional(v.array(v.object({ file: v.string(), text: v.string() })), []),
  withFfmpeg: EndSchema,
  withoutFfmpeg: EndSchema,
  quick: v.optional(v.boolean(), false),
});
export type Row = v.InferOutput<typeof RowSchema>;

export async function mediaTable(): Promise<Row[]> {
  const text = await readFile(join(import.meta.dirname, "media-table.json"), "utf8");
  return v.parse(v.object({ rows: v.array(RowSchema) }), JSON.parse(text)).rows;
}

/** @throws Error that says what to install */
export async function requireFfmpeg(): Promise<Ffmpeg> {
  const found = await findFfmpeg(undefined, { searchPath: process.env["PATH"] ?? "", folder: tmpdir() });
  if (found.ffmpeg !== null) return found.ffmpeg;
  throw new Error(`These tests need ffmpeg, but ${found.reason}: install it (Debian: apt-get install ffmpeg)`);
}

/** @returns the file's path */
export async function makeMedia(row: Row, folder: string): Promise<string> {
  const path = join(folder, row.file);
  const subtitles = join(folder, "subtitles.srt");
  await writeFile(subtitles, SUBTITLES);
  if (row.make !== null) {
    const words = row.make.map((word) => (word === "{subtitles}" ? subtitles : word));
    await promisify(execFile)("ffmpeg", ["-v", "error", "-y", "-nostdin", ...words, path]);
  }
  if (row.then.turn !== undefined) {
    // Encoding forgets the tag, copying keeps it.
    const upright = `${path}.upright${extname(path)}`;
    await rename(path, upright);
    const turned = ["-c", "copy", "-metadata:s:v:0", `rotate=${row.then.turn}`];
    await promisify(execFile)("ffmpeg", ["-v", "error", "-y", "-nostdin", "-i", upright, ...turned, path]);
  }
  if (row.then.text !== undefined) await writeFile(path, row.then.text);
  if (row.then.keep !== undefined) await truncate(path, Math.round((await stat(path)).size * row.then.keep));
  return path;
}
