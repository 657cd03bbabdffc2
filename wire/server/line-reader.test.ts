import { describe, expect, test } from "vitest";
import { seededRandom } from "#core/random.ts";
import { LineReader } from "./line-reader.ts";

describe("LineReader", () => {
  test("gives the same lines however the bytes are cut", () => {
    const lines = ["", "one", "zwei und größer", "x".repeat(900), "{}"];
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    for (let seed = 0; seed < 50; seed += 1) {
      const random = seededRandom(seed);
      const reader = new LineReader(1000);
      const read: string[] = [];
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + Math.floor(random() * 300);
        read.push(...reader.push(bytes.subarray(at, end)));
        at = end;
      }
      expect(read, `seed ${seed}`).toEqual(lines);
    }
  });

  test("keeps what has no end yet", () => {
    const reader = new LineReader(10);
    expect(reader.push(Buffer.from("be"))).toEqual([]);
    expect(reader.push(Buffer.from("gun\nne"))).toEqual(["begun"]);
    expect(reader.push(Buffer.from("xt\n"))).toEqual(["next"]);
  });

  test("refuses a line that is too long, whole or begun", () => {
    expect(() => new LineReader(4).push(Buffer.from("12345\n"))).toThrow(/more than 4 bytes/);
    const reader = new LineReader(4);
    reader.push(Buffer.from("123"));
    expect(() => reader.push(Buffer.from("45"))).toThrow(/more than 4 bytes/);
  });
});
