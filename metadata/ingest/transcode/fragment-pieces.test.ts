import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "#core/random.ts";
import type { PackagedPiece } from "../package/package-source.ts";
import { packageSource } from "../package/package-source.ts";
import type { SyntheticSource } from "../package/synthetic-source.ts";
import { makeSyntheticSource } from "../package/synthetic-source.ts";
import { byteReader } from "./byte-reader.ts";
import { fragmentPieces } from "./fragment-pieces.ts";
import { readTracks } from "./fragment-tracks.ts";

const folder = mkdtempSync(join(tmpdir(), "vstack-fragments-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const film: SyntheticSource = {
  container: "mp4",
  video: { codec: "avc", keyframes: [0, 100, 200], frameCount: 250, frameRate: 25, hasBFrames: true },
  audio: { codec: "aac", seconds: 10 },
};

async function packaged(source: SyntheticSource): Promise<PackagedPiece[]> {
  const path = join(folder, "film");
  writeFileSync(path, await makeSyntheticSource(source));
  return await collected(packageSource(path, { signal: new AbortController().signal }));
}
async function collected(pieces: AsyncIterable<PackagedPiece>): Promise<PackagedPiece[]> {
  const all: PackagedPiece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}
/** The bytes in parts of random sizes, as a pipe gives them. */
async function* inParts(bytes: Uint8Array, seed: number): AsyncGenerator<Uint8Array> {
  const random = seededRandom(seed);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + Math.floor(random() * 5000);
    yield bytes.subarray(at, end);
    at = end;
  }
}
/** Of the first track: behind the type, version and flags (ISO/IEC 14496-12 section 8.8.12). */
const decodeTimeAt = (bytes: Buffer) => bytes.indexOf("tfdt") + 8;
const decodeTimeOf = (piece: PackagedPiece | undefined) => {
  const bytes = Buffer.from(piece?.bytes ?? []);
  return bytes.readBigUInt64BE(decodeTimeAt(bytes));
};
const written = (pieces: readonly PackagedPiece[]) => Buffer.concat(pieces.map(({ bytes }) => bytes));

describe("fragmentPieces()", () => {
  it.each([1, 2, 3])("cuts a stream into the pieces that it was made of, however it comes (seed %i)", async (seed) => {
    const pieces = await packaged(film);
    const found = await collected(fragmentPieces(inParts(written(pieces), seed)));
    expect(found.map(({ kind, seq }) => `${kind} ${seq}`)).toEqual(["init 0", "segment 0", "segment 1", "segment 2"]);
    expect(written(found).equals(written(pieces))).toBe(true);
    for (const [index, piece] of pieces.entries()) {
      expect(found[index]?.startSeconds).toBeCloseTo(piece.startSeconds, 3);
      expect(found[index]?.durationSeconds).toBeCloseTo(piece.durationSeconds, 3);
    }
  });

  it("joins a sliver at the end to the segment before it, and leaves one in the middle alone", async () => {
    const video = { codec: "avc", keyframes: [0, 100], frameCount: 200, frameRate: 25 } as const;
    const pieces = await packaged({ container: "mp4", video });
    const [, frame] = await packaged({ container: "mp4", video: { ...video, keyframes: [0], frameCount: 1 } });
    const sliver = Buffer.from(frame?.bytes ?? []);
    // It begins where the others end: twice as late as the second one, which begins in the middle.
    sliver.writeBigUInt64BE(2n * decodeTimeOf(pieces[2]), decodeTimeAt(sliver));
    const found = await collected(fragmentPieces(inParts(Buffer.concat([written(pieces), sliver]), 1)));
    expect(found.map(({ durationSeconds }) => durationSeconds)).toEqual([0, 4, expect.closeTo(4.04, 5)]);
    expect(written(found).equals(Buffer.concat([written(pieces), sliver]))).toBe(true);

    const [init, first] = pieces;
    const short = Buffer.from(frame?.bytes ?? []);
    short.writeBigUInt64BE(decodeTimeOf(pieces[2]), decodeTimeAt(short));
    const parts = [init?.bytes, first?.bytes, short, sliver].map((bytes) => bytes ?? Buffer.alloc(0));
    expect(await collected(fragmentPieces(inParts(Buffer.concat(parts), 1)))).toHaveLength(4);
  });

  it("follows sound without a picture", async () => {
    const pieces = await packaged({ container: "mp4", audio: { codec: "aac", seconds: 9 } });
    const found = await collected(fragmentPieces(inParts(written(pieces), 1)));
    expect(found).toHaveLength(pieces.length);
    expect(found.reduce((sum, piece) => sum + piece.durationSeconds, 0)).toBeCloseTo(9, 1);
  });

  it("says that a stream broke off in the middle of a segment", async () => {
    const bytes = written(await packaged(film));
    await expect(collected(fragmentPieces(inParts(bytes.subarray(0, bytes.length - 10), 1)))).rejects.toMatchObject({
      code: "damaged",
    });
  });

  it("refuses a segment that begins where no browser can", async () => {
    const [init, first] = await packaged(film);
    const bytes = Buffer.from(first?.bytes ?? []);
    // The first coded unit after the header of mdat: type 5, an IDR slice, becomes type 1.
    const unitAt = bytes.indexOf("mdat") + 8;
    bytes[unitAt] = ((bytes[unitAt] ?? 0) & 0xe0) | 1;
    const stream = Buffer.concat([init?.bytes ?? Buffer.alloc(0), bytes]);
    await expect(collected(fragmentPieces(inParts(stream, 1)))).rejects.toMatchObject({
      code: "keyframes-too-far-apart",
    });
  });
});

describe("readTracks()", () => {
  it("tells codecs, size and kinds", async () => {
    const [init] = await packaged(film);
    expect(readTracks(init?.bytes ?? new Uint8Array())).toMatchObject([
      { id: 1, kind: "video", codec: "avc1.64000d", width: 320, height: 180, lengthSizeBytes: 4 },
      { id: 2, kind: "audio", codec: "mp4a.40.2", timescale: 48_000 },
    ]);
  });
});

describe("byteReader()", () => {
  it("gives exact counts over the edges of parts, and null at the end", async () => {
    const reader = byteReader(
      inParts(
        Uint8Array.from({ length: 10_000 }, (_, index) => index % 251),
        5,
      ),
    );
    expect([...((await reader.read(3)) ?? [])]).toEqual([0, 1, 2]);
    expect(await reader.read(0)).toHaveLength(0);
    const rest = await reader.read(9_997);
    expect([rest?.at(0), rest?.at(-1)]).toEqual([3, 9_999 % 251]);
    expect(await reader.read(1)).toBeNull();
  });
});
