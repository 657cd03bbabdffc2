/**
 * Files as people have them end in a video whose every frame decodes, or in a refusal that says what would help: with ffmpeg
 * and without. A few rows of media-table.json run here; VSTACK_MEDIA_TABLE=all runs all of them.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import * as v from "valibot";
import type { VideoId } from "#core/ids.ts";
import { VideoSchema } from "#wire/contract/catalog-api.ts";
import type { Video } from "#wire/contract/catalog-api.ts";
import { ValueSchema } from "#wire/contract/consensus-api.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { silentLog } from "#wire/server/log.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { removeFolder, startTestServer } from "../test-server.contract.ts";
import type { Plays } from "./media-files.contract.ts";
import { makeMedia, mediaTable, requireFfmpeg } from "./media-files.contract.ts";

/** Real encoding on a machine that others share. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 30_000 });

const isWhole = process.env["VSTACK_MEDIA_TABLE"] === "all";
const rows = (await mediaTable()).filter(({ quick }) => quick || isWhole);
const ffmpeg = await requireFfmpeg();
const media = mkdtempSync(join(tmpdir(), "vstack-media-"));
const run = promisify(execFile);
const open: TestServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) {
    await server.stop();
    removeFolder(server.folder);
  }
});
afterAll(() => {
  rmSync(media, { recursive: true, force: true });
});

async function upload(paths: readonly string[], server: TestServer): Promise<UploadStatus> {
  const group = paths.length > 1 ? { group: "group-0001", groupSize: String(paths.length) } : {};
  let uploadId = "";
  for (const path of paths) uploadId = await server.uploadFile(path, { filename: basename(path), ...group });
  return await vi.waitUntil(
    async () => {
      await server.beat();
      const now = await server.status(uploadId);
      return ["ready", "failed"].includes(now.phase) ? now : undefined;
    },
    { timeout: 200_000, interval: 20 },
  );
}

/** What a player gets: the init segment and all segments of a rendition. */
async function rebuild(server: TestServer, nodes: ChunkServers, { id, rendition }: { id: VideoId; rendition: string }) {
  const chunks = await server.db
    .selectFrom("placements")
    .select(["position", "value_json"])
    .where("video_id", "=", id)
    .execute();
  const ofRendition = chunks.filter(({ position }) => position.split("/")[1] === rendition);
  const order = (position: string) => (position.endsWith("/init") ? -1 : Number(position.split("/")[2]));
  const parts = [...ofRendition]
    .sort((a, b) => order(a.position) - order(b.position))
    .map(({ value_json }) => {
      const { hash } = present(v.parse(ValueSchema, JSON.parse(value_json)).body);
      const holder = nodes.servers.find(({ chunks: held }) => [...held.keys()].some((key) => key === hash));
      return present([...present(holder).chunks].find(([key]) => key === hash))[1].bytes;
    });
  return Buffer.concat(parts);
}

async function expectPlays(
  row: Plays,
  { server, nodes, status }: { server: TestServer; nodes: ChunkServers; status: UploadStatus },
) {
  const id = present(status.videoId);
  const video = v.parse(VideoSchema, await server.json(`/api/videos/${id}`));
  for (const { id: rendition, kind, segmentCount } of video.renditions) {
    if (kind === "subtitles") {
      expect((await rebuild(server, nodes, { id, rendition })).toString()).toMatch(/^WEBVTT\n\n00:00:00.5\d\d --> /);
      continue;
    }
    const path = join(media, "rebuilt.mp4");
    await writeFile(path, await rebuild(server, nodes, { id, rendition }));
    const counted = await countFrames(path);
    expect(counted.complaints).toBe("");
    expect(segmentCount).toBeGreaterThan(0);
    if (kind === "video" && row.frames !== undefined && row.frames !== null) {
      // Containers and rate conversion round at the end.
      expect(Math.abs(counted.frames - row.frames)).toBeLessThanOrEqual(2);
    }
    if (row.seconds !== null) expect(Math.abs(counted.seconds - row.seconds)).toBeLessThan(0.35);
  }
  const [best] = video.renditions;
  if (row.width !== undefined) expect(best).toMatchObject({ width: row.width, height: row.height });
  if (row.seconds !== null) expect(Math.abs(video.durationSeconds - row.seconds)).toBeLessThan(0.35);
  if (row.renditions !== undefined) expect(video.renditions.map(named)).toEqual(row.renditions);
  expect(nodes.references()).toHaveLength(status.chunksStored * 3);
}

const named = ({ id, kind, language }: Video["renditions"][number]) =>
  kind === "video" || language === null ? id : `${id}:${language}`;

/** Decodes everything; complaints are those of a strict decoder. */
async function countFrames(path: string): Promise<{ frames: number; seconds: number; complaints: string }> {
  const entries = ["-show_entries", "stream=codec_type,nb_read_frames:packet=pts_time,duration_time"];
  const words = ["-v", "error", "-count_frames", "-show_packets", ...entries, "-of", "json", path];
  const probed = await run("ffprobe", words, { maxBuffer: 64 * 1024 * 1024 });
  const Schema = v.object({
    streams: v.array(v.object({ codec_type: v.string(), nb_read_frames: v.optional(v.string(), "0") })),
    packets: v.array(v.object({ pts_time: v.string(), duration_time: v.optional(v.string(), "0") })),
  });
  const { streams, packets } = v.parse(Schema, JSON.parse(probed.stdout));
  const frames = Number(streams.find(({ codec_type }) => codec_type === "video")?.nb_read_frames ?? 0);
  const seconds = Math.max(...packets.map((packet) => Number(packet.pts_time) + Number(packet.duration_time)));
  return { frames, seconds, complaints: probed.stderr };
}

describe.each(["with ffmpeg", "without ffmpeg"] as const)("a received file, %s", (how) => {
  it.each(rows)("$name", async (row) => {
    const nodes = chunkServers(4);
    const routes: unknown[] = [];
    const note = (fields: object) => {
      if ("route" in fields) routes.push(fields.route);
    };
    const log = { ...silentLog, info: note };
    const server = await startTestServer(nodes, how === "with ffmpeg" ? { ffmpeg, log } : {});
    open.push(server);
    const status = await upload(await makeMedia(row, media), server);
    await server.releaseLoop.drain(AbortSignal.timeout(5000));
    const wanted = how === "with ffmpeg" ? row.withFfmpeg : row.withoutFfmpeg;
    if ("plays" in wanted) {
      expect(status.failure?.message ?? "").toBe("");
      if (wanted.route !== undefined) expect(routes.at(-1)).toBe(wanted.route);
      await expectPlays(wanted, { server, nodes, status });
    } else {
      expect(status.failure).toMatchObject({ code: wanted.refused });
      expect(status.failure?.message).toContain(wanted.saying);
      expect(status.failure?.advice).toMatch(/^(?:Upload|Install|Convert)/);
      expect(nodes.references()).toEqual([]);
    }
    await vi.waitFor(() => {
      expect(readdirSync(join(server.folder, "uploads"))).toEqual([]);
    });
  });
});
