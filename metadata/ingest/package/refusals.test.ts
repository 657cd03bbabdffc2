import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "#core/random.ts";
import { packageSource } from "./package-source.ts";
import { probeSource } from "./probe-source.ts";
import { REENCODE_AUDIO_COMMAND, REENCODE_COMMAND } from "./refusals.ts";
import { LARGEST_SEGMENT_BYTES, LONGEST_SEGMENT_SECONDS } from "./segment-limits.ts";
import { makeSyntheticSource, type SyntheticSource } from "./synthetic-source.ts";
import { type UnsupportedMediaCode, UnsupportedMediaError } from "./unsupported-media-error.ts";

const signal = new AbortController().signal;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vstack-refusals-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function packageAll(bytes: Uint8Array | string): Promise<number> {
  const path = join(folder, "upload");
  await writeFile(path, bytes);
  let count = 0;
  for await (const piece of packageSource(path, { signal })) {
    expect(piece.bytes.length).toBeLessThanOrEqual(LARGEST_SEGMENT_BYTES);
    expect(piece.durationSeconds).toBeLessThanOrEqual(LONGEST_SEGMENT_SECONDS + 0.01);
    count += 1;
  }
  return count;
}

function expectRefusal(refusal: UnsupportedMediaError, code: UnsupportedMediaCode, message: string | RegExp): void {
  expect(refusal.message).toMatch(message);
  expect(refusal.code).toBe(code);
}

async function refusalOf(bytes: Uint8Array | string): Promise<UnsupportedMediaError> {
  try {
    await packageAll(bytes);
  } catch (error) {
    if (error instanceof UnsupportedMediaError) return error;
    throw error;
  }
  throw new Error("The file was not refused");
}

const video = { codec: "avc", frameCount: 240, frameRate: 30, keyframes: [0, 120] } as const;
const audio = { codec: "aac", seconds: 8 } as const;
const plain: SyntheticSource = { container: "mp4", video, audio };

describe("packageSource() refuses what is no video", () => {
  test.each([
    ["an empty file", "", "it is empty"],
    ["a short text", "hello", "it looks like text"],
    ["a text", "Once upon a midnight dreary\n".repeat(100), "it looks like text"],
    ["a JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF\x00".padEnd(500, "\x80"), "a JPEG image"],
    ["a ZIP archive", `PK\x03\x04\x14${"\x00".repeat(600)}`, "a ZIP archive"],
    ["zeros", "\x00".repeat(5000), "no known video format"],
  ])("%s", async (_name, text, message) => {
    const refusal = await refusalOf(Buffer.from(text, "latin1"));
    expectRefusal(refusal, "not-media", message);
    expect(refusal.advice).toBe("Upload an MP4, MOV, MKV or WebM file");
  });
});

describe("packageSource() names containers that need ffmpeg", () => {
  const transportPacket = `G${"\x00".repeat(187)}`;
  test.each([
    ["AVI", `RIFF\x00\x00\x00\x00AVI LIST${"\x00".repeat(500)}`],
    ["FLV", `FLV\x01\x05${"\x00".repeat(500)}`],
    ["MPEG transport stream", transportPacket.repeat(5)],
    ["MP3", `ID3\x04\x00${"\x00".repeat(500)}`],
    ["old QuickTime (without ftyp)", `\x00\x00\x01\x00moov${"\x00".repeat(500)}`],
  ])("%s", async (name, text) => {
    const refusal = await refusalOf(Buffer.from(text, "latin1"));
    expect(refusal.code).toBe("unsupported-container");
    expect(refusal.message).toContain(`Cannot package ${name} files without ffmpeg`);
    expect(refusal.advice).toContain(REENCODE_COMMAND);
  });
});

describe("packageSource() refuses what browsers do not play", () => {
  test.each([
    [{ container: "mp4", video: { ...video, codec: "hevc" } }, "video codec HEVC (H.265)", REENCODE_COMMAND],
    [{ container: "webm", video: { ...video, codec: "vp8" } }, "video codec VP8", REENCODE_COMMAND],
    [{ container: "mp4", video, audio: { ...audio, codec: "mp3" } }, "audio codec MP3", REENCODE_AUDIO_COMMAND],
  ] as const)("%#: %s", async (source, message, command) => {
    const bytes = await makeSyntheticSource(source);
    const refusal = await refusalOf(bytes);
    expectRefusal(refusal, "unsupported-codec", message);
    expect(refusal.advice).toContain(command);
  });

  test("but probeSource() still tells what it is, for a server with ffmpeg", async () => {
    const path = join(folder, "hevc.mp4");
    await writeFile(path, await makeSyntheticSource({ container: "mp4", video: { ...video, codec: "hevc" } }));
    expect(await probeSource(path, signal)).toMatchObject({ videoCodec: "HEVC (H.265)", width: 320, height: 180 });
  });

  test("an encrypted track", async () => {
    const bytes = await makeSyntheticSource(plain);
    const at = Buffer.from(bytes).indexOf("avc1\x00\x00\x00", 100, "latin1");
    bytes.set(Buffer.from("encv"), at);
    expectRefusal(await refusalOf(bytes), "unsupported-codec", "DRM");
  });
});

describe("packageSource() keeps the limits of a segment", () => {
  const sparse = { ...video, frameCount: 30 * 30, keyframes: [0, 100, 800] };

  test.each(["mp4", "mkv"] as const)("refuses keyframes too far apart: %s", async (container) => {
    const refusal = await refusalOf(await makeSyntheticSource({ container, video: sparse }));
    expect(refusal.code).toBe("keyframes-too-far-apart");
    expect(refusal.message).toMatch(/between 3\.3 s and (26\.7|15\.4) s/);
    expect(refusal.advice).toContain("Install ffmpeg on the server's PATH");
    expect(refusal.advice).toContain('-force_key_frames "expr:gte(t,n_forced*4)"');
  });

  test("refuses keyframes that are none for Chromium (open groups of pictures)", async () => {
    const open = { ...video, frameCount: 900, keyframes: [0, 300, 600], openKeyframes: [300, 600] };
    const refusal = await refusalOf(await makeSyntheticSource({ container: "mp4", video: open }));
    expectRefusal(refusal, "keyframes-too-far-apart", "(IDR)");
  });

  test("refuses a video that has no keyframe at all", async () => {
    const none = { ...video, openKeyframes: [0, 120] };
    const refusal = await refusalOf(await makeSyntheticSource({ container: "mp4", video: none }));
    expect(refusal.message).toContain("no keyframe that a browser can start from");
  });

  test("takes 12 s and 16 MiB, refuses more", async () => {
    const longest = { ...video, frameCount: 360, keyframes: [0] };
    expect(await packageAll(await makeSyntheticSource({ container: "mp4", video: longest }))).toBe(2);
    const heavy = { ...video, frameCount: 20, frameRate: 5, keyframes: [0], frameBytes: 900_000 };
    const refusal = await refusalOf(await makeSyntheticSource({ container: "mp4", video: heavy }));
    expectRefusal(refusal, "segment-too-large", "at most 16 MiB at 0.0 s");
    expect(refusal.advice).toContain("-maxrate 12M");
  });

  test("cuts earlier rather than exceed 16 MiB", async () => {
    const dense = { ...video, frameCount: 20, frameRate: 5, keyframes: [0, 10], frameBytes: 900_000 };
    expect(await packageAll(await makeSyntheticSource({ container: "mp4", video: dense }))).toBe(3);
  });
});

describe("packageSource() and damaged files", () => {
  test("says where a cut file ends", async () => {
    const bytes = await makeSyntheticSource(plain);
    const refusal = await refusalOf(bytes.subarray(0, bytes.length - 20_000));
    expectRefusal(refusal, "damaged", /ends before the \w+ at \d/);
  });

  test("says that the index is missing", async () => {
    const bytes = await makeSyntheticSource(plain);
    const moov = Buffer.from(bytes).indexOf("moov");
    expect(await refusalOf(bytes.subarray(0, moov + 40))).toMatchObject({ code: "damaged" });
  });

  test("notices a cut Matroska file, which mediabunny ends silently", async () => {
    const bytes = await makeSyntheticSource({ ...plain, container: "mkv" });
    const refusal = await refusalOf(bytes.subarray(0, Math.floor(bytes.length / 2)));
    expectRefusal(refusal, "damaged", /should be \d+ bytes long/);
  });

  test("does not search in circles where junk follows the last cluster", async () => {
    const bytes = Buffer.from(await makeSyntheticSource({ ...plain, container: "mkv" }));
    // The Segment's length becomes 15 bytes; what follows is then read as other elements.
    const segment = bytes.indexOf(Buffer.from("18538067", "hex"));
    bytes[segment + 4] = 0x8f;
    expect(await refusalOf(bytes)).toMatchObject({ code: "damaged" });
  }, 20_000);

  test("refuses an index that claims billions of frames", async () => {
    const bytes = Buffer.from(await makeSyntheticSource({ ...plain, video: { ...video, hasBFrames: true } }));
    const ctts = bytes.indexOf("ctts");
    bytes.writeUInt32BE(0xf0_00_00_00, ctts + 12);
    expectRefusal(await refusalOf(bytes), "damaged", "claims 40265");
  });

  test.each(["mp4", "mov", "mkv", "webm"] as const)(
    "only ever packages or refuses, whatever is wrong: %s",
    async (container) => {
      const seed = 20_26;
      const random = seededRandom(seed);
      const isWebM = container === "webm";
      const whole = await makeSyntheticSource({
        container,
        video: { ...video, frameCount: 120, keyframes: [0, 60], codec: isWebM ? "vp9" : "avc", hasBFrames: !isWebM },
        audio: { codec: isWebM ? "opus" : "aac", seconds: 4 },
      });
      const index = Math.max(0, Buffer.from(whole).indexOf("moov"));
      for (let round = 0; round < 40; round++) {
        const bytes = mutate(whole, { round, index, random });
        await expect(
          packageAll(bytes).then(
            () => "done",
            (error: unknown) => (error instanceof UnsupportedMediaError ? "done" : error),
          ),
          `seed ${String(seed)}, round ${String(round)}`,
        ).resolves.toBe("done");
      }
    },
    60_000,
  );
});

/** Cuts the file, or overwrites some bytes: anywhere, near the index, or near the start. */
function mutate(whole: Uint8Array, how: { round: number; index: number; random: () => number }): Uint8Array {
  const { round, index, random } = how;
  const bytes = Uint8Array.from(whole);
  if (round % 4 === 0) return bytes.subarray(0, Math.floor(random() * bytes.length));
  const [from, length] = [
    [0, bytes.length],
    [0, bytes.length],
    [index, Math.min(2000, bytes.length - index)],
    [0, Math.min(700, bytes.length)],
  ][round % 4] ?? [0, bytes.length];
  for (let change = 0; change < 6; change++) {
    const at = (from ?? 0) + Math.floor(random() * (length ?? 0));
    bytes[at] = random() < 0.4 ? 0xff : Math.floor(random() * 256);
  }
  return bytes;
}
