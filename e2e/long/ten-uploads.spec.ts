/**
 * The long form of e2e/long/faults/broken-uploads.spec.ts: ten files of 50 MB and more, of ten contents and ten shapes, five by the
 * page and five by one command. Needs ffmpeg.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { uploadThroughTrouble } from "../fixtures/broken-uploads.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import { expectThreeCopies } from "../fixtures/stored-chunks.ts";
import { expect, test } from "../fixtures/test.ts";

const LIMIT_MS = 600_000;
const TEST_MS = 1_200_000;
const MIN_BYTES = 50_000_000;
/** All together take half a minute: time to be in the middle. */
const BYTES_PER_SECOND = 20_000_000;
const FILM_SECONDS = 80;
const FRAME_RATE = 25;
/** As large as a file may be without being encoded for its rate (decision 8). */
const RATE = "5500k";

const CONSTANT = ["-b:v", RATE, "-minrate", RATE, "-maxrate", RATE, "-bufsize", RATE, "-g", String(4 * FRAME_RATE)];
const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0", "-x264-params", "nal-hrd=cbr"];
const VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1"];

interface Film {
  readonly name: string;
  readonly words: readonly string[];
  /** The frames are encoded anew, so they are other ones. */
  readonly isEncoded?: boolean;
}

const BY_PAGE: readonly Film[] = [
  { name: "index behind.mp4", words: [...H264, "-c:a", "aac"] },
  { name: "fragments.mp4", words: [...H264, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"] },
  { name: "quicktime.mov", words: [...H264, "-c:a", "aac"] },
  { name: "web.webm", words: [...VP9, "-c:a", "libopus"] },
  { name: "transport.ts", words: [...H264, "-c:a", "aac"] },
];
const BY_COMMAND: readonly Film[] = [
  { name: "index in front.mp4", words: [...H264, "-c:a", "aac", "-movflags", "+faststart"] },
  { name: "matroska.mkv", words: [...H264, "-c:a", "libopus"] },
  { name: "flash.flv", words: [...H264, "-c:a", "aac"] },
  { name: "silent.m4v", words: [...H264, "-an"] },
  { name: "old.avi", words: ["-c:v", "mpeg4", "-c:a", "libmp3lame"], isEncoded: true },
];
const FILMS = [...BY_PAGE, ...BY_COMMAND];

test("ten large files arrive byte by byte, though connections are cut and the server is killed", async ({ page }) => {
  test.setTimeout(TEST_MS);
  const folder = await mkdtemp(join(tmpdir(), "vstack-ten-"));
  const cluster = await startCluster("--no-demo");
  try {
    for (const [index, film] of FILMS.entries()) await makeFilm(folder, film, index);
    const paths = (films: readonly Film[]) => films.map(({ name }) => join(folder, name));
    const startedMs = performance.now();
    const ids = await uploadThroughTrouble({
      ...{ cluster, page, byPage: paths(BY_PAGE), byCommand: paths(BY_COMMAND) },
      ...{ bytesPerSecond: BYTES_PER_SECOND, limitMs: LIMIT_MS },
    });
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    const chunks = await expectThreeCopies(cluster, ids);
    console.log(`Ten files stored within ${seconds} s: ${chunks} chunks, three good copies of each`);
    for (const [index, film] of FILMS.entries()) await expectSamePicture(cluster, ids[index] ?? "", { folder, film });
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

/** Noise does not compress, so that a small picture fills its rate; the seed makes it another film. */
async function makeFilm(folder: string, { name, words }: Film, seed: number): Promise<void> {
  const pictures = `testsrc2=size=320x180:rate=${FRAME_RATE}:duration=${FILM_SECONDS},noise=alls=100:allf=t:all_seed=${seed + 1}`;
  const sound = `sine=frequency=${220 + 40 * seed}:duration=${FILM_SECONDS}`;
  const sources = ["-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound];
  const path = join(folder, name);
  await ffmpeg(...sources, "-pix_fmt", "yuv420p", ...CONSTANT, ...words, path);
  expect((await stat(path)).size, name).toBeGreaterThan(MIN_BYTES);
}

/** What is given back shows the very frames of the file. */
async function expectSamePicture(
  { url }: Cluster,
  id: string,
  { folder, film }: { folder: string; film: Film },
): Promise<void> {
  const answer = await fetch(`${url}/api/videos/${id}/download`);
  expect(answer.status, film.name).toBe(200);
  const path = join(folder, "given back.mp4");
  await writeFile(path, new Uint8Array(await answer.arrayBuffer()));
  const [given, sent] = [await frameHashes(path), await frameHashes(join(folder, film.name))];
  if (film.isEncoded !== true) expect(given, film.name).toEqual(sent);
  // AVI has no timestamps: the encoder's clock may show one frame twice.
  expect(Math.abs(given.length - FILM_SECONDS * FRAME_RATE), film.name).toBeLessThanOrEqual(1);
}

async function frameHashes(path: string): Promise<string[]> {
  const text = await ffmpeg("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-");
  const frames = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return frames.map((line) => line.split(",").at(-1)?.trim() ?? "");
}

async function ffmpeg(...words: string[]): Promise<string> {
  const options = { maxBuffer: 16 * 1024 * 1024 };
  return (await promisify(execFile)("ffmpeg", ["-v", "error", "-y", "-nostdin", ...words], options)).stdout;
}
