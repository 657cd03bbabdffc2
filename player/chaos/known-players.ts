/** The players that a network can be chosen for: those of this browser that asked lately, and those that have one. */
import type { NetworkState } from "#wire/contract/emulation-api.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";

/** A player that asked for nothing for so long is over, or paused with a full buffer. */
const LATELY_MS = 5 * 60_000;
const MAX_PLAYERS = 24;

export interface KnownPlayer {
  readonly session: string;
  /** Since its last request of this browser; null when it plays elsewhere. */
  readonly askedMsAgo: number | null;
}

/**
 * @param chosen is on the list in any case
 * @param nowMs Unix milliseconds
 * @returns those that asked last first
 */
export function knownPlayers(
  traces: Iterable<SegmentTrace>,
  { networks, chosen, nowMs }: { networks: readonly NetworkState[]; chosen: string | null; nowMs: number },
): KnownPlayer[] {
  const asked = new Map<string, number>();
  for (const { session, startedAtMs } of traces) {
    if (nowMs - startedAtMs < LATELY_MS) asked.set(session, Math.max(startedAtMs, asked.get(session) ?? 0));
  }
  const here = [...asked].sort(([, a], [, b]) => b - a).slice(0, MAX_PLAYERS);
  const others = new Set([chosen, ...networks.map(({ session }) => session)]);
  return [
    ...here.map(([session, atMs]) => ({ session, askedMsAgo: Math.max(0, nowMs - atMs) })),
    ...[...others]
      .filter((session) => session !== null && !here.some(([known]) => known === session))
      .map((session) => ({ session: session ?? "", askedMsAgo: null })),
  ];
}

/** Names are 32 digits: the first six tell them apart. */
export function shortName(session: string): string {
  return session.length > 12 ? `${session.slice(0, 6)}…` : session;
}
