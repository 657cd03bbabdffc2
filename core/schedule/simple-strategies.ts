/**
 * What others do, to compare with: whole segments from one node, the next node on an error, and long patience.
 * `random`: any node. `nearest`: the one that answered soonest so far, each asked once with the init segment. `original`:
 * the formula of the project that this one descends from.
 */
import type { NodeView } from "../estimate/node-estimate.ts";
import { covers } from "./source.ts";
import { naiveStrategy } from "./naive-strategy.ts";
import type { Candidate, Situation, Strategy } from "./strategy.ts";

/** The ancestor's constants: rate of a node before its first download, weight of latency and of running downloads. */
const ORIGINAL_DEFAULT_MBIT_S = 50;
const ORIGINAL_LATENCY_WEIGHT = 0.1;
const ORIGINAL_LOAD_WEIGHT = 0.2;
const ORIGINAL_PARALLEL_DOWNLOADS = 4;
/** It pinged nodes before it asked them; a node that was not is presumed to be as near as on loopback. */
const ORIGINAL_UNKNOWN_LATENCY_MS = 1;
const ORIGINAL_PATIENCE_MS = 30_000;
/**
 * It knew one quality only. With a player that changes it, three segments begun ahead would be thrown away at every
 * change: not its formula's fault, so it looks ahead once the player seems to stay.
 */
const ORIGINAL_SETTLED_SEGMENTS = 16;

export const randomStrategy: Strategy = {
  ...naiveStrategy,
  name: "random",
  assign: (situation) => wholeFrom(situation, (able) => able[Math.floor(situation.random() * able.length)]),
};

/** A chunk up to this size is asked of all nodes while some are unknown: that is its one probe. */
const PROBE_BYTES = 32 * 1024;

export const nearestStrategy: Strategy = {
  ...naiveStrategy,
  name: "nearest",
  assign(situation) {
    const { missing, candidates, blocks, running } = situation;
    const size = blocks.at(-1)?.end ?? 0;
    const isProbing = size <= PROBE_BYTES && running.length === 0 && candidates.some(isUnknown);
    const all = missing.length > 0 && isProbing ? candidates : [];
    const race = all.flatMap(({ source }) =>
      missing.map((run) => ({ nodeId: source.nodeId, run, because: "race" }) as const),
    );
    return race.length > 0 ? race : wholeFrom(situation, (able) => leastBy(able, firstByteMs));
  },
};

export const originalStrategy: Strategy = {
  name: "original",
  usesParity: "for-lost",
  assign: (situation) => wholeFrom(situation, (able) => leastBy(able, ({ view }) => -originalScore(view))),
  judge({ attempt, nowMs }) {
    const endOfPatienceMs = attempt.startedMs + ORIGINAL_PATIENCE_MS;
    return { is: nowMs >= endOfPatienceMs ? "hopeless" : "on-time", reviewAtMs: endOfPatienceMs };
  },
  reviewInMs: () => Infinity,
  segmentsAhead: (_outlook, { inARow }) => (inARow < ORIGINAL_SETTLED_SEGMENTS ? 0 : ORIGINAL_PARALLEL_DOWNLOADS - 1),
};

/** bandwidth x success / (1 + 0.1 x latency), shared by what is under way: no word of size, deadline or what is owed. */
export function originalScore(view: NodeView): number {
  const { rateBytesPerSecond, firstByteMsP50, reliability, inFlightRequests } = view;
  const mbitPerSecond = rateBytesPerSecond === null ? ORIGINAL_DEFAULT_MBIT_S : (rateBytesPerSecond * 8) / 1e6;
  const latency = 1 + (firstByteMsP50 ?? ORIGINAL_UNKNOWN_LATENCY_MS) * ORIGINAL_LATENCY_WEIGHT;
  return (mbitPerSecond * reliability) / latency / (1 + ORIGINAL_LOAD_WEIGHT * inFlightRequests);
}

function wholeFrom({ missing, candidates, cause }: Situation, choose: (able: Candidate[]) => Candidate | undefined) {
  return missing.flatMap((run) => {
    const chosen = choose(candidates.filter((candidate) => covers(candidate.source, run)));
    return chosen === undefined ? [] : [{ nodeId: chosen.source.nodeId, run, because: cause }];
  });
}

function isUnknown({ view }: Candidate): boolean {
  return view.firstByteMsP50 === null;
}

function firstByteMs({ view }: Candidate): number {
  return view.firstByteMsP50 ?? Infinity;
}

/** The first of those with the least; the record's order decides among equals. */
function leastBy(candidates: readonly Candidate[], figure: (candidate: Candidate) => number): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (least, candidate) => (least === undefined || figure(candidate) < figure(least) ? candidate : least),
    undefined,
  );
}
