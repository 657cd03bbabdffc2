import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSideFiles } from "./read-side-files.ts";

const folder = mkdtempSync(join(tmpdir(), "vstack-side-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const source = (fileName: string, text = "1\n00:00:01,000 --> 00:00:02,000\nHello\n") => {
  const path = join(folder, fileName);
  writeFileSync(path, text);
  return { path, fileName };
};

describe("readSideFiles()", () => {
  it("tells subtitles from films, whatever the order", async () => {
    const { texts, films } = await readSideFiles([source("a.de.srt"), source("a.mp4"), source("a.vtt")]);
    expect(films.map(({ fileName }) => fileName)).toEqual(["a.mp4"]);
    expect(texts.map(({ track }) => track)).toEqual([
      { language: "de", label: "German" },
      { language: null, label: null },
    ]);
    expect(texts[0]?.text).toMatch(/^WEBVTT/);
  });

  it.each([
    ["subtitles alone", [source("a.vtt")], /subtitles alone/],
    ["what is no subtitle file but for its name", [source("a.mp4"), source("b.vtt", "no cue")], /"b.vtt" as subtitles/],
    ["huge ones", [source("a.mp4"), source("c.srt", "x".repeat(8 * 1024 * 1024 + 1))], /larger than 8 MiB/],
    ["too many", [source("a.mp4"), ...Array.from({ length: 9 }, (_, n) => source(`${n}.vtt`))], /9 subtitle files/],
  ])("refuses %s", async (_name, sources, message) => {
    await expect(readSideFiles(sources)).rejects.toThrow(message);
  });
});
