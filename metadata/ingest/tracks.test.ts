import { describe, expect, it } from "vitest";
import { chooseTracks, trackNames } from "./tracks.ts";
import type { AudioFacts, MediaFacts, SubtitleFacts } from "./transcode/media-facts.ts";

const audio = (index: number, codec: string, isDefault = false): AudioFacts => ({
  ...{ index, codec, language: null, title: null, isDefault, durationSeconds: 60 },
});
const subtitles = (index: number, codec: string): SubtitleFacts => ({ index, codec, language: "en", title: null });
const media = (fields: Partial<MediaFacts>): MediaFacts => ({
  ...{ container: "matroska", durationSeconds: 60, sizeBytes: 1, video: null, audio: [], subtitles: [] },
  ...fields,
});
const choose = (fields: Partial<MediaFacts>, isOwnPackager = false, sideFiles = 0) =>
  chooseTracks(media(fields), { isOwnPackager, sideFiles });

describe("chooseTracks()", () => {
  it("puts the default sound inside the picture, or the first that plays where our packager chooses", () => {
    const tracks = [audio(1, "ac3"), audio(2, "aac"), audio(3, "dts", true)];
    expect(choose({ audio: tracks })).toMatchObject({ mainAudio: tracks[2], furtherAudio: [tracks[0], tracks[1]] });
    expect(choose({ audio: tracks }, true)).toMatchObject({
      mainAudio: tracks[1],
      furtherAudio: [tracks[0], tracks[2]],
    });
    expect(choose({})).toEqual({ mainAudio: null, furtherAudio: [], subtitles: [], leftOut: [] });
  });

  it("leaves out subtitles that are pictures, and says so", () => {
    const tracks = [subtitles(2, "hdmv_pgs_subtitle"), subtitles(3, "subrip"), subtitles(4, "dvd_subtitle")];
    expect(choose({ subtitles: tracks })).toMatchObject({
      subtitles: [tracks[1]],
      leftOut: ["Left out subtitles that are no text (hdmv_pgs_subtitle, dvd_subtitle)"],
    });
  });

  it("has room for four of each beside the qualities, side files first", () => {
    const many = Array.from({ length: 7 }, (_, index) => index);
    const chosen = choose(
      { audio: many.map((index) => audio(index, "aac")), subtitles: many.map((index) => subtitles(index, "ass")) },
      false,
      3,
    );
    expect([chosen.furtherAudio.length, chosen.subtitles.length]).toEqual([4, 1]);
    expect(chosen.leftOut).toEqual([
      "Left out 2 audio tracks beyond what one video may have",
      "Left out 6 subtitles beyond what one video may have",
    ]);
    const crowded = choose({ audio: many.map((index) => audio(index, "aac")) }, false, 7);
    expect([crowded.furtherAudio.length, crowded.subtitles.length]).toEqual([1, 0]);
  });
});

describe("trackNames()", () => {
  it("calls a track by its title, or by its language", () => {
    expect(trackNames({ language: "de", title: "Kommentar" })).toEqual({ language: "de", label: "Kommentar" });
    expect(trackNames({ language: "de", title: null })).toEqual({ language: "de", label: "German" });
  });
});
