import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { subtitleText, toWebVtt } from "./web-vtt.ts";

describe("toWebVtt()", () => {
  it("makes WebVTT of SubRip", () => {
    const text =
      "1\r\n00:00:01,5 --> 00:00:02,000\r\nFirst\r\nline\r\n\r\n2\r\n0:01:00,000 --> 0:01:02,250\r\nSecond\r\n";
    expect(toWebVtt(text, "a.srt")).toBe(
      "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nFirst\nline\n\n00:01:00.000 --> 00:01:02.250\nSecond\n",
    );
  });

  it("keeps cues of WebVTT with their places, and nothing else", () => {
    const text = [
      "WEBVTT - title",
      "STYLE\n::cue { background: url(https://elsewhere.test/) }",
      "NOTE for the translator",
      "REGION\nid:fred",
      "intro\n00:01.000 --> 00:02.000 align:start line:0 region:fred onclick:alert(1)\n<i>Hello</i>",
    ].join("\n\n");
    expect(toWebVtt(text, "a.vtt")).toBe("WEBVTT\n\n00:00:01.000 --> 00:00:02.000 align:start line:0\n<i>Hello</i>\n");
  });

  it("puts cues in order and leaves out those that last no time or say nothing", () => {
    const cue = (start: number, end: number, words: string) => `00:0${start}.000 --> 00:0${end}.000\n${words}\n\n`;
    const text = `WEBVTT\n\n${cue(5, 6, "late")}${cue(1, 2, "early")}${cue(3, 3, "none")}${cue(4, 5, "")}`;
    expect(toWebVtt(text, "a.vtt")).toBe(
      "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nearly\n\n00:00:05.000 --> 00:00:06.000\nlate\n",
    );
  });

  it("refuses what has no cue, and names the file", () => {
    for (const text of ["", "WEBVTT\n", "just words", "00:00:xx --> 1"]) {
      expect(() => toWebVtt(text, "a.vtt")).toThrow(/"a.vtt" as subtitles/);
    }
  });

  it("gives the same again for what it gave, whatever came in", () => {
    const line = fc.constantFrom(
      "1",
      "",
      "00:01.000 --> 00:02.000",
      "00:00:03,100-->00:00:04,000",
      "--> x",
      "text",
      "\0<b>",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
        let once: string;
        try {
          once = toWebVtt(lines.join("\n"), "a");
        } catch {
          return;
        }
        expect(toWebVtt(once, "a")).toBe(once);
      }),
    );
  });
});

describe("subtitleText()", () => {
  it("reads the encodings that subtitle files have", () => {
    const bytes = (...values: number[]) => Uint8Array.from(values);
    expect(subtitleText(new TextEncoder().encode("naïve"))).toBe("naïve");
    expect(subtitleText(bytes(0x6e, 0x61, 0xef, 0x76, 0x65))).toBe("naïve");
    expect(subtitleText(bytes(0xff, 0xfe, 0x41, 0, 0xe9, 0))).toBe("Aé");
    expect(subtitleText(bytes(0xfe, 0xff, 0, 0x41, 0, 0xe9))).toBe("Aé");
  });
});
