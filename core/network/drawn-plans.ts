/**
 * Networks that nobody has seen: the seed draws round trips and rates of every node, each in one of five manners. Whatever
 * was fitted to a trace or to a topology shows here: take seeds that were never looked at.
 */
import type { Random } from "../random.ts";
import { seededRandom } from "../random.ts";
import type { NetworkPlan } from "./conditions.ts";
import { burstTrace, markovTrace, outageTrace, squareTrace } from "./generated-traces.ts";
import { FREE_PATH } from "./path-phases.ts";
import type { RateCurve } from "./rate-curve.ts";
import { constantRate, shiftedCurve } from "./rate-curve.ts";

/** Seeds that differ by this are the same network at another time. */
export const ANOTHER_TIME_SEEDS = 1_000_003;

const MEGABIT = 1_000_000 / 8;
const ACCESS_BYTES_PER_SECOND = 300 * MEGABIT;
const MIN_ROUND_TRIP_MS = 4;
const MAX_ROUND_TRIP_MS = 180;
/** The fastest node of a network is so many times as fast as its slowest, at most. */
const UNEVENNESS = 9;

/** Bytes per second about which nodes are drawn. */
const DRAWN = {
  slow: { about: "every node drawn about 1.2 Mbit/s", bytesPerSecond: 1.2 * MEGABIT },
  middling: { about: "every node drawn about 5 Mbit/s", bytesPerSecond: 5 * MEGABIT },
  fast: { about: "every node drawn about 20 Mbit/s", bytesPerSecond: 20 * MEGABIT },
} as const;

export type DrawnName = keyof typeof DRAWN;
export const DRAWN_NAMES: readonly DrawnName[] = ["slow", "middling", "fast"];

export function isDrawnName(name: string): name is DrawnName {
  return Object.hasOwn(DRAWN, name);
}

export function drawnAbout(name: DrawnName): string {
  return `${DRAWN[name].about}, otherwise for every seed`;
}

export function drawnPlan(
  name: DrawnName,
  { nodeIds, seed }: { readonly nodeIds: readonly string[]; readonly seed: number },
): Pick<NetworkPlan, "kind" | "access" | "nodes" | "changes"> {
  const random = seededRandom((seed % ANOTHER_TIME_SEEDS) * 7_919 + DRAWN_NAMES.indexOf(name));
  const moment = seededRandom(seed);
  const nodes = nodeIds.map((nodeId) => {
    const roundTripMs = spreadOver(MIN_ROUND_TRIP_MS, MAX_ROUND_TRIP_MS, random());
    const curve = drawnCurve(DRAWN[name].bytesPerSecond * spreadOver(1 / 3, UNEVENNESS / 3, random()), random);
    const rate = curve.durationMs === Infinity ? curve : shiftedCurve(curve, moment() * curve.durationMs);
    return { nodeId, path: { ...FREE_PATH, roundTripMs, rate } };
  });
  return { kind: "independent", access: constantRate(ACCESS_BYTES_PER_SECOND), nodes, changes: [] };
}

/** From low to high with equal chances for equal factors. */
function spreadOver(low: number, high: number, share: number): number {
  return low * (high / low) ** share;
}

function drawnCurve(mean: number, random: Random): RateCurve {
  const manner = Math.floor(random() * 5);
  const own = seededRandom(Math.floor(random() * 2 ** 32));
  switch (manner) {
    case 0:
      return constantRate(mean);
    case 1: {
      const rates = Array.from({ length: 3 + Math.floor(own() * 4) }, () => mean * spreadOver(0.15, 3, own()));
      return markovTrace(
        rates.toSorted((a, b) => a - b),
        spreadOver(0.1, 0.7, own()),
        own,
      );
    }
    case 2:
      return outageTrace(mean * 1.15, spreadOver(1_000, 8_000, own()), spreadOver(15_000, 75_000, own()));
    case 3:
      return squareTrace(mean * 1.7, mean * spreadOver(0.05, 0.6, own()), spreadOver(6_000, 60_000, own()));
    default:
      return burstTrace(mean, own);
  }
}
