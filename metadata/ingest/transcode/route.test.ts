import { describe, expect, it } from "vitest";
import { damaged, unsupportedContainer } from "../package/refusals.ts";
import type { AudioFacts, MediaFacts, VideoFacts } from "./media-facts.ts";
import type { RouteInput } from "./route.ts";
import { routesFor } from "./route.ts";

const video = (fields: Partial<VideoFacts> = {}): VideoFacts => ({
  ...{ index: 0, codec: "h264", width: 1280, height: 720, isOrdinaryPixels: true, isInterlaced: false },
  ...{ highDynamicRange: null, isDolbyVisionOnly: false, frameRate: 25, frameRateText: "25/1", durationSeconds: 60 },
  ...fields,
});
const audio = (codec: string): AudioFacts => ({
  ...{ index: 1, codec, language: null, title: null, isDefault: true, durationSeconds: 60 },
});
const media = (fields: Partial<MediaFacts> = {}): MediaFacts => ({
  ...{ container: "mov,mp4,m4a", durationSeconds: 60, sizeBytes: 30_000_000, video: video(), audio: [audio("aac")] },
  ...{ subtitles: [], ...fields },
});
const kinds = (input: Partial<RouteInput>) =>
  routesFor({ media: media(), refusal: null, keyframeTimesSeconds: null, ladder: "auto", ...input }).map(
    (route) => route.kind,
  );
const heights = (input: Partial<RouteInput>) =>
  routesFor({ media: media(), refusal: null, keyframeTimesSeconds: null, ladder: "auto", ...input }).flatMap((route) =>
    route.kind === "encode" ? route.rungs.map(({ height }) => height) : [],
  );

describe("routesFor()", () => {
  it("repackages what browsers play, and can still encode", () => {
    expect(kinds({})).toEqual(["repackage", "encode"]);
    expect(kinds({ media: media({ video: video({ codec: "vp9" }), audio: [audio("opus")] }) })).toEqual([
      "repackage",
      "encode",
    ]);
    expect(kinds({ media: media({ audio: [] }) })).toEqual(["repackage", "encode"]);
  });

  it("copies playable pictures out of a container or from beside a sound that is not", () => {
    const ts = media({ container: "mpegts" });
    expect(kinds({ media: ts, refusal: unsupportedContainer("MPEG transport stream") })).toEqual(["copy", "encode"]);
    expect(kinds({ media: media({ container: "matroska,webm", audio: [audio("ac3")] }) })).toEqual(["copy", "encode"]);
  });

  it("does not trust the times of AVI, nor of what seems damaged", () => {
    expect(kinds({ media: media({ container: "avi" }), refusal: unsupportedContainer("AVI") })).toEqual(["encode"]);
    expect(kinds({ refusal: damaged("odd") })).toEqual(["encode"]);
  });

  it.each([
    ["another codec", { codec: "hevc" }],
    ["ten bits", { isOrdinaryPixels: false }],
    ["interlaced pictures", { isInterlaced: true }],
    ["high dynamic range", { highDynamicRange: "pq" as const }],
    ["more than 1080p", { width: 3840, height: 2160 }],
  ])("encodes %s", (_name, fields) => {
    expect(kinds({ media: media({ video: video(fields) }) })).toEqual(["encode"]);
  });

  it("encodes more than 6 Mbit/s, and keyframes more than 8 s apart", () => {
    expect(kinds({ media: media({ sizeBytes: 46_000_000 }) })).toEqual(["encode"]);
    expect(kinds({ keyframeTimesSeconds: [0, 4, 12.5] })).toEqual(["encode"]);
    expect(kinds({ keyframeTimesSeconds: [0, 8, 16] })).toEqual(["repackage", "encode"]);
  });

  it("follows the setting", () => {
    expect(kinds({ ladder: "always" })).toEqual(["encode"]);
    expect(kinds({ ladder: "always", media: media({ video: video({ width: 320, height: 180 }) }) })).toEqual([
      "repackage",
      "encode",
    ]);
    const hevc = media({ video: video({ codec: "hevc" }) });
    expect(heights({ media: hevc })).toEqual([720, 480, 240]);
    expect(heights({ media: hevc, ladder: "off" })).toEqual([720]);
    expect(kinds({ ladder: "off", media: media({ sizeBytes: 900_000_000 }) })).toEqual(["repackage", "encode"]);
  });

  it("takes sound alone as it is when browsers play it", () => {
    expect(kinds({ media: media({ video: null }) })).toEqual(["repackage", "encode"]);
    expect(kinds({ media: media({ video: null, audio: [audio("mp3")] }) })).toEqual(["encode"]);
    expect(heights({ media: media({ video: null, audio: [audio("mp3")] }) })).toEqual([]);
  });

  it("refuses what no way leads from, and says what would help", () => {
    const vision = media({ video: video({ isDolbyVisionOnly: true }) });
    expect(() => kinds({ media: vision })).toThrow(/Dolby Vision profile 5/);
    expect(() => kinds({ media: media({ durationSeconds: 90_000 }) })).toThrow(/25 h as one video: 24 h/);
    expect(() => kinds({ media: media({ video: video({ codec: "unknown" }) }) })).toThrow(/Cannot play video codec/);
  });
});
