import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkHashFromDigest, chunkHashOf, fromBase64, sha256, toBase64, toHex } from "./digest.ts";

const owned = (bytes: Uint8Array) => Uint8Array.from(bytes);

describe("chunkHashOf()", () => {
  // FIPS 180-4 examples "abc" and the empty message.
  test.each([
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ])("hashes %j as FIPS 180-4 says", async (text, hash) => {
    expect(await chunkHashOf(new TextEncoder().encode(text))).toBe(hash);
  });

  test("agrees with another implementation, also on a view into a larger buffer", async () => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.nat(20), async (bytes, skipped) => {
      const view = owned(bytes).subarray(Math.min(skipped, bytes.length));
      expect(toHex(await sha256(view))).toBe(createHash("sha256").update(view).digest("hex"));
    });
    await fc.assert(property, { seed: 21 });
  });
});

test("chunkHashFromDigest() refuses a digest of another length", () => {
  expect(() => chunkHashFromDigest(new Uint8Array(31))).toThrow("31 bytes");
});

describe("fromBase64()", () => {
  test("reads what toBase64() and Node write", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(toBase64(bytes))).toEqual(owned(bytes));
    });
    fc.assert(property, { seed: 22 });
  });

  test("gives undefined for a text that is no base64", () => {
    for (const text of ["*", "a", "a===", "ä"]) expect(fromBase64(text)).toBeUndefined();
  });
});
