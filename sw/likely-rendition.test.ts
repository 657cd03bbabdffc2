import { expect, it } from "vitest";
import { likelyRendition } from "./likely-rendition.ts";
import { VIDEO_ID } from "./sample-manifest.contract.ts";

const MASTER = `/media/${VIDEO_ID}/master.m3u8`;
const TEXT = [
  "#EXTM3U",
  '#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS="avc1"',
  "480p/index.m3u8",
  "#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=2000000,BANDWIDTH=2600000",
  "720p/index.m3u8",
  "#EXT-X-STREAM-INF:BANDWIDTH=300000",
  "240p/index.m3u8",
  '#EXT-X-MEDIA:TYPE=AUDIO,URI="audio-2/index.m3u8"',
].join("\r\n");

it.each([
  [2_100_000, "720p"],
  [1_999_999, "480p"],
  [null, "240p"],
  [100_000, "480p"],
] as const)("likelyRendition() for a player that believes in %s bit/s is %s", (bitsPerSecond, rendition) => {
  expect(likelyRendition(MASTER, TEXT, bitsPerSecond)).toBe(rendition);
});

it("likelyRendition() finds nothing in what is no playlist of ours", () => {
  expect(likelyRendition(MASTER, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://elsewhere/x.m3u8", null)).toBe(
    undefined,
  );
  expect(likelyRendition(MASTER, "<html>", 1e9)).toBe(undefined);
});
