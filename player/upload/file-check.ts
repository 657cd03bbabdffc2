/**
 * What can be said about a file before its first byte is sent: empty, too large, or by its first bytes plainly something
 * else than media. Only what is certain is refused; everything in doubt is the server's to look into. Pure.
 *
 * Signatures: ISO/IEC 14496-12 section 4.3 (`ftyp`), and the registry of each other format.
 */
import { MAX_FILE_NAME_CHARACTERS, MAX_UPLOAD_BYTES } from "#wire/contract/limits.ts";
import { bytesText } from "../charts/quantities.ts";

/** Bytes from the beginning of a file that {@link checkFile} looks at. */
export const HEAD_BYTES = 4096;

export interface FileFacts {
  readonly name: string;
  readonly sizeBytes: number;
  /** The first {@link HEAD_BYTES} bytes, or all of a shorter file. */
  readonly head: Uint8Array;
}

/** Why the file cannot be stored, with what would help; undefined when nothing speaks against it. */
export function checkFile({ name, sizeBytes, head }: FileFacts): string | undefined {
  const shown = `“${shortName(name)}”`;
  if (sizeBytes === 0) return `${shown} is empty. Was it copied to its end?`;
  if (sizeBytes > MAX_UPLOAD_BYTES) {
    return `${shown} has ${bytesText(sizeBytes)}, and ${bytesText(MAX_UPLOAD_BYTES)} is the most. Cut it into parts, or encode it smaller.`;
  }
  if (name.length > MAX_FILE_NAME_CHARACTERS) {
    return `The name of ${shown} has ${name.length} characters, and ${MAX_FILE_NAME_CHARACTERS} is the most. Give it a shorter one.`;
  }
  if (isMedia(head) || isSubtitles(name)) return undefined;
  const kind = otherKind(head) ?? (looksLikeText(head) ? "a text" : undefined);
  return kind === undefined ? undefined : `${shown} is ${kind}, not a video. ${ADVICE}`;
}

/** Subtitles beside a video; whether they can be read is the server's to say. */
export function isSubtitles(fileName: string): boolean {
  return /\.(?:vtt|srt)$/i.test(fileName);
}

const ADVICE = "Choose an MP4, MOV, MKV or WebM file, or another video format.";
const SHOWN_NAME_CHARACTERS = 60;

function shortName(name: string): string {
  if (name.length <= SHOWN_NAME_CHARACTERS) return name;
  // A pair of surrogates is not cut in two.
  return `${name.slice(0, SHOWN_NAME_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

const ascii = (bytes: Uint8Array, start: number, end: number) => String.fromCharCode(...bytes.slice(start, end));
const startsWith = (bytes: Uint8Array, signature: readonly number[]) =>
  bytes.length >= signature.length && signature.every((byte, index) => bytes[index] === byte);

/** Brands of still pictures in the container that MP4 uses too (HEIF, AVIF). */
const PICTURE_BRANDS = ["heic", "heix", "heif", "mif1", "msf1", "avif", "avis"];
/** Boxes that may open an MP4 or an old QuickTime file. */
const FIRST_BOXES = ["ftyp", "moov", "mdat", "wide", "free", "skip", "pnot", "styp"];
const MEDIA_SIGNATURES: readonly (readonly number[])[] = [
  [0x1a, 0x45, 0xdf, 0xa3], // Matroska, WebM
  [0x46, 0x4c, 0x56, 0x01], // FLV
  [0x4f, 0x67, 0x67, 0x53], // Ogg
  [0x30, 0x26, 0xb2, 0x75], // ASF, WMV
  [0x00, 0x00, 0x01, 0xba], // MPEG program stream
  [0x66, 0x4c, 0x61, 0x43], // FLAC
  [0x49, 0x44, 0x33], // MP3 with ID3
];

function isMedia(head: Uint8Array): boolean {
  if (FIRST_BOXES.includes(ascii(head, 4, 8))) return !PICTURE_BRANDS.includes(ascii(head, 8, 12));
  if (ascii(head, 0, 4) === "RIFF") return ["AVI ", "WAVE"].includes(ascii(head, 8, 12));
  // MPEG transport stream: a sync byte at every packet (ISO/IEC 13818-1 section 2.4.3.2).
  if (head[0] === 0x47 && head[188] === 0x47) return true;
  return MEDIA_SIGNATURES.some((signature) => startsWith(head, signature));
}

const OTHERS: readonly (readonly [string, readonly number[]])[] = [
  ["a PNG picture", [0x89, 0x50, 0x4e, 0x47]],
  ["a JPEG picture", [0xff, 0xd8, 0xff]],
  ["a GIF picture", [0x47, 0x49, 0x46, 0x38]],
  ["a PDF document", [0x25, 0x50, 0x44, 0x46]],
  ["a ZIP archive or an office document", [0x50, 0x4b, 0x03, 0x04]],
  ["a compressed archive", [0x1f, 0x8b]],
  ["a compressed archive", [0x37, 0x7a, 0xbc, 0xaf]],
  ["a compressed archive", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["a compressed archive", [0x52, 0x61, 0x72, 0x21]],
  ["a program", [0x7f, 0x45, 0x4c, 0x46]],
  ["a program", [0x4d, 0x5a]],
  ["a database", [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65]],
];

function otherKind(head: Uint8Array): string | undefined {
  if (ascii(head, 4, 8) === "ftyp") return "a picture";
  if (ascii(head, 0, 4) === "RIFF" && ascii(head, 8, 12) === "WEBP") return "a WebP picture";
  return OTHERS.find(([, signature]) => startsWith(head, signature))?.[0];
}

/** Letters and line ends alone, in UTF-8. A character cut off at the end of the head is forgiven. */
function looksLikeText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
