/**
 * How long does a video take from its first byte to three copies of every chunk, and how much memory does it cost the
 * servers? Needs ffmpeg, and the built programs (`npm run build`):
 *
 *     npx tsx metadata/ingest/ingest.bench.ts [--seconds 60] [--megabits 5] [--loops 1] [--rounds 3] [--servers FOLDER]
 *
 * Makes the video (H.264 and AAC, a key frame every 4 s, so that it is repackaged), starts a cluster of six nodes on this
 * machine, and uploads it by tus. `--loops 27` of 60 s at 5 Mbit/s are 1 GB. Prints one line of JSON.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openAsBlob, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ask, askJson } from "#wire/client/http.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import { UploadStatusSchema } from "#wire/contract/upload-api.ts";

const PIECE_BYTES = 8 * 1024 * 1024;
const PIECE_DEADLINE_MS = 60_000;
const POLL_MS = 10;
const TUS = { "tus-resumable": "1.0.0" };

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    megabits: { type: "string", default: "5" },
    loops: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    servers: { type: "string", default: "dist/servers" },
    port: { type: "string", default: "28300" },
  },
});
const signal = new AbortController().signal;
const work = mkdtempSync(join(tmpdir(), "vstack-ingest-bench-"));
const pause = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

/** A constant bitrate: x264 fills up what the picture does not need. */
function makeVideo(): string {
  const path = join(work, "video.mp4");
  const rate = `${values.megabits}M`;
  const encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "100", "-sc_threshold", "0", "-pix_fmt", "yuv420p"];
  const constant = ["-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr"];
  const pictures = ["-f", "lavfi", "-i", `testsrc2=size=1280x720:rate=25:duration=${values.seconds}`];
  const sound = ["-f", "lavfi", "-i", `sine=frequency=440:duration=${values.seconds}`, "-c:a", "aac"];
  execFileSync("ffmpeg", ["-v", "error", "-y", ...pictures, ...sound, ...encoder, ...constant, path]);
  if (values.loops === "1") return path;
  const long = join(work, "long.mp4");
  const again = ["-stream_loop", String(Number(values.loops) - 1), "-i", path, "-c", "copy", "-movflags", "+faststart"];
  execFileSync("ffmpeg", ["-v", "error", "-y", ...again, long]);
  renameSync(long, path);
  return path;
}

interface Round {
  /** From the request that creates the upload to `ready`. */
  readonly totalMs: number;
  /** From the last byte's acknowledgement to `ready`. */
  readonly jobMs: number;
  readonly chunksStored: number;
  readonly chunksAtRisk: number;
}

async function upload(url: string, path: string): Promise<Round> {
  const startedMs = performance.now();
  const bytes = await openAsBlob(path);
  const created = await ask(`${url}${ROUTES.uploads}`, {
    method: "POST",
    headers: { ...TUS, "upload-length": String(bytes.size), "upload-metadata": `filename ${btoa("bench.mp4")}` },
    signal,
  });
  const location = new URL(created.headers.get("location") ?? "", `${url}/`).href;
  for (let offset = 0; offset < bytes.size; offset += PIECE_BYTES) {
    await ask(location, {
      method: "PATCH",
      headers: { ...TUS, "upload-offset": String(offset), "content-type": "application/offset+octet-stream" },
      body: await bytes.slice(offset, offset + PIECE_BYTES).arrayBuffer(),
      deadlineMs: PIECE_DEADLINE_MS,
      signal,
    });
  }
  const receivedMs = performance.now();
  const uploadId = location.slice(location.lastIndexOf("/") + 1);
  for (;;) {
    const status = await askJson(`${url}${PATHS.uploadStatus(uploadId)}`, UploadStatusSchema, { signal });
    if (status.phase === "ready") {
      const { chunksStored, chunksAtRisk } = status;
      const nowMs = performance.now();
      return { totalMs: nowMs - startedMs, jobMs: nowMs - receivedMs, chunksStored, chunksAtRisk };
    }
    if (status.failure !== null) throw new Error(status.failure.message);
    await pause(POLL_MS);
  }
}

/** The largest resident size that a process ever had, as Linux tells it; NaN elsewhere. */
function peakResidentBytes(pid: number): number {
  try {
    const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kibibytes) * 1024;
  } catch {
    return Number.NaN;
  }
}

const video = makeVideo();
const data = join(work, "data");
const words = ["up", "--no-demo", "--port", values.port, "--data", data];
const cluster = spawn(process.execPath, [join(values.servers, "cli.js"), ...words], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  await once(cluster.stdout, "data");
  const url = `http://127.0.0.1:${values.port}`;
  const { metadata, nodes } = await metadataClient(url).cluster(signal);
  const peaks = () => ({
    metadata: peakResidentBytes(metadata.pid),
    largestNode: Math.max(...nodes.map(({ pid }) => peakResidentBytes(pid))),
  });
  const idleResidentBytes = peaks();
  const rounds: Round[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) rounds.push(await upload(url, video));
  const median = (of: (round: Round) => number) =>
    Math.round([...rounds].map(of).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0);
  const { chunksStored = 0 } = rounds[0] ?? {};
  const report = {
    ...{ fileBytes: statSync(video).size, rounds: rounds.length, chunksStored },
    chunksAtRisk: Math.max(...rounds.map(({ chunksAtRisk }) => chunksAtRisk)),
    ...{ totalMsMedian: median(({ totalMs }) => totalMs), jobMsMedian: median(({ jobMs }) => jobMs) },
    ...{ totalMsFastest: Math.round(Math.min(...rounds.map(({ totalMs }) => totalMs))) },
    ...{ jobMsFastest: Math.round(Math.min(...rounds.map(({ jobMs }) => jobMs))) },
    ...{ idleResidentBytes, peakResidentBytes: peaks() },
    // Of one minute: others on the machine lengthen every time above.
    loadAverage: loadavg()[0],
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  cluster.kill("SIGTERM");
  await once(cluster, "exit");
  rmSync(work, { recursive: true, force: true });
}
