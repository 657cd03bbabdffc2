import { expect, test } from "vitest";
import { MAX_RENDITIONS } from "#wire/contract/limits.ts";
import { areOneVideo, titleOfVideo } from "./one-video.ts";

const chosen = (...names: string[]) => names.map((fileName) => ({ fileName, title: `Title of ${fileName}` }));

test.each([
  ["one film and subtitles", ["film.de.vtt", "film.mp4", "film.srt"], true],
  ["two films and subtitles", ["a.mp4", "b.mp4", "a.vtt"], false],
  ["two films", ["a.mp4", "b.mp4"], false],
  ["one film", ["a.mp4"], false],
  ["subtitles alone", ["a.vtt", "b.vtt"], false],
])("areOneVideo() for %s, as long as nobody said", (_what, names, expected) => {
  expect(areOneVideo(chosen(...names), undefined)).toBe(expected);
});

test("areOneVideo() does as the person says, where there is room", () => {
  expect(areOneVideo(chosen("a.mp4", "b.mp4"), true)).toBe(true);
  expect(areOneVideo(chosen("film.mp4", "film.vtt"), false)).toBe(false);
  const tooMany = Array.from({ length: MAX_RENDITIONS + 1 }, (_, index) => `${index}.mp4`);
  expect(areOneVideo(chosen(...tooMany), true)).toBe(false);
});

test("titleOfVideo() is that of the first film, not of subtitles that were chosen before it", () => {
  expect(titleOfVideo(chosen("film.de.vtt", "film.mp4"))).toBe("Title of film.mp4");
  expect(titleOfVideo(chosen("a.vtt"))).toBe("Title of a.vtt");
});
