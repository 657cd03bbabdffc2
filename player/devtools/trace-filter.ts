/** Which traces the panel shows, and the words that it says about one. Pure. */
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { bytesText, counted, durationText } from "../charts/quantities.ts";

/** Outcomes to filter by; `trouble` is any attempt that failed, stalled or delivered wrong bytes. */
export const OUTCOME_FILTERS = ["all", "trouble", "delivered", "running", "failed", "aborted"] as const;
export type OutcomeFilter = (typeof OUTCOME_FILTERS)[number];

export interface TraceFilter {
  /** Empty for every node. */
  readonly nodeId: string;
  readonly outcome: OutcomeFilter;
  /** Empty for every session. */
  readonly session: string;
  /** Traces that began at this time or before are not shown (Unix milliseconds). */
  readonly clearedToMs: number;
}

export const NO_FILTER: TraceFilter = { nodeId: "", outcome: "all", session: "", clearedToMs: 0 };

/** The traces that pass, newest first. */
export function filteredTraces(traces: Iterable<SegmentTrace>, filter: TraceFilter): SegmentTrace[] {
  return [...traces]
    .filter(
      (trace) =>
        trace.startedAtMs > filter.clearedToMs &&
        (filter.session === "" || trace.session === filter.session) &&
        (filter.nodeId === "" || trace.attempts.some((attempt) => attempt.nodeId === filter.nodeId)) &&
        passesOutcome(trace, filter.outcome),
    )
    .reverse();
}

function passesOutcome(trace: SegmentTrace, outcome: OutcomeFilter): boolean {
  if (outcome === "all") return true;
  return outcome === "trouble" ? troublesOf(trace) > 0 || trace.outcome === "failed" : trace.outcome === outcome;
}

/** Attempts that failed, stalled or delivered wrong bytes. What we cancelled ourselves is no trouble. */
export function troublesOf(trace: SegmentTrace): number {
  return trace.attempts.filter(({ outcome }) => outcome === "failed" || outcome === "stalled" || outcome === "corrupt")
    .length;
}

/** `720p 5`, or `720p init`. */
export function segmentName(trace: SegmentTrace): string {
  return `${trace.rendition} ${trace.slot === "init" ? "init" : trace.seq}`;
}

/** Where the bytes came from: the nodes that delivered verified blocks, or what stood in for them. */
export function sourcesText(trace: SegmentTrace): string {
  if (trace.servedFrom !== "nodes") return trace.servedFrom;
  const delivering = trace.attempts.filter((attempt) => attempt.blocksVerified > 0).map((attempt) => attempt.nodeId);
  return delivering.length === 0 ? "no node yet" : [...new Set(delivering)].join(", ");
}

/** One sentence for screen readers. */
export function traceSentence(trace: SegmentTrace): string {
  const took = trace.endedMs === null ? "" : ` in ${durationText(trace.endedMs)}`;
  const troubles = troublesOf(trace);
  const troubled = troubles === 0 ? "" : `, ${counted(troubles, "attempt")} in trouble`;
  const extra = extraText(trace);
  const size = trace.deliveredBytes > 0 ? `, ${bytesText(trace.deliveredBytes)}` : "";
  return `${segmentName(trace)}, ${trace.strategy}, ${trace.outcome}${took}, from ${sourcesText(trace)}${size}${extra}${troubled}`;
}

/** What was done beside plain requests, and what it cost: `, 1 handed over, 2 asked twice, 16 kB wasted`. */
function extraText({ attempts, wastedBytes, outcome }: SegmentTrace): string {
  const count = (...causes: string[]) => attempts.filter(({ because }) => causes.includes(because)).length;
  const [steals, hedges, aheads] = [count("steal"), count("hedge", "race"), count("ahead")];
  return [
    steals > 0 ? `, ${steals} handed over` : "",
    hedges > 0 ? `, ${hedges} asked twice` : "",
    aheads > 0 ? ", begun ahead" : "",
    wastedBytes > 0 && outcome !== "running" ? `, ${bytesText(wastedBytes)} wasted` : "",
  ].join("");
}
