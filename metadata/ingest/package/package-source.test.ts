import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BufferSource, EncodedPacketSink, Input, type InputTrack, MP4 } from "mediabunny";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assertAligned } from "./aligned-renditions.ts";
import { findBoxes } from "./mp4-boxes.ts";
import { type PackagedPiece, packageSource } from "./package-source.ts";
import { probeSource } from "./probe-source.ts";
import {
  audioPackets,
  makeSyntheticSource,
  type SyntheticPacket,
  type SyntheticSource,
  videoPackets,
} from "./synthetic-source.ts";

const signal = new AbortController().signal;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vstack-package-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(source: SyntheticSource): Promise<string> {
  const path = join(folder, `source.${source.container}`);
  await writeFile(path, await makeSyntheticSource(source));
  return path;
}

async function packaged(path: string): Promise<PackagedPiece[]> {
  const pieces: PackagedPiece[] = [];
  for await (const piece of packageSource(path, { signal })) pieces.push(piece);
  return pieces;
}

function segmentsOf(pieces: readonly PackagedPiece[]): PackagedPiece[] {
  return pieces.filter(({ kind }) => kind === "segment");
}

/** Start and length of each segment, to 10 ms: Matroska rounds to 1 ms. */
function timesOf(pieces: readonly PackagedPiece[]): string[] {
  return segmentsOf(pieces).map((piece) => `${piece.startSeconds.toFixed(2)}+${piece.durationSeconds.toFixed(2)}`);
}

/** Reads bytes back as any player would: one packet list per track, times as presented. */
async function readBack(
  parts: readonly PackagedPiece[],
): Promise<{ video: SyntheticPacket[]; audio: SyntheticPacket[] }> {
  const bytes = new Uint8Array(Buffer.concat(parts.map(({ bytes }) => bytes)));
  using input = new Input({ formats: [MP4], source: new BufferSource(bytes) });
  const [video, audio] = [(await input.getVideoTracks())[0], (await input.getAudioTracks())[0]];
  return { video: video ? await allPackets(video) : [], audio: audio ? await allPackets(audio) : [] };
}

async function allPackets(track: InputTrack): Promise<SyntheticPacket[]> {
  const sink = new EncodedPacketSink(track);
  const packets: SyntheticPacket[] = [];
  for (let packet = await sink.getFirstPacket(); packet !== null; packet = await sink.getNextPacket(packet)) {
    packets.push({ bytes: packet.data, isKey: packet.type === "key", startSeconds: packet.timestamp });
  }
  return packets;
}

/** The same bytes in the same order, and every time later by the same shift to within 1 ms (Matroska's resolution). */
function expectSamePackets(found: readonly SyntheticPacket[], source: readonly SyntheticPacket[], shift = 0): void {
  expect(found.map(({ bytes }) => Buffer.from(bytes).toString("hex"))).toEqual(
    source.map(({ bytes }) => Buffer.from(bytes).toString("hex")),
  );
  const error = found.map(({ startSeconds }, index) => startSeconds - (source[index]?.startSeconds ?? 0) - shift);
  expect(Math.max(...error.map(Math.abs), 0)).toBeLessThan(0.0011);
}

const video = { codec: "avc", frameCount: 360, frameRate: 30, keyframes: [0, 60, 120, 180, 240, 300] } as const;
const audio = { codec: "aac", seconds: 12 } as const;

describe("packageSource()", () => {
  test.each([
    { container: "mp4", video: { ...video, hasBFrames: true }, audio },
    { container: "mov", video: { ...video, hasBFrames: true }, audio },
    { container: "mkv", video: { ...video, hasBFrames: true }, audio },
    { container: "webm", video: { ...video, codec: "vp9" }, audio: { codec: "opus", seconds: 12 } },
  ] as const)("keeps every frame, its time and its order: $container", async (source) => {
    const pieces = await packaged(await fileOf(source));
    expect(pieces.map(({ kind, seq }) => `${kind} ${String(seq)}`)).toEqual([
      "init 0",
      "segment 0",
      "segment 1",
      "segment 2",
    ]);
    expect(timesOf(pieces)).toEqual(["0.00+4.00", "4.00+4.00", "8.00+4.00"]);
    const found = await readBack(pieces);
    expectSamePackets(found.video, videoPackets(source.video));
    expectSamePackets(found.audio, audioPackets(source.audio));
  });

  test("gives segments that each play alone with the init segment, starting with a keyframe", async () => {
    const source = { container: "mp4", video: { ...video, hasBFrames: true }, audio } as const;
    const [init, ...segments] = await packaged(await fileOf(source));
    if (init === undefined) throw new Error("no init segment");
    for (const segment of segments) {
      const alone = await readBack([init, segment]);
      expect(alone.video[0]?.isKey).toBe(true);
      expect(alone.video[0]?.startSeconds).toBeCloseTo(segment.startSeconds, 6);
      expect(alone.video).toHaveLength(120);
      expect(Math.abs((alone.audio[0]?.startSeconds ?? 0) - segment.startSeconds)).toBeLessThan(0.022);
    }
  });

  test("never writes a negative composition offset, which ffmpeg would show late", async () => {
    const pieces = await packaged(await fileOf({ container: "mp4", video: { ...video, hasBFrames: true } }));
    for (const { bytes } of segmentsOf(pieces)) {
      for (const trun of findBoxes(bytes, ["moof", "traf", "trun"])) {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        for (let row = 0; row < view.getUint32(trun.contentAt + 4); row++) {
          expect(view.getInt32(trun.contentAt + 12 + row * 16 + 12)).toBeGreaterThanOrEqual(0);
        }
      }
    }
  });

  test("gives equal bytes for equal sources", async () => {
    const path = await fileOf({ container: "mp4", video, audio });
    const [first, second] = [await packaged(path), await packaged(path)];
    expect(first.map(({ bytes }) => Buffer.from(bytes).toString("base64"))).toEqual(
      second.map(({ bytes }) => Buffer.from(bytes).toString("base64")),
    );
  });

  test("packages video without audio, and audio without video", async () => {
    const silent = await packaged(await fileOf({ container: "mp4", video }));
    expect(timesOf(silent)).toEqual(["0.00+4.00", "4.00+4.00", "8.00+4.00"]);
    const sound = await packaged(await fileOf({ container: "mp4", audio }));
    expect(segmentsOf(sound)).toHaveLength(3);
    expect(timesOf(sound)[0]).toBe("0.00+4.01");
    expectSamePackets((await readBack(sound)).audio, audioPackets(audio));
  });

  test("moves both tracks to 0 when both start late, and keeps their offset", async () => {
    const late = {
      container: "mkv",
      video: { ...video, startSeconds: 5 },
      audio: { ...audio, startSeconds: 5.3 },
    } as const;
    const pieces = await packaged(await fileOf(late));
    const found = await readBack(pieces);
    expectSamePackets(found.video, videoPackets(late.video), -5);
    expectSamePackets(found.audio, audioPackets(late.audio), -5);
  });

  test("hides audio priming by an edit list instead of delaying the video", async () => {
    const primed = { container: "mp4", video, audio: { ...audio, startSeconds: -1024 / 48000 } } as const;
    const found = await readBack(await packaged(await fileOf(primed)));
    expectSamePackets(found.video, videoPackets(primed.video));
    expectSamePackets(found.audio, audioPackets(primed.audio));
  });

  test("shows the first frame from the start where the audio starts earlier", async () => {
    const early = { container: "mkv", video: { ...video, startSeconds: 1.5 }, audio } as const;
    const pieces = await packaged(await fileOf(early));
    const found = await readBack(pieces);
    expect(found.video[0]?.startSeconds).toBe(0);
    expectSamePackets(found.video.slice(1), videoPackets(early.video).slice(1));
    expectSamePackets(found.audio, audioPackets(early.audio));
    expect(timesOf(pieces)[0]).toBe("0.00+3.50");
  });

  test("lets the last segment last as long as the audio does", async () => {
    const pieces = await packaged(await fileOf({ container: "mp4", video, audio: { ...audio, seconds: 15 } }));
    expect(timesOf(pieces).at(-1)).toBe("10.00+5.00");
    const long = await fileOf({ container: "mp4", video, audio: { ...audio, seconds: 30 } });
    await expect(packaged(long)).rejects.toThrow("the video ends at 12.0 s and the audio goes on");
  });

  test("drops frames before the first keyframe, which nobody could decode", async () => {
    const cut = {
      container: "mkv",
      video: { ...video, keyframes: [0, 30, 150], openKeyframes: [0] },
      audio: { ...audio, startSeconds: 1 },
    } as const;
    const found = await readBack(await packaged(await fileOf(cut)));
    expectSamePackets(found.video, videoPackets(cut.video).slice(30), -1);
    expectSamePackets(found.audio, audioPackets(cut.audio), -1);
  });

  test.each([0, 90, 180, 270] as const)("keeps a rotation of %i degrees", async (rotation) => {
    const path = await fileOf({ container: "mp4", video: { ...video, rotation } });
    const bytes = new Uint8Array(Buffer.concat((await packaged(path)).map((piece) => piece.bytes)));
    using input = new Input({ formats: [MP4], source: new BufferSource(bytes) });
    expect(await (await input.getVideoTracks())[0]?.getRotation()).toBe(rotation);
    expect(await probeSource(path, signal)).toMatchObject({ rotation, width: rotation % 180 === 0 ? 320 : 180 });
  });

  test("reports progress up to the end", async () => {
    const path = await fileOf({ container: "mp4", video, audio });
    const seen: string[] = [];
    const onProgress = (done: number, total: number): number => seen.push(`${done.toFixed(1)} of ${total.toFixed(1)}`);
    let pieceCount = 0;
    for await (const piece of packageSource(path, { signal, onProgress })) pieceCount += piece.bytes.length > 0 ? 1 : 0;
    expect(pieceCount).toBe(4);
    expect(seen).toEqual(["4.0 of 12.0", "8.0 of 12.0", "12.0 of 12.0"]);
  });

  test("stops with the signal's reason", async () => {
    const path = await fileOf({ container: "mp4", video, audio });
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      for await (const piece of packageSource(path, { signal: controller.signal })) {
        if (piece.kind === "init") controller.abort(new Error("Upload was cancelled"));
      }
    };
    await expect(run()).rejects.toThrow("Upload was cancelled");
  });

  test("packages the demo's files into aligned segments of 4 s", async () => {
    const timelines = await Promise.all(
      ["240p", "480p", "720p"].map(async (name) => {
        const path = fileURLToPath(new URL(`../../demo/demo-${name}.mp4`, import.meta.url));
        const { frameRate, codecs, durationSeconds } = await probeSource(path, signal);
        expect(codecs).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
        const segments = segmentsOf(await packaged(path));
        const endSeconds = segments.reduce((sum, segment) => sum + segment.durationSeconds, 0);
        expect(Math.abs(endSeconds - durationSeconds)).toBeLessThan(0.1);
        return { name, frameRate, segments };
      }),
    );
    expect(() => {
      assertAligned(timelines);
    }).not.toThrow();
    expect(timelines[0]?.segments.slice(0, -1).every(({ durationSeconds }) => durationSeconds === 4)).toBe(true);
  });
});
