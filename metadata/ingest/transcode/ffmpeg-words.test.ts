import { describe, expect, it } from "vitest";
import type { Run } from "./ffmpeg-words.ts";
import { posterWords, probeWords, runWords, subtitleWords } from "./ffmpeg-words.ts";
import type { AudioFacts, MediaFacts, VideoFacts } from "./media-facts.ts";

const video: VideoFacts = {
  ...{ index: 0, codec: "hevc", width: 1280, height: 720, isOrdinaryPixels: true, isInterlaced: false },
  ...{ highDynamicRange: null, isDolbyVisionOnly: false, frameRate: 25, frameRateText: "25/1", durationSeconds: 8 },
};
const audio: AudioFacts = { index: 1, codec: "ac3", language: null, title: null, isDefault: true, durationSeconds: 20 };
const rungs = [
  { width: 1280, height: 720, maxBitsPerSecond: 2_800_000 },
  { width: 426, height: 240, maxBitsPerSecond: 450_000 },
];
const run = (fields: Partial<Omit<Run, "media">> = {}, picture: Partial<VideoFacts> = {}): Run => {
  const media: MediaFacts = {
    ...{ container: "avi", durationSeconds: 20, sizeBytes: 1000, video: { ...video, ...picture } },
    ...{ audio: [audio], subtitles: [] },
  };
  const outputs = rungs.map((rung) => ({ kind: "video", rung }) as const);
  return {
    path: "/in/-odd",
    media,
    mainAudio: audio,
    outputs,
    isFilledUp: true,
    canToneMap: true,
    threads: 2,
    ...fields,
  };
};
const graphOf = (words: readonly string[]) => words[words.indexOf("-filter_complex") + 1] ?? "";

describe("every command line", () => {
  it.each([
    ["probe", probeWords("/in/-odd")],
    ["run", runWords(run())],
    ["subtitles", subtitleWords("/in/-odd", [2])],
    ["poster", posterWords(run(), video, 1)],
  ])("reads one local file and no playlist: %s", (_name, words) => {
    const at = words.indexOf("file:/in/-odd");
    const before = words.slice(0, at);
    expect(words[words.indexOf("-protocol_whitelist") + 1]).toBe("file,pipe");
    const formats = words[words.indexOf("-format_whitelist") + 1]?.split(",") ?? [];
    expect(formats).toContain("matroska");
    for (const dangerous of ["hls", "concat", "dash", "image2", "lavfi", "sdp", "tty", "data"]) {
      expect(formats).not.toContain(dangerous);
    }
    expect(before).toContain("-protocol_whitelist");
    expect(before).toContain("-format_whitelist");
    expect(words.filter((word) => word.includes("/in/"))).toHaveLength(1);
  });
});

describe("runWords()", () => {
  it("gives each output its pipe", () => {
    const pipes = runWords(run()).filter((word) => word.startsWith("pipe:"));
    expect(pipes).toEqual(["pipe:3", "pipe:4", "pipe:1"]);
  });

  it("makes keyframes where segments begin, in all qualities from the same frames", () => {
    const words = runWords(run());
    expect(words.filter((word) => word === "expr:gte(t,n_forced*4)")).toHaveLength(2);
    expect(words[words.indexOf("-g") + 1]).toBe("200");
    expect(graphOf(words)).toMatch(/fps=fps=25\/1:start_time=0.*split=2\[p0\]\[p1\]/);
    expect(graphOf(words)).toContain("[p1]scale=426:240");
  });

  it("holds the last picture while sound goes on, and fills up sound that ends early, but not in a cut file", () => {
    expect(graphOf(runWords(run()))).toContain("tpad=stop_mode=clone:stop_duration=12.000");
    expect(graphOf(runWords(run()))).toContain("apad=whole_dur=8.000");
    const cut = graphOf(runWords(run({ isFilledUp: false })));
    expect(cut).not.toMatch(/tpad|apad/);
  });

  it("deinterlaces before it scales, and maps tones after, where that is possible", () => {
    const hdr = { highDynamicRange: "pq", isInterlaced: true } as const;
    expect(graphOf(runWords(run({}, hdr)))).toMatch(/yadif.*scale=1280:720.*tonemap.*format=yuv420p/);
    expect(graphOf(runWords(run({ canToneMap: false }, hdr)))).not.toContain("tonemap");
  });

  it("copies what can be copied, AAC through the filter that transport streams need", () => {
    const aac = { ...audio, codec: "aac" };
    const words = runWords(run({ mainAudio: aac, outputs: [{ kind: "copy" }] }));
    expect(words.join(" ")).toContain("-map 0:0 -c:v copy -map 0:1 -c:a copy -bsf:a aac_adtstoasc");
    expect(words).not.toContain("-filter_complex");
  });
});
