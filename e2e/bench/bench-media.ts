/** The benchmark's video: made by make-media.mjs, kept between runs, stored in a cluster, and what its manifest says. */
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as v from "valibot";
import type { MeasuredVideo } from "#core/benchmark/measured-session.ts";
import type { BenchVideo } from "#core/benchmark/report.ts";
import type { VideoId } from "#core/ids.ts";
import { ManifestPageSchema, VideoSchema } from "#wire/contract/catalog-api.ts";
import { PATHS } from "#wire/contract/paths.ts";
import { VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { spawnProgram, startCluster } from "../fixtures/cluster.ts";

const SCRIPT = fileURLToPath(new URL("make-media.mjs", import.meta.url));
/** Four qualities of 120 s take about a minute on one busy core. */
const MAKE_MS = 600_000;
const STORE_MS = 300_000;
const PAGE_MS = 10_000;

/** @returns paths of the qualities; undefined without ffmpeg */
export async function makeMedia(folder: string | undefined, seconds: number): Promise<readonly string[] | undefined> {
  const words = [SCRIPT, folder ?? join(tmpdir(), "vstack-bench-media"), String(seconds)];
  try {
    await promisify(execFile)("ffmpeg", ["-version"], { timeout: PAGE_MS });
  } catch {
    return undefined;
  }
  const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: MAKE_MS });
  return stdout.trim().split("\n");
}

/** A temporary lab cluster whose nodes all hold all of the video. */
export async function startBenchCluster(
  nodeCount: number,
  files: readonly string[],
): Promise<{ readonly cluster: Cluster; readonly video: StoredVideo }> {
  const count = String(nodeCount);
  const cluster = await startCluster("--lab", "--no-demo", "--nodes", count, "--copies", count);
  try {
    return { cluster, video: await readVideo(cluster, await storeMedia(cluster, files), nodeCount) };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

const StoredSchema = v.object({ id: VideoIdSchema });

/** Uploads the qualities as one video. */
async function storeMedia(cluster: Cluster, files: readonly string[]): Promise<VideoId> {
  const child = spawnProgram([
    "upload",
    ...files,
    "--renditions",
    "--title",
    "Benchmark",
    "--json",
    "--url",
    cluster.url,
  ]);
  const limit = setTimeout(() => child.kill("SIGTERM"), STORE_MS);
  let said = "";
  child.stdout?.on("data", (part: Buffer) => {
    said += part.toString();
  });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  clearTimeout(limit);
  if (code !== 0) throw new Error(`The benchmark's video was not stored: ${said}`);
  return v.parse(StoredSchema, JSON.parse(said.trim().split("\n").at(-1) ?? "")).id;
}

export interface StoredVideo {
  readonly videoId: VideoId;
  readonly measured: MeasuredVideo;
  readonly facts: BenchVideo;
  /** Of the header of each rendition. */
  readonly initBytes: ReadonlyMap<string, number>;
}

/** @throws Error when a chunk is not on every node: then a scheduler could not choose freely */
async function readVideo(cluster: Cluster, videoId: VideoId, nodeCount: number): Promise<StoredVideo> {
  const { renditions, durationSeconds } = v.parse(VideoSchema, await json(`${cluster.url}${PATHS.video(videoId)}`));
  const chunks = new Map<string, { rendition: string; seq: number; sizeBytes: number }>();
  const initBytes = new Map<string, number>();
  const ladder: { rendition: string; bitsPerSecond: number; segmentBytes: number[] }[] = [];
  for (const { id: rendition } of renditions) {
    const segmentBytes: number[] = [];
    let seconds = 0;
    for (let from = 0; ; ) {
      const page = v.parse(ManifestPageSchema, await json(`${cluster.url}${PATHS.manifest(videoId, rendition, from)}`));
      initBytes.set(rendition, page.init.record.sizeBytes);
      for (const { seq, durationSeconds: length, record } of page.segments) {
        if (record.holders.length < nodeCount) throw new Error(`Segment ${seq} of ${rendition} is not on every node`);
        chunks.set(record.hash, { rendition, seq, sizeBytes: record.sizeBytes });
        seconds += length;
        segmentBytes[seq] = record.sizeBytes;
      }
      from += page.segments.length;
      if (from >= page.total || page.segments.length === 0) break;
    }
    const bytes = segmentBytes.reduce((sum, size) => sum + size, 0);
    ladder.push({ rendition, bitsPerSecond: (bytes * 8) / Math.max(1, seconds), segmentBytes });
  }
  ladder.sort((a, b) => a.bitsPerSecond - b.bitsPerSecond);
  const bitsPerSecond = new Map(ladder.map((one) => [one.rendition, one.bitsPerSecond]));
  const segmentCount = Math.max(1, ladder[0]?.segmentBytes.length ?? 1);
  const facts: BenchVideo = {
    // Lengths of containers differ by a frame.
    ...{ seconds: Math.round(durationSeconds), segmentSeconds: Math.round(durationSeconds / segmentCount) },
    ladderBitsPerSecond: ladder.map((one) => one.bitsPerSecond),
    segmentBytes: ladder.map((one) => one.segmentBytes),
  };
  return { videoId, measured: { chunks, bitsPerSecond }, facts, initBytes };
}

async function json(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PAGE_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return await answer.json();
}
