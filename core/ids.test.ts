import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseChunkHash, parseNodeId, parseRenditionId, parseVideoId, videoIdFromBytes } from "./ids.ts";

describe("parseChunkHash()", () => {
  test("takes 64 lower-case hexadecimal digits and nothing else", () => {
    expect(parseChunkHash("0123456789abcdef".repeat(4))).toBe("0123456789abcdef".repeat(4));
    for (const text of ["", "a".repeat(63), "a".repeat(65), "A".repeat(64), "g".repeat(64), `${"a".repeat(64)}\n`]) {
      expect(parseChunkHash(text)).toBeUndefined();
    }
  });
});

describe("parseNodeId() and parseRenditionId()", () => {
  test("take short names of a-z, 0-9 and - that do not begin with -", () => {
    expect(parseNodeId("node-1")).toBe("node-1");
    expect(parseNodeId("n".repeat(63))).toBeDefined();
    expect(parseRenditionId("720p")).toBe("720p");
    for (const text of ["", "-a", "A", "a/b", "..", "a b", "ä"]) {
      expect(parseNodeId(text)).toBeUndefined();
      expect(parseRenditionId(text)).toBeUndefined();
    }
    expect(parseNodeId("n".repeat(64))).toBeUndefined();
    expect(parseRenditionId("r".repeat(33))).toBeUndefined();
  });
});

describe("videoIdFromBytes()", () => {
  // RFC 4648 section 10, "foobar" in base32 is MZXW6YTBOI: the first bytes of a longer input encode alike.
  test("writes base32 as RFC 4648 does", () => {
    const bytes = new Uint8Array(16);
    bytes.set(new TextEncoder().encode("fooba"));
    expect(videoIdFromBytes(bytes)).toBe("mzxw6ytb" + "a".repeat(18));
    expect(videoIdFromBytes(new Uint8Array(16).fill(255))).toBe(`${"7".repeat(25)}4`);
  });

  test("makes valid ids that differ when the bytes differ", () => {
    const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const property = fc.property(sixteen, sixteen, (one, other) => {
      const id = videoIdFromBytes(one);
      expect(parseVideoId(id)).toBe(id);
      expect(id === videoIdFromBytes(other)).toBe(Buffer.compare(one, other) === 0);
    });
    fc.assert(property, { seed: 11, numRuns: 300 });
  });

  test("refuses any other number of bytes", () => {
    expect(() => videoIdFromBytes(new Uint8Array(15))).toThrow(RangeError);
    expect(() => videoIdFromBytes(new Uint8Array(17))).toThrow("17 were given");
  });
});
