/**
 * What a node reads again to see whether it is still what was written: every byte within a cycle, the longest unchecked
 * first, and at once what a client complained about. A complaint makes a check and never more: clients may lie, or have
 * a broken network between them and the node. Seconds and bytes.
 *
 * State belongs to one node. It holds no pieces: whoever drives it says which are there (a folder that was listed) and when
 * each was verified last. A write verifies, so a new piece counts as checked when it came.
 */
import type { PolicyConfig } from "./policy-config.ts";

/** A piece on this node. */
export interface ScrubItem {
  /** Names the piece on its node. */
  readonly piece: string;
  readonly sizeBytes: number;
  readonly checkedAtSeconds: number;
}

export interface ScrubState {
  /** Complaints that wait for their check, first come first. */
  readonly reports: readonly string[];
  /** Reports that came when the line was full, or about what had just been checked. */
  readonly refusedReports: number;
}

export const NO_REPORTS: ScrubState = { reports: [], refusedReports: 0 };

/** A node that lies or rots has its pieces checked in turn anyway; more reports than this only keep it from that. */
export const MAX_REPORTS = 256;
/** What was checked so lately is not checked again for a report: reports must not become a load. */
const REPORT_REST_SECONDS = 60;
/** The cycle is aimed at this share of its time: what is added meanwhile and a restart shall not break it. */
const CYCLE_SHARE = 0.9;

/** A client says that this piece had wrong bytes. */
export function reported(state: ScrubState, item: ScrubItem, nowSeconds: number): ScrubState {
  if (state.reports.includes(item.piece)) return state;
  const isRested = nowSeconds - item.checkedAtSeconds >= REPORT_REST_SECONDS;
  if (!isRested || state.reports.length >= MAX_REPORTS) return { ...state, refusedReports: state.refusedReports + 1 };
  return { ...state, reports: [...state.reports, item.piece] };
}

export type ScrubVerdict = "intact" | "rotten" | "missing";

/** What follows from a check. Nothing is deleted: a rotten piece is no source any more, and stays until it is made again. */
export type ScrubCommand =
  | { readonly do: "keep-as-checked"; readonly piece: string; readonly atSeconds: number }
  | { readonly do: "quarantine-and-repair"; readonly piece: string; readonly reason: string };

export function checked(
  state: ScrubState,
  piece: string,
  verdict: ScrubVerdict,
  nowSeconds: number,
): { readonly state: ScrubState; readonly command: ScrubCommand } {
  const next = { ...state, reports: state.reports.filter((other) => other !== piece) };
  if (verdict === "intact") return { state: next, command: { do: "keep-as-checked", piece, atSeconds: nowSeconds } };
  return { state: next, command: { do: "quarantine-and-repair", piece, reason: `Piece ${piece} is ${verdict}` } };
}

export interface ScrubPlan {
  /** What to check now, in this order. */
  readonly items: readonly ScrubItem[];
  readonly rateBytesPerSecond: number;
  /** When everything will have been checked once at that rate, from the oldest check on. */
  readonly cycleSeconds: number;
  /** Whether the limit is too low for the cycle that is wanted. */
  readonly isTooSlow: boolean;
  readonly reason: string;
}

/**
 * How fast a node reads its pieces again to be through within nine tenths of the cycle.
 *
 * @param totalBytes of all its pieces
 */
export function scrubPace(
  totalBytes: number,
  config: Pick<PolicyConfig, "scrubCycleSeconds" | "scrubBytesPerSecond">,
): Pick<ScrubPlan, "rateBytesPerSecond" | "cycleSeconds" | "isTooSlow"> {
  const wanted = totalBytes / (config.scrubCycleSeconds * CYCLE_SHARE);
  const rateBytesPerSecond = Math.min(wanted, config.scrubBytesPerSecond);
  const cycleSeconds = rateBytesPerSecond === 0 ? 0 : totalBytes / rateBytesPerSecond;
  return { rateBytesPerSecond, cycleSeconds, isTooSlow: cycleSeconds > config.scrubCycleSeconds };
}

/**
 * @param items all pieces of the node, or those of them that were longest unchecked: then the pace is of these alone
 * @param budgetBytes of this moment; reports are checked even without one, the line of them is short
 */
export function planScrub(
  state: ScrubState,
  items: readonly ScrubItem[],
  config: Pick<PolicyConfig, "scrubCycleSeconds" | "scrubBytesPerSecond">,
  budgetBytes: number,
): ScrubPlan {
  const totalBytes = items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { rateBytesPerSecond, cycleSeconds, isTooSlow } = scrubPace(totalBytes, config);
  const first = new Set(state.reports);
  const chosen = items.filter(({ piece }) => first.has(piece));
  let bytes = budgetBytes;
  for (const item of items.filter(({ piece }) => !first.has(piece)).sort(byAge)) {
    if (bytes <= 0) break;
    chosen.push(item);
    bytes -= item.sizeBytes;
  }
  const figures = `${totalBytes} bytes at ${Math.ceil(rateBytesPerSecond)} a second take ${Math.ceil(cycleSeconds)} s`;
  const reason = `${first.size} reported first; ${figures}${isTooSlow ? `, longer than ${config.scrubCycleSeconds} s` : ""}`;
  return { items: chosen, rateBytesPerSecond, cycleSeconds, isTooSlow, reason };
}

function byAge(one: ScrubItem, other: ScrubItem): number {
  return one.checkedAtSeconds - other.checkedAtSeconds || (one.piece < other.piece ? -1 : 1);
}
