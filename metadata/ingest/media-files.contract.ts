/** The rows of media-table.json, and their files: what people have, in small. e2e/long reads the same table. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import type { Ffmpeg } from "./transcode/ffmpeg.ts";
import { findFfmpeg } from "./transcode/ffmpeg.ts";

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

/** @returns paths of all files that are uploaded together, the video last */
export async function makeMedia({ name }: Row, folder: string): Promise<string[]> {
  const program = join(import.meta.dirname, "make-media.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder, name]);
  return stdout.trim().split("\n");
}
