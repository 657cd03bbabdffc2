import { describe, expect, it } from "vitest";
import { isSideFile, languageLabel, sideFileLanguage } from "./side-file.ts";

describe("side files", () => {
  it("are known by their names", () => {
    const names = ["a.vtt", "a.en.SRT", "vtt", "a.vtt.mp4", "a.txt", ".srt"];
    expect(names.map(isSideFile)).toEqual([true, true, false, false, false, true]);
  });

  it("tell their language, if they do", () => {
    const names = ["film.en.vtt", "film.pt-BR.srt", "my.film.ger.vtt", "film.vtt", "film.final.vtt", "S01.E02.vtt"];
    expect(names.map(sideFileLanguage)).toEqual(["en", "pt-BR", "de", null, null, null]);
    expect(["en", "pt-BR", null].map(languageLabel)).toEqual(["English", "Brazilian Portuguese", null]);
  });
});
