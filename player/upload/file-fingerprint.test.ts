import { expect, test } from "vitest";
import { seededRandom } from "#core/random.ts";
import { fileFingerprint } from "./file-fingerprint.ts";

const SIZE = 300_000;
function content(seed: number, size = SIZE): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
}

test("fileFingerprint() is the same for the same bytes under another name", async () => {
  const bytes = content(1);
  const one = new File([bytes], "one.mp4", { lastModified: 1 });
  const two = new File([bytes], "two.mp4", { lastModified: 2 });
  expect(await fileFingerprint(one)).toBe(await fileFingerprint(two));
});

test.each([
  ["the first byte", 0],
  ["a byte in the middle", SIZE / 2],
  ["the last byte", SIZE - 1],
])("fileFingerprint() differs when %s does", async (_name, at) => {
  const bytes = content(2);
  const before = await fileFingerprint(new Blob([bytes]));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  expect(await fileFingerprint(new Blob([bytes]))).not.toBe(before);
});

test("fileFingerprint() differs by the size alone", async () => {
  expect(await fileFingerprint(new Blob([new Uint8Array(10)]))).not.toBe(
    await fileFingerprint(new Blob([new Uint8Array(11)])),
  );
});

test("fileFingerprint() reads a file shorter than a sample", async () => {
  expect(await fileFingerprint(new Blob([Uint8Array.of(7)]))).toMatch(/^1-[0-9a-f]{16}$/);
});
