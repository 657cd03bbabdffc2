import HLS from "hls-parser";
import { describe, expect, it } from "vitest";
import type { Rendition, Video } from "#wire/contract/catalog-api.ts";
import { sampleRendition } from "../catalog/catalog-store.contract.ts";
import { present, videoIdOf } from "../placement/placement-register.contract.ts";
import { parseRenditionId } from "#core/ids.ts";
import { masterPlaylist, mediaPlaylist } from "./playlists.ts";

const small = {
  ...sampleRendition,
  id: present(parseRenditionId("360p")),
  width: 640,
  height: 360,
  peakBitsPerSecond: 800_000,
};
const video: Video = {
  id: videoIdOf("b"),
  title: "A",
  state: "ready",
  durationSeconds: 12,
  createdAt: "2026-01-01T00:00:00.000Z",
  sizeBytes: 1,
  views: 0,
  copies: { present: 0, wanted: 0 },
  failure: null,
  poster: null,
  renditions: [small, sampleRendition],
};

describe("masterPlaylist()", () => {
  it("names every rendition, the best first, with what a player needs to choose", () => {
    const parsed = HLS.parse(masterPlaylist(video, null));
    if (!parsed.isMasterPlaylist) throw new Error("not a multivariant playlist");
    const master = parsed;
    expect(master.independentSegments).toBe(true);
    expect(master.variants.map((variant) => variant.uri)).toEqual(["720p/index.m3u8", "360p/index.m3u8"]);
    expect(master.variants[0]).toMatchObject({
      bandwidth: 3_000_000,
      averageBandwidth: 2_000_000,
      codecs: "avc1.64001f,mp4a.40.2",
      resolution: { width: 1280, height: 720 },
      frameRate: 24,
    });
  });

  it("describes sound without a picture by its codec alone", () => {
    const sound = { ...small, width: null, height: null, frameRate: null };
    const text = masterPlaylist({ ...video, renditions: [sound] }, null);
    expect(text).not.toMatch(/RESOLUTION|FRAME-RATE/);
  });

  it("carries the session on", () => {
    expect(masterPlaylist(video, "p 1")).toContain("\n720p/index.m3u8?session=p%201\n");
  });
});

describe("masterPlaylist() with tracks", () => {
  const track = (id: string, facts: Partial<Rendition>): Rendition => ({
    ...small,
    id: present(parseRenditionId(id)),
    ...{ width: null, height: null, frameRate: null, codecs: "mp4a.40.2", peakBitsPerSecond: 128_000, ...facts },
  });
  const english = track("audio-2", { kind: "audio", language: "en", label: "Commentary" });
  const german = track("subtitles-de", { kind: "subtitles", language: "de", label: null, codecs: "wvtt" });

  it("puts the sound inside the segments first, and names every other track", () => {
    const parsed = HLS.parse(masterPlaylist({ ...video, renditions: [...video.renditions, english, german] }, "p"));
    if (!parsed.isMasterPlaylist) throw new Error("not a multivariant playlist");
    expect(parsed.variants).toHaveLength(2);
    for (const { audio, subtitles, codecs } of parsed.variants) {
      expect(audio.map(({ name, uri, isDefault }) => [name, uri, isDefault])).toEqual([
        ["Original", undefined, true],
        ["Commentary", "audio-2/index.m3u8?session=p", false],
      ]);
      expect(subtitles).toMatchObject([{ name: "de", language: "de", uri: "subtitles-de/index.m3u8?session=p" }]);
      expect(codecs).toBe("avc1.64001f,mp4a.40.2");
    }
    expect(parsed.variants[0]?.bandwidth).toBe(3_128_000);
  });

  it("tells equal names apart and lets no name leave its quotes", () => {
    const evil = 'x",URI="https://evil.test/a.m3u8"\r\n#EXT-X-ENDLIST';
    const renditions = [...video.renditions, ...["a", "b"].map((id) => track(id, { kind: "subtitles", label: evil }))];
    const written = masterPlaylist({ ...video, renditions }, null);
    expect(written.split("\n").filter((line) => line.startsWith("#EXT-X-ENDLIST"))).toEqual([]);
    // By the grammar of attribute lists (section 4.2); hls-parser itself splits at commas inside quotes.
    const attributes = (line: string) =>
      new Map([...line.matchAll(/([A-Z-]+)=("[^"]*"|[^",]*)/g)].map(([, name = "", value = ""]) => [name, value]));
    const tracks = written
      .split("\n")
      .filter((line) => line.startsWith("#EXT-X-MEDIA:"))
      .map(attributes);
    expect(tracks.map((one) => one.get("URI"))).toEqual(['"a/index.m3u8"', '"b/index.m3u8"']);
    expect(new Set(tracks.map((one) => one.get("NAME"))).size).toBe(2);
  });

  it("plays a sound file by its own rendition", () => {
    const written = masterPlaylist({ ...video, renditions: [english] }, null);
    expect(written).toContain("\naudio-2/index.m3u8\n");
    expect(written).not.toContain("EXT-X-MEDIA");
  });
});

describe("mediaPlaylist()", () => {
  it("gives subtitles as one text without an init segment", () => {
    const written = mediaPlaylist([61.5], { session: "abc", kind: "subtitles" });
    expect(written).toContain("\n0.vtt?session=abc\n");
    expect(written).not.toContain("EXT-X-MAP");
  });

  it("tells exact durations, the init segment and the end", () => {
    const text = mediaPlaylist([4.004, 4.1708333333333, 0.5], { session: null });
    const playlist = HLS.parse(text) as HLS.types.MediaPlaylist;
    expect(playlist).toMatchObject({ targetDuration: 5, endlist: true, playlistType: "VOD", version: 7 });
    expect(playlist.segments.map((segment) => segment.uri)).toEqual(["0.m4s", "1.m4s", "2.m4s"]);
    expect(playlist.segments.map((segment) => segment.duration)).toEqual([4.004, 4.170833, 0.5]);
    expect(playlist.segments[0]?.map.uri).toBe("init.mp4");
    expect(text.match(/EXT-X-MAP/g)).toHaveLength(1);
  });

  it("carries the session on to every address", () => {
    const text = mediaPlaylist([4, 4], { session: "abc" });
    expect(text).toContain("0.m4s?session=abc");
    expect(text).toContain('URI="init.mp4?session=abc"');
  });
});
