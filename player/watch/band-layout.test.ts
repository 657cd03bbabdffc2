import { expect, test } from "vitest";
import { sampleAttempt, sampleTrace } from "../state/sample-trace.contract.ts";
import { bandSegments, bandTotals } from "./band-layout.ts";

const placed = (seq: number, rendition = "720p") => ({ rendition, seq, startSeconds: seq * 4, durationSeconds: 4 });

test("bandSegments() cuts a segment in proportion to the bytes of its nodes", () => {
  const attempts = [
    sampleAttempt({ id: 0, nodeId: "node-1", receivedBytes: 3000 }),
    sampleAttempt({ id: 1, nodeId: "node-2", receivedBytes: 1000 }),
  ];
  const [segment] = bandSegments([placed(0)], [sampleTrace({ attempts })]);
  expect(segment?.parts).toEqual([
    { source: { from: "node", nodeId: "node-1" }, share: 0.75 },
    { source: { from: "node", nodeId: "node-2" }, share: 0.25 },
  ]);
});

test("bandSegments() does not credit a node none of whose blocks were verified, and counts it as mended", () => {
  const attempts = [
    sampleAttempt({ id: 0, nodeId: "liar", blocksVerified: 0, outcome: "corrupt" }),
    sampleAttempt({ id: 1, nodeId: "node-2" }),
    sampleAttempt({ id: 2, nodeId: "node-3", blocksVerified: 0, outcome: "cancelled" }),
  ];
  const [segment] = bandSegments([placed(0)], [sampleTrace({ attempts })]);
  expect(segment?.parts).toEqual([{ source: { from: "node", nodeId: "node-2" }, share: 1 }]);
  expect(segment?.mended).toBe(1);
});

test("bandSegments() says unknown where no trace tells, and names cache and gateway", () => {
  const traces = [
    sampleTrace({ id: "a", seq: 1, servedFrom: "cache", attempts: [] }),
    sampleTrace({ id: "b", seq: 2, servedFrom: "gateway", attempts: [] }),
  ];
  const sources = bandSegments([placed(0), placed(1), placed(2)], traces).map(
    (segment) => segment.parts[0]?.source.from,
  );
  expect(sources).toEqual(["unknown", "cache", "gateway"]);
});

test("bandSegments() keeps the nodes of a segment that a seek back takes from the cache", () => {
  const traces = [sampleTrace({ id: "a" }), sampleTrace({ id: "b", servedFrom: "cache", attempts: [] })];
  expect(bandSegments([placed(0)], traces)[0]?.parts[0]?.source).toEqual({ from: "node", nodeId: "node-1" });
});

test("bandSegments() shows the rendition that was loaded last, in the order of time", () => {
  const traces = [sampleTrace({ id: "a", rendition: "360p" }), sampleTrace({ id: "b", rendition: "720p" })];
  const segments = bandSegments([placed(2), placed(0, "360p"), placed(0, "720p")], traces);
  expect(segments.map((segment) => [segment.seq, segment.rendition])).toEqual([
    [0, "720p"],
    [2, "720p"],
  ]);
});

test("bandTotals() counts the segments of each source in the order of the nodes' numbers", () => {
  const traces = [10, 2].map((node, seq) =>
    sampleTrace({ id: `t${seq}`, seq, attempts: [sampleAttempt({ nodeId: `node-${node}` })] }),
  );
  const totals = bandTotals(bandSegments([placed(0), placed(1)], traces));
  expect(totals.map(({ source, segments }) => [source.from === "node" && source.nodeId, segments])).toEqual([
    ["node-2", 1],
    ["node-10", 1],
  ]);
});
