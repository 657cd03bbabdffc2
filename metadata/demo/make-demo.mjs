#!/usr/bin/env node
/**
 * Makes the demo video: `node metadata/demo/make-demo.mjs [rendition...]`. Needs ffmpeg with libx264, nothing else.
 *
 * Writes demo-720p.mp4, demo-480p.mp4 and demo-240p.mp4 beside itself, then checks what the upload path counts on: the
 * same number of frames in each, key frames at the same moments (every 4 s), the same sound, together under 6 MB.
 * Every frame is drawn at the size of its rendition. Nothing is random without a seed.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPicture } from "./picture.mjs";
import { renditions } from "./renditions.mjs";
import { createSound, sampleRate } from "./sound.mjs";
import { frameCount, framesPerSecond, segmentCount, segmentSeconds } from "./story.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const sizeLimitBytes = 6_000_000;
const fileOf = (rendition) => join(here, `demo-${rendition.name}.mp4`);

/**
 * Closed groups of 4 s without B-frames: a segment can be cut at any key frame, needs nothing from its neighbours, and
 * its frames are stored in the order in which they are shown, so it starts at exactly its own time.
 */
function encoderArguments(rendition, soundPath) {
  const group = String(framesPerSecond * segmentSeconds);
  return [
    "-v",
    "error",
    "-y",
    "-f",
    "rawvideo",
    "-pix_fmt",
    "yuv420p",
    "-s",
    `${rendition.width}x${rendition.height}`,
    "-r",
    String(framesPerSecond),
    "-i",
    "pipe:0",
    "-f",
    "s16le",
    "-ar",
    String(sampleRate),
    "-ac",
    "2",
    "-i",
    soundPath,
    "-map",
    "0:v",
    "-map",
    "1:a",
    "-c:v",
    "libx264",
    "-profile:v",
    "high",
    "-preset",
    "slower",
    "-crf",
    String(rendition.crf),
    "-bf",
    "0",
    "-g",
    group,
    "-keyint_min",
    group,
    "-sc_threshold",
    "0",
    "-flags:v",
    "+cgop+bitexact",
    "-x264-params",
    "aq-mode=3:aq-strength=0.9:psy-rd=0.5,0:deblock=1,1:rc-lookahead=96",
    "-color_range",
    "tv",
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-c:a",
    "aac",
    "-b:a",
    "96k",
    "-flags:a",
    "+bitexact",
    "-fflags",
    "+bitexact",
    "-map_metadata",
    "-1",
    "-video_track_timescale",
    "24000",
    "-movflags",
    "+faststart",
    fileOf(rendition),
  ];
}

async function encode(rendition, soundPath) {
  const encoder = spawn("ffmpeg", encoderArguments(rendition, soundPath), { stdio: ["pipe", "inherit", "inherit"] });
  const ended = once(encoder, "close");
  const draw = createPicture(rendition);
  for (let frame = 0; frame < frameCount; frame += 1) {
    // A copy, because the next frame is drawn while this one still waits in the pipe.
    if (!encoder.stdin.write(Buffer.from(draw(frame)))) await once(encoder.stdin, "drain");
  }
  encoder.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`Cannot encode ${rendition.name}: ffmpeg ended with ${code}`);
}

const probe = (path, ...rest) =>
  execFileSync("ffprobe", ["-v", "error", ...rest, path], { encoding: "utf8", maxBuffer: 1 << 24 }).trim();

function inspect(rendition) {
  const path = fileOf(rendition);
  const packets = probe(path, "-select_streams", "v", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0");
  const frames = packets.split("\n").map((line) => line.split(","));
  const sound = ["-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-f", "md5", "-"];
  return {
    sizeBytes: statSync(path).size,
    frames: frames.length,
    keyTimes: frames
      .filter(([, flags]) => flags.startsWith("K"))
      .map(([seconds]) => Number(seconds))
      .join(" "),
    sound: execFileSync("ffmpeg", sound, { encoding: "utf8" }).trim(),
  };
}

function check() {
  const wantedKeyTimes = Array.from({ length: segmentCount }, (_, segment) => segment * segmentSeconds).join(" ");
  const found = renditions.map((rendition) => ({ rendition, ...inspect(rendition) }));
  for (const { rendition, sizeBytes, frames, keyTimes, sound } of found) {
    const faults = [];
    if (frames !== frameCount) faults.push(`${frames} frames instead of ${frameCount}`);
    if (keyTimes !== wantedKeyTimes) faults.push(`key frames at ${keyTimes} instead of ${wantedKeyTimes}`);
    if (sound !== found[0].sound) faults.push("another sound than the first rendition");
    if (faults.length > 0) throw new Error(`Cannot use ${rendition.name}: ${faults.join(", ")}`);
    const rate = Math.round((sizeBytes * 8) / (segmentCount * segmentSeconds) / 1000);
    console.log(`${rendition.name}  ${sizeBytes} bytes  ${rate} kbit/s  ${frames} frames  key frames at ${keyTimes} s`);
  }
  const total = found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total >= sizeLimitBytes) throw new Error(`Cannot commit ${total} bytes: the limit is ${sizeLimitBytes}`);
  console.log(`together ${total} bytes`);
}

const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "vstack-demo-"));
try {
  const soundPath = join(folder, "sound.raw");
  writeFileSync(soundPath, createSound());
  for (const rendition of renditions) {
    if (wanted.length === 0 || wanted.includes(rendition.name)) await encode(rendition, soundPath);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
check();
