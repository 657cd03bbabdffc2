import { describe, expect, it } from "vitest";
import { languageOf, mediaFacts } from "./media-facts.ts";

type Fields = Record<string, unknown>;

/** As ffprobe prints them. */
const answer = (streams: readonly Fields[], format: Fields = {}) =>
  JSON.stringify({ streams, format: { format_name: "avi", duration: "10.5", size: "1000", ...format } });
const picture = (fields: Fields = {}): Fields => ({
  ...{ index: 0, codec_type: "video", codec_name: "h264", width: 640, height: 360, pix_fmt: "yuv420p" },
  ...{ r_frame_rate: "25/1", avg_frame_rate: "25/1", duration: "10.0", ...fields },
});
const sound = (fields: Fields = {}): Fields => ({ index: 1, codec_type: "audio", codec_name: "aac", ...fields });
const videoOf = (fields: Fields) => mediaFacts(answer([picture(fields)]))?.video;

describe("mediaFacts()", () => {
  it("tells tracks, length and size", () => {
    const facts = mediaFacts(answer([picture(), sound({ tags: { language: "ger", title: " Ton\u0007spur " } })]));
    expect(facts).toMatchObject({ container: "avi", durationSeconds: 10.5, sizeBytes: 1000 });
    expect(facts?.video).toMatchObject({ codec: "h264", width: 640, height: 360, frameRate: 25, durationSeconds: 10 });
    expect(facts?.audio).toMatchObject([{ index: 1, codec: "aac", language: "de", title: "Ton spur" }]);
  });

  it("gives the size as shown: turned upright, with square pixels", () => {
    expect(videoOf({ side_data_list: [{ rotation: -90 }] })).toMatchObject({ width: 360, height: 640 });
    expect(videoOf({ tags: { rotate: "270" } })).toMatchObject({ width: 360, height: 640 });
    expect(videoOf({ side_data_list: [{ rotation: 180 }] })).toMatchObject({ width: 640, height: 360 });
    expect(videoOf({ sample_aspect_ratio: "16:11" })).toMatchObject({ width: 931, height: 360 });
    expect(videoOf({ sample_aspect_ratio: "1:2" })).toMatchObject({ width: 640, height: 720 });
    expect(videoOf({ sample_aspect_ratio: "0:1" })).toMatchObject({ width: 640, height: 360 });
  });

  it("does not take a cover for a film, and prefers the default picture", () => {
    const cover = picture({ disposition: { attached_pic: 1 } });
    expect(mediaFacts(answer([cover, sound()]))?.video).toBeNull();
    const second = picture({ index: 3, disposition: { default: 1 } });
    expect(mediaFacts(answer([picture(), second]))?.video?.index).toBe(3);
  });

  it.each([
    ["a constant rate", "30000/1001", "30000/1001", "30000/1001"],
    ["a rate of almost the base", "24/1", "2397/100", "24/1"],
    ["a variable rate", "90000/1", "2310/100", "24/1"],
    ["a slow-motion rate", "240/1", "240/1", "60/1"],
    ["a slide show", "1/2", "1/2", "5/1"],
    ["no rate at all", "0/0", "0/0", "25/1"],
  ])("shows %s at a rate that players know", (_name, base, average, wanted) => {
    expect(videoOf({ r_frame_rate: base, avg_frame_rate: average })?.frameRateText).toBe(wanted);
  });

  it("knows what browsers do not show as it is meant", () => {
    expect(videoOf({})).toMatchObject({ isOrdinaryPixels: true, isInterlaced: false, highDynamicRange: null });
    expect(videoOf({ pix_fmt: "yuv420p10le", color_transfer: "smpte2084" })).toMatchObject({
      isOrdinaryPixels: false,
      highDynamicRange: "pq",
    });
    expect(videoOf({ color_transfer: "arib-std-b67", field_order: "tt" })).toMatchObject({
      isInterlaced: true,
      highDynamicRange: "hlg",
    });
  });

  it("tells Dolby Vision that others show wrongly from Dolby Vision that they show well", () => {
    const vision = (profile: number, compatibility: number) =>
      videoOf({ side_data_list: [{ dv_profile: profile, dv_bl_signal_compatibility_id: compatibility }] });
    expect(vision(5, 0)?.isDolbyVisionOnly).toBe(true);
    expect(vision(8, 1)?.isDolbyVisionOnly).toBe(false);
  });

  it("reads the lengths that Matroska keeps in tags", () => {
    expect(videoOf({ duration: undefined, tags: { DURATION: "01:02:03.500000000" } })?.durationSeconds).toBe(3723.5);
    expect(videoOf({ duration: "N/A" })?.durationSeconds).toBeNull();
  });

  it("is undefined for what ffprobe never says", () => {
    expect(["", "{}", "[]", '{"streams":[{}],"format":{}}'].map(mediaFacts)).toEqual(Array(4).fill(undefined));
  });
});

describe("languageOf()", () => {
  it("canonicalises, and knows no language for what is none", () => {
    expect(["eng", "ger", "pt-br", "und", "not a tag", "", undefined].map(languageOf)).toEqual([
      ...["en", "de", "pt-BR"],
      ...[null, null, null, null],
    ]);
  });
});
