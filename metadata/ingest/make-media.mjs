#!/usr/bin/env node
/**
 * Makes a file of media-table.json: `node metadata/ingest/make-media.mjs FOLDER NAME`, where NAME is the row's. Needs ffmpeg.
 * Prints the paths of the file and of those beside it, one a line, the file itself last.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";

const SUBTITLES = "1\n00:00:00,500 --> 00:00:01,500\nHello\n\n2\n00:00:01,600 --> 00:00:02,500\nSecond line\n";

const [folder, name] = process.argv.slice(2);
const { rows } = JSON.parse(readFileSync(join(import.meta.dirname, "media-table.json"), "utf8"));
const row = rows.find((one) => one.name === name);
if (folder === undefined || row === undefined) throw new Error(`There is no row "${name}" in media-table.json`);

const path = join(folder, row.file);
const ffmpeg = (...words) => execFileSync("ffmpeg", ["-v", "error", "-y", "-nostdin", ...words]);
const { keep, text, turn } = row.then ?? {};

if (row.make !== null) {
  const subtitles = join(folder, "subtitles.srt");
  writeFileSync(subtitles, SUBTITLES);
  ffmpeg(...row.make.map((word) => (word === "{subtitles}" ? subtitles : word)), path);
}
if (turn !== undefined) {
  // Encoding forgets the tag, copying keeps it.
  const upright = `${path}.upright${extname(path)}`;
  renameSync(path, upright);
  ffmpeg("-i", upright, "-c", "copy", "-metadata:s:v:0", `rotate=${turn}`, path);
}
if (text !== undefined) writeFileSync(path, text);
if (keep !== undefined) truncateSync(path, Math.round(statSync(path).size * keep));
for (const beside of row.beside ?? []) {
  writeFileSync(join(folder, beside.file), beside.text);
  console.log(join(folder, beside.file));
}
console.log(path);
