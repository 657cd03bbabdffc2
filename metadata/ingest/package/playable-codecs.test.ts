import { describe, expect, test } from "vitest";
import { type CodecFacts, codecName, hlsCodec, isPlayableAudio, isPlayableVideo } from "./playable-codecs.ts";

function facts(codec: string | null, parameterString: string | null, containerName: string | null = null): CodecFacts {
  return { codec, parameterString, containerName };
}

describe("isPlayableVideo()", () => {
  test.each([
    [facts("avc", "avc1.64001f"), true],
    [facts("avc", "avc3.42e01e"), true],
    [facts("avc", "avc1.2c0028"), false],
    [facts("avc", null), false],
    [facts("vp9", "vp09.00.11.08"), true],
    [facts("av1", "av01.0.05M.08"), true],
    [facts("hevc", "hvc1.1.6.L93.B0"), false],
    [facts("vp8", "vp8"), false],
    [facts(null, null, "mp4v"), false],
  ])("%o is %s", (codec, isPlayable) => {
    expect(isPlayableVideo(codec)).toBe(isPlayable);
  });
});

describe("isPlayableAudio()", () => {
  test.each([
    [facts("aac", "mp4a.40.2"), true],
    [facts("aac", "mp4a.40.5"), true],
    [facts("aac", "mp4a.40.29"), true],
    [facts("aac", "mp4a.40.42"), false],
    [facts("opus", "opus"), true],
    [facts("flac", "flac"), true],
    [facts("mp3", "mp3"), false],
    [facts("ac3", "ac-3"), false],
    [facts("vorbis", "vorbis"), false],
    [facts("pcm-s16", "pcm-s16"), false],
  ])("%o is %s", (codec, isPlayable) => {
    expect(isPlayableAudio(codec)).toBe(isPlayable);
  });
});

describe("codecName()", () => {
  test.each([
    [facts("avc", "avc1.2c0028"), "H.264 (avc1.2c0028)"],
    [facts("hevc", "hvc1.1.6.L93.B0"), "HEVC (H.265)"],
    [facts("pcm-s16", "pcm-s16"), "PCM"],
    [facts(null, null, "mp4v"), "MPEG-4 Part 2"],
    [facts(null, null, "dvh9"), '"dvh9"'],
    [facts(null, null), "of unknown name"],
  ])("%o is %s", (codec, name) => {
    expect(codecName(codec)).toBe(name);
  });
});

test("hlsCodec() spells Opus and FLAC as their sample entries", () => {
  expect(["opus", "flac", "mp4a.40.2"].map(hlsCodec)).toEqual(["Opus", "fLaC", "mp4a.40.2"]);
});
