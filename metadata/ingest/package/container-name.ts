/**
 * Names a file that mediabunny does not read, from its first bytes: "your AVI needs ffmpeg" helps, "unknown format"
 * does not. Signatures: https://www.garykessler.net/library/file_sigs.html and the formats' own specifications.
 * Not a detector for the files we do read: mediabunny decides those.
 */

import { readHead } from "./read-head.ts";
import { notMedia, unsupportedContainer } from "./refusals.ts";
import type { UnsupportedMediaError } from "./unsupported-media-error.ts";

/** Enough for three MPEG-TS packets of 188 bytes, the longest pattern looked for. */
const HEAD_BYTES = 1024;

interface Signature {
  readonly at: number;
  readonly text: string;
  readonly name: string;
}

/** Media that ffmpeg reads. `text` is Latin-1. */
const CONTAINERS: readonly Signature[] = [
  { at: 8, text: "AVI ", name: "AVI" },
  { at: 8, text: "WAVE", name: "WAV" },
  { at: 0, text: "FLV\x01", name: "FLV" },
  { at: 0, text: "\x30\x26\xb2\x75\x8e\x66\xcf\x11", name: "WMV (ASF)" },
  { at: 0, text: "OggS", name: "Ogg" },
  { at: 0, text: "fLaC", name: "FLAC" },
  { at: 0, text: "ID3", name: "MP3" },
  { at: 0, text: "\xff\xfb", name: "MP3" },
  { at: 0, text: "\xff\xf1", name: "AAC (ADTS)" },
  { at: 0, text: "\xff\xf9", name: "AAC (ADTS)" },
  { at: 0, text: "\x00\x00\x01\xba", name: "MPEG program stream" },
  { at: 0, text: "\x00\x00\x01\xb3", name: "MPEG video" },
  { at: 0, text: ".RMF", name: "RealMedia" },
  { at: 0, text: "#EXTM3U", name: "HLS playlist" },
  { at: 0, text: "\x06\x0e\x2b\x34", name: "MXF" },
  { at: 0, text: "\x1a\x45\xdf\xa3", name: "Matroska-like (unknown document type)" },
  { at: 4, text: "moov", name: "old QuickTime (without ftyp)" },
  { at: 4, text: "mdat", name: "old QuickTime (without ftyp)" },
  { at: 4, text: "wide", name: "old QuickTime (without ftyp)" },
];

/** Things that people upload by mistake. */
const OTHERS: readonly Signature[] = [
  { at: 0, text: "\xff\xd8\xff", name: "a JPEG image" },
  { at: 0, text: "\x89PNG", name: "a PNG image" },
  { at: 0, text: "GIF8", name: "a GIF image" },
  { at: 8, text: "WEBP", name: "a WebP image" },
  { at: 0, text: "PK\x03\x04", name: "a ZIP archive or office document" },
  { at: 0, text: "%PDF", name: "a PDF document" },
  { at: 0, text: "\x1f\x8b", name: "a gzip archive" },
  { at: 0, text: "Rar!", name: "a RAR archive" },
  { at: 0, text: "7z\xbc\xaf", name: "a 7-Zip archive" },
];

/**
 * The refusal for a file that mediabunny does not recognise.
 *
 * @param path file on disk
 * @throws Error of `node:fs` when the file cannot be opened or read
 */
export async function refusalForUnknownFile(path: string): Promise<UnsupportedMediaError> {
  const head = (await readHead(path, HEAD_BYTES)).toString("latin1");
  if (head.length === 0) return notMedia("it is empty");
  const container = CONTAINERS.find((signature) => head.startsWith(signature.text, signature.at));
  if (container !== undefined) return unsupportedContainer(container.name);
  if (isTransportStream(head)) return unsupportedContainer("MPEG transport stream");
  const other = OTHERS.find((signature) => head.startsWith(signature.text, signature.at));
  if (other !== undefined) return notMedia(`it looks like ${other.name}`);
  if (isText(head)) return notMedia("it looks like text");
  return notMedia("its first bytes belong to no known video format");
}

/** ISO/IEC 13818-1 section 2.4.3.2: a sync byte 0x47 every 188 bytes; M2TS puts 4 bytes before each. */
function isTransportStream(head: string): boolean {
  const syncAt = (first: number, step: number): boolean =>
    [0, 1, 2].every((index) => head.charAt(first + index * step) === "G");
  return syncAt(0, 188) || syncAt(4, 192);
}

function isText(head: string): boolean {
  return /^[\t\n\r\x20-\x7e\x80-\xff]+$/.test(head);
}
