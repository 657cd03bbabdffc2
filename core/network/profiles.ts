/** Named conditions of a path, by the values of the program that V-Stack descends from. Rates there in Mbit/s. */
import type { Random } from "../random.ts";
import type { PathConditions } from "./conditions.ts";
import { constantRate, rateCurve } from "./rate-curve.ts";

interface Profile {
  readonly roundTripMs: number;
  readonly jitterMs: number;
  readonly megabits: number;
  readonly lossRatio: number;
  /** Share of requests that fail; all: the node is gone. */
  readonly failureRatio: number;
  readonly about: string;
}

const PROFILES = {
  normal: profile([20, 5, 50, 0, 0], "an ordinary good path"),
  high_latency: profile([150, 50, 50, 0.05, 0], "far away, and 5 % loss"),
  low_bandwidth: profile([20, 5, 10, 0, 0], "near, but a fifth of the rate"),
  packet_loss: profile([30, 10, 40, 0.15, 0], "15 % loss"),
  node_failure: profile([0, 0, 0, 1, 1], "the node refuses"),
  degraded: profile([100, 30, 20, 0.1, 0.05], "slow, 10 % loss, and one request in twenty fails"),
  recovery: profile([50, 20, 35, 0.02, 0], "nearly well again"),
} as const;

export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.freeze(Object.keys(PROFILES).filter(isProfileName));

/** How far the rate strays from the profile's, each second. */
const VARIATION = 0.1;
const VARIATION_STEPS = 60;
/** Of nodes that no profile was given to. */
const UNLISTED = profile([20, 0, 50, 0, 0], "");

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}

export function profileAbout(name: ProfileName): string {
  return PROFILES[name].about;
}

/** The conditions of a profile; the rate varies by 10 % every second, as the seed behind `random` has it. */
export function profilePath(name: ProfileName, random: Random): PathConditions {
  return pathOf(PROFILES[name], random);
}

/** A node without a profile: 20 ms, 50 Mbit/s. */
export function unlistedPath(random: Random): PathConditions {
  return pathOf(UNLISTED, random);
}

/**
 * The way from one profile to another.
 *
 * @param share how far, 0..1: rate, delay and losses lie that far between the two
 */
export function profileBetween(
  { from, to, share }: { from: ProfileName; to: ProfileName; share: number },
  random: Random,
): PathConditions {
  const between = (entry: keyof Omit<Profile, "about">) =>
    PROFILES[from][entry] + (PROFILES[to][entry] - PROFILES[from][entry]) * share;
  const values = [between("roundTripMs"), between("jitterMs"), between("megabits"), between("lossRatio")] as const;
  return pathOf(profile([...values, between("failureRatio")], ""), random);
}

function profile(values: readonly [number, number, number, number, number], about: string): Profile {
  const [roundTripMs, jitterMs, megabits, lossRatio, failureRatio] = values;
  return { roundTripMs, jitterMs, megabits, lossRatio, failureRatio, about };
}

function pathOf({ roundTripMs, jitterMs, megabits, lossRatio, failureRatio }: Profile, random: Random): PathConditions {
  const bytesPerSecond = (megabits * 1_000_000) / 8;
  const steps = Array.from({ length: VARIATION_STEPS }, (_, second) => ({
    atMs: second * 1000,
    bytesPerSecond: bytesPerSecond * (1 + VARIATION * (2 * random() - 1)),
  }));
  const rate = bytesPerSecond === 0 ? constantRate(0) : rateCurve(steps, VARIATION_STEPS * 1000);
  const isGone = failureRatio >= 1;
  return {
    ...{ rate, roundTripMs, jitterMs, lossRatio, slowStart: true },
    // Zero is said, too: a change must take back what an earlier one set.
    ...{ failureRatio: isGone ? 0 : failureRatio, fault: isGone ? { kind: "refuse" } : null },
  };
}
