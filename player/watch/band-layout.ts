/**
 * Which node each loaded segment came from, laid out along the time of the video. Pure: joins where the playlist places
 * a segment with what its trace says. A segment that several nodes delivered is cut in proportion to their bytes.
 */
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { PlacedSegment } from "./hls-engine.ts";

/** A source: a node's id, or what stood in for nodes. `unknown`: loaded, and no trace tells from where. */
export type BandSource =
  | { readonly from: "node"; readonly nodeId: string }
  | { readonly from: "cache" | "gateway" | "unknown" };

export interface BandPart {
  readonly source: BandSource;
  /** Share of the segment's bytes, 0..1. */
  readonly share: number;
}

export interface BandSegment extends PlacedSegment {
  readonly parts: readonly BandPart[];
  /** Attempts that failed, stalled or delivered wrong bytes, and were made good by others. */
  readonly mended: number;
}

/**
 * The segments in the order of their time. Where a segment was loaded twice (another rendition after a switch), the later
 * one is what plays.
 *
 * @param placed in the order of loading
 */
export function bandSegments(placed: readonly PlacedSegment[], traces: Iterable<SegmentTrace>): BandSegment[] {
  const tracesByKey = new Map<string, SegmentTrace>();
  for (const trace of traces) {
    const isUseful = trace.slot === "segment" && trace.outcome === "delivered";
    // A seek back loads verified bytes from the cache: the nodes that gave them are in the earlier trace.
    const key = keyOf(trace);
    if (isUseful && !(trace.servedFrom === "cache" && tracesByKey.has(key))) tracesByKey.set(key, trace);
  }
  const bySeq = new Map<number, BandSegment>();
  for (const segment of placed) {
    const trace = tracesByKey.get(keyOf(segment));
    bySeq.set(segment.seq, { ...segment, parts: partsOf(trace), mended: mendedOf(trace) });
  }
  return [...bySeq.values()].sort((a, b) => a.startSeconds - b.startSeconds);
}

/** How many segments each source took part in, most first: the text under the band. */
export function bandTotals(segments: readonly BandSegment[]): { source: BandSource; segments: number }[] {
  const totals = new Map<string, { source: BandSource; segments: number }>();
  for (const { source } of segments.flatMap((segment) => segment.parts)) {
    const name = sourceName(source);
    const total = totals.get(name) ?? { source, segments: 0 };
    total.segments += 1;
    totals.set(name, total);
  }
  return [...totals.values()].sort((a, b) =>
    sourceName(a.source).localeCompare(sourceName(b.source), "en", { numeric: true }),
  );
}

/** The source as people read it. */
export function sourceName(source: BandSource): string {
  return source.from === "node" ? source.nodeId : source.from;
}

function keyOf(of: { readonly rendition: string; readonly seq: number }): string {
  return `${of.rendition}/${of.seq}`;
}

function partsOf(trace: SegmentTrace | undefined): BandPart[] {
  if (trace === undefined) return [{ source: { from: "unknown" }, share: 1 }];
  if (trace.servedFrom !== "nodes") return [{ source: { from: trace.servedFrom }, share: 1 }];
  const bytesByNode = new Map<string, number>();
  for (const attempt of trace.attempts) {
    if (attempt.blocksVerified === 0) continue;
    bytesByNode.set(attempt.nodeId, (bytesByNode.get(attempt.nodeId) ?? 0) + attempt.receivedBytes);
  }
  const totalBytes = [...bytesByNode.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (totalBytes === 0) return [{ source: { from: "unknown" }, share: 1 }];
  return [...bytesByNode].map(([nodeId, bytes]) => ({ source: { from: "node", nodeId }, share: bytes / totalBytes }));
}

function mendedOf(trace: SegmentTrace | undefined): number {
  const troubles = ["failed", "stalled", "corrupt"];
  return (trace?.attempts ?? []).filter((attempt) => troubles.includes(attempt.outcome ?? "")).length;
}
