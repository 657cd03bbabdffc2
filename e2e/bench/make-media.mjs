#!/usr/bin/env node
/**
 * Makes the benchmark's video: `node e2e/bench/make-media.mjs FOLDER [SECONDS]`. Four qualities of 2 to 8 Mbit/s, each with a
 * keyframe every four seconds at the same times; rendition, segment and time are burnt into the picture, so that a wrong
 * segment is seen. What is there already is kept. Needs ffmpeg with libx264 and drawtext. Prints the paths, one a line.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";

const FRAMES_PER_SECOND = 24;
const SEGMENT_SECONDS = 4;
/** Constant rates: what is measured shall be the network and not the encoder. Small pictures: two cores decode them too. */
const LADDER = [
  { name: "270p", size: "480x270", kbitPerSecond: 2_000 },
  { name: "360p", size: "640x360", kbitPerSecond: 3_000 },
  { name: "480p", size: "854x480", kbitPerSecond: 5_000 },
  { name: "720p", size: "1280x720", kbitPerSecond: 8_000 },
];

const [folder, secondsText = "120"] = process.argv.slice(2);
const seconds = Number(secondsText);
if (folder === undefined || !Number.isInteger(seconds) || seconds < SEGMENT_SECONDS || seconds > 3_600) {
  console.error("Usage: make-media.mjs FOLDER [SECONDS]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
for (const rendition of LADDER) {
  const path = join(folder, `bench-${seconds}s-${rendition.name}.mp4`);
  if (!existsSync(path)) make(path, rendition);
  console.log(path);
}

function make(path, { name, size, kbitPerSecond }) {
  // Under another name until it is whole: an interrupted run leaves nothing that looks finished.
  const unfinished = `${path}.part.mp4`;
  const text = `${name}  segment %{eif\\:floor(t/${SEGMENT_SECONDS})\\:d}  %{pts\\:hms}`;
  const picture = `testsrc2=size=${size}:rate=${FRAMES_PER_SECOND}`;
  const burn = `drawtext=text='${text}':fontsize=h/10:fontcolor=white:box=1:boxcolor=black:boxborderw=8:x=(w-tw)/2:y=h*0.8`;
  const keyframes = FRAMES_PER_SECOND * SEGMENT_SECONDS;
  const rate = `${kbitPerSecond}k`;
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y", "-nostdin", "-f", "lavfi", "-i", picture, "-t", String(seconds), "-vf", burn],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    ...["-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate],
    // Filler keeps the rate constant where a picture needs less.
    ...["-x264-params", `nal-hrd=cbr:keyint=${keyframes}:min-keyint=${keyframes}:scenecut=0:open-gop=0`],
    ...["-movflags", "+faststart", unfinished],
  ]);
  renameSync(unfinished, path);
}
