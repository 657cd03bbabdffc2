import { expect, test } from "vitest";
import { MAX_UPLOAD_BYTES } from "#wire/contract/limits.ts";
import { checkFile } from "./file-check.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const check = (head: Uint8Array, more: { name?: string; sizeBytes?: number } = {}) =>
  checkFile({ name: "x.mp4", sizeBytes: head.length, head, ...more });

test.each([
  ["MP4", "\0\0\0\x20ftypisom\0\0\x02\0"],
  ["QuickTime without ftyp", "\0\0\0\x08wide\0\0\0\0mdat"],
  ["Matroska", "\x1a\x45\xdf\xa3\x01\0\0\0"],
  ["AVI", "RIFF\0\0\0\0AVI LIST"],
  ["FLV", "FLV\x01\x05"],
  ["Ogg", "OggS\0\x02"],
  ["MP3", "ID3\x04\0"],
  ["transport stream", `G${"\xff".repeat(187)}G`],
])("checkFile() lets %s pass", (_name, head) => {
  expect(check(bytes(head))).toBeUndefined();
});

test.each([
  ["a PNG picture", "\x89PNG\r\n\x1a\n"],
  ["a JPEG picture", "\xff\xd8\xff\xe0"],
  ["a picture", "\0\0\0\x18ftypheic\0\0\0\0"],
  ["a WebP picture", "RIFF\0\0\0\0WEBPVP8 "],
  ["a PDF document", "%PDF-1.7"],
  ["a ZIP archive or an office document", "PK\x03\x04\x14"],
  ["a program", "\x7fELF\x02"],
  ["a text", "Dear diary,\r\ntoday we went\tto the sea"],
])("checkFile() says that %s is no video, and what to choose instead", (kind, head) => {
  expect(check(bytes(head), { name: "holiday.mp4" })).toBe(
    `“holiday.mp4” is ${kind}, not a video. Choose an MP4, MOV, MKV or WebM file, or another video format.`,
  );
});

test.each(["film.en.vtt", "film.SRT"])("checkFile() lets the text of subtitles pass: %s", (name) => {
  expect(check(bytes("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"), { name })).toBeUndefined();
});

test("checkFile() leaves bytes that it does not know to the server", () => {
  expect(check(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))).toBeUndefined();
});

test("checkFile() reads a text whose last character is cut off at the end of the head", () => {
  const cut = new TextEncoder().encode("für alle ü").slice(0, -1);
  expect(check(cut, { sizeBytes: 100 })).toMatch(/is a text/);
});

test("checkFile() refuses an empty file", () => {
  expect(check(new Uint8Array())).toBe("“x.mp4” is empty. Was it copied to its end?");
});

test("checkFile() refuses a byte more than the limit and not the limit", () => {
  const head = bytes("\0\0\0\x20ftypisom");
  expect(check(head, { sizeBytes: MAX_UPLOAD_BYTES })).toBeUndefined();
  expect(check(head, { sizeBytes: MAX_UPLOAD_BYTES + 1 })).toMatch(/is the most/);
});

test("checkFile() refuses a name that no server takes, and shows only its beginning", () => {
  const message = check(bytes("\0\0\0\x20ftypisom"), { name: "n".repeat(256) });
  expect(message).toMatch(/has 256 characters, and 255 is the most/);
  expect(message?.length).toBeLessThan(200);
});
