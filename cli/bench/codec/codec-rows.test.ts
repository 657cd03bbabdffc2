import { describe, expect, test } from "vitest";
import { codecRows } from "./codec-rows.ts";
import type { CodecSample } from "./codec-trials.ts";
import { CHUNK_BYTES } from "./codec-trials.ts";

/** @param rates in GB/s */
const samplesOf = (kind: Omit<CodecSample, "ms">, rates: readonly number[]): CodecSample[] =>
  rates.map((rate) => ({ ...kind, ms: msOf(rate) }));
const msOf = (rate: number) => (CHUNK_BYTES / (rate * 1e9)) * 1000;
const COPIES = { kernel: "simd", work: "decode", memory: "copies" } as const;
const IN_PLACE = { kernel: "simd", work: "encode", memory: "in place" } as const;
const NO_NATIVE = { encode: [], decode: [] };

describe("codecRows()", () => {
  test("takes the median of the rates, and the share of the native codec at the same work", () => {
    const native = { encode: [msOf(20)], decode: [msOf(4), msOf(8), msOf(16)] };
    const [row] = codecRows("node", samplesOf(COPIES, [1, 4, 3, 2, 5]), native);
    expect(row).toMatchObject({ bytesPerSecond: expect.closeTo(3e9, -2) as number, samples: 5 });
    expect(row?.nativeShare).toBeCloseTo(3 / 8, 6);
    expect(row?.quartiles.map((rate) => Math.round(rate / 1e9))).toEqual([2, 4]);
  });

  test("asks 2 GB/s of copies in Node and 80 % of it in Chromium", () => {
    const samples = samplesOf(COPIES, [1.7]);
    expect(codecRows("node", samples, NO_NATIVE)).toMatchObject([{ verdict: "fail", mustBytesPerSecond: 2e9 }]);
    expect(codecRows("chromium", samples, NO_NATIVE)).toMatchObject([{ verdict: "pass", mustBytesPerSecond: 1.6e9 }]);
  });

  test("aims at 5 GB/s and 40 % of the native codec in place", () => {
    const native = { encode: [msOf(20)], decode: [msOf(20)] };
    const meets = (rate: number) => codecRows("node", samplesOf(IN_PLACE, [rate]), native)[0]?.meetsAim;
    expect([4.9, 7.9, 8.1].map(meets)).toEqual([false, false, true]);
    const alone = codecRows("node", samplesOf(IN_PLACE, [5.1]), NO_NATIVE);
    expect(alone).toMatchObject([{ meetsAim: true, nativeShare: null, verdict: null }]);
  });

  test("promises nothing of the table and of new arrays", () => {
    const samples = [
      ...samplesOf({ ...COPIES, kernel: "table" }, [0.1]),
      ...samplesOf({ ...COPIES, memory: "new arrays" }, [0.1]),
    ];
    const rows = codecRows("node", samples, NO_NATIVE);
    expect(rows.map(({ verdict, meetsAim }) => [verdict, meetsAim])).toEqual([
      [null, null],
      [null, null],
    ]);
  });
});
