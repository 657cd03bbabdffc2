import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesBetween, rateAt } from "./rate-curve.ts";
import { parseTrace } from "./trace-file.ts";

const HEADER = "time_s,kbit_s,latency_ms";
const problemOf = (text: string) => {
  const reading = parseTrace(text);
  return reading.ok ? "none" : `${reading.line}: ${reading.message}`;
};

describe("parseTrace()", () => {
  it("reads rates as steps, the last row as the end, and round trips where they were measured", () => {
    const reading = parseTrace(`\uFEFF${HEADER}\r\n0,800,70\r\n0.5,0,\r\n2,1600,75\r\n3,1600,75\r\n\r\n`);
    if (!reading.ok) throw new Error(reading.message);
    const { curve, roundTrips } = reading.trace;
    expect(curve.durationMs).toBe(3000);
    expect([0, 499, 500, 2000, 3000].map((atMs) => rateAt(curve, atMs))).toEqual([
      100_000, 100_000, 0, 200_000, 100_000,
    ]);
    expect(roundTrips).toEqual([
      { atMs: 0, roundTripMs: 70 },
      { atMs: 2000, roundTripMs: 75 },
    ]);
  });

  it("keeps the bytes of any trace", () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 400_000 })), {
      minLength: 1,
      maxLength: 50,
    });
    const property = fc.property(rows, (gaps) => {
      let [atMs, kbit] = [0, 0];
      const lines = gaps.map(([gapMs, kbitS]) => {
        const line = `${atMs / 1000},${kbitS},`;
        atMs += gapMs;
        kbit += (kbitS * gapMs) / 1000;
        return line;
      });
      const reading = parseTrace([HEADER, ...lines, `${atMs / 1000},1,`].join("\n"));
      if (!reading.ok) throw new Error(reading.message);
      expect(bytesBetween(reading.trace.curve, 0, atMs)).toBeCloseTo(kbit * 125, 0);
    });
    fc.assert(property, { seed: 31 });
  });

  it.each([
    ["", /^1: Expected the header/],
    ["time,kbit\n0,1", /^1: Expected the header/],
    [`${HEADER}\n0,1,`, /^2: Expected a row and the end mark/],
    [`${HEADER}\n0,1,\n1,2`, /^3: Expected three fields/],
    [`${HEADER}\n0,1,\n0,2,\n1,2,`, /^3: Expected a time after 0 s/],
    [`${HEADER}\n1,1,\n2,2,`, /^2: Expected the first row at 0 s/],
    [`${HEADER}\n0,-1,\n1,2,`, /^2: Expected a rate/],
    [`${HEADER}\n0,NaN,\n1,2,`, /^2: Expected a rate/],
    [`${HEADER}\n0,1,x\n1,2,`, /^2: Expected milliseconds/],
    [`${HEADER}\n0x0,1,\n1,2,`, /^2: Expected seconds/],
    [`${HEADER}\n${"0,1,\n".repeat(20_001)}`, /Expected at most 20000 rows/],
  ])("says the line and what is wrong of %j", (text, wanted) => {
    expect(problemOf(text.slice(0, 200_000))).toMatch(wanted);
  });
});
