/**
 * Whatever is wrong with a file, with ffmpeg at work: the job ends, the server lives, and the nodes hold what a ready video
 * refers to or nothing. Three seeds a container run here; VSTACK_BROKEN_SEEDS says how many.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Random } from "#core/random.ts";
import { seededRandom } from "#core/random.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { removeFolder, startTestServer } from "../test-server.contract.ts";
import { requireFfmpeg } from "./media-files.contract.ts";

/** Real encoding on a machine that others share. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const SEEDS = Number(process.env["VSTACK_BROKEN_SEEDS"] ?? "3");
const PICTURES = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=5"];
const SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:duration=5"];
const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac"];
const FILES: Readonly<Record<string, readonly string[]>> = {
  "film.mp4": H264,
  "film.mkv": H264,
  "film.ts": H264,
  "film.flv": H264,
  "film.avi": ["-c:v", "mpeg4", "-c:a", "libmp3lame"],
  "film.wmv": ["-c:v", "wmv2", "-c:a", "wmav2"],
};

const ffmpeg = await requireFfmpeg();
const folder = mkdtempSync(join(tmpdir(), "vstack-broken-"));
const cases = Object.keys(FILES).flatMap((file) => Array.from({ length: SEEDS }, (_, seed) => ({ file, seed })));
let nodes: ChunkServers;
let server: TestServer;

beforeAll(async () => {
  nodes = chunkServers(3);
  server = await startTestServer(nodes, { ffmpeg });
  for (const [file, words] of Object.entries(FILES)) {
    const command = ["-v", "error", "-y", "-nostdin", ...PICTURES, ...SOUND, ...words, join(folder, file)];
    await promisify(execFile)("ffmpeg", command);
  }
});
afterAll(async () => {
  await server.stop();
  removeFolder(server.folder);
  rmSync(folder, { recursive: true, force: true });
});

/** Other bytes here and there, the beginning more often than the rest; now and then a hole or a cut. */
function broken(bytes: Buffer, random: Random): Buffer {
  const result = Buffer.from(bytes);
  const below = (limit: number) => Math.floor(random() * limit);
  const flips = 1 + below(40);
  for (let flip = 0; flip < flips; flip += 1) {
    const reach = random() < 0.3 ? Math.min(4096, result.length) : result.length;
    result[below(reach)] = below(256);
  }
  if (random() < 0.3) result.fill(0, below(result.length), below(result.length));
  return random() < 0.3 ? result.subarray(0, 1 + below(result.length)) : result;
}

describe("a broken file", () => {
  it.each(cases)(
    "$file with seed $seed ends well or is refused, and leaves nothing of itself",
    async ({ file, seed }) => {
      const before = nodes.references().length;
      const bytes = broken(await readFile(join(folder, file)), seededRandom(seed + 1));
      const uploadId = await server.upload(bytes, { filename: file });
      const status = await vi.waitUntil(
        async () => {
          await server.beat();
          const now = await server.status(uploadId);
          return now.phase === "ready" || now.phase === "failed" ? now : undefined;
        },
        { timeout: 50_000, interval: 10 },
      );
      await server.releaseLoop.drain(AbortSignal.timeout(5000));
      // "internal" is what a crash of ours looks like.
      expect(status.failure?.code).not.toBe("internal");
      if (status.failure !== null) expect(status.failure.advice).toBeTruthy();
      const kept = status.phase === "ready" ? status.chunksStored * 3 : 0;
      expect(nodes.references()).toHaveLength(before + kept);
    },
  );
});
