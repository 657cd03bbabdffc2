/**
 * Kinds of schedules. Each mix may contain every kind of trouble; they differ in how much of which, so that what is rare in
 * one is common in another. The seed draws the mix, and then everything within its ranges.
 */
import type { Random } from "../../random.ts";

/** From the first to the second number, both included. */
type Range = readonly [least: number, most: number];

export interface Mix {
  readonly name: string;
  readonly acceptors: 3 | 5;
  readonly nodeCount: number;
  /** Registers, of which the last may be born later than the others. */
  readonly keys: Range;
  /** Uploaders that want the same positions as the owner. */
  readonly rivals: Range;
  /** Each reads, then changes what it read: repair, another redundancy, or deletion. */
  readonly changers: Range;
  readonly readers: Range;
  readonly reconfigurations: Range;
  /** Share of the reconfigurations that somebody impatient takes over though their coordinator may be alive. */
  readonly takeoverRatio: number;
  readonly nodeCrashes: Range;
  readonly wipes: Range;
  readonly clientCrashes: Range;
  readonly partitions: Range;
  readonly dropRatioMost: number;
  readonly duplicateRatioMost: number;
  /** Within this everything begins. */
  readonly beginMs: number;
  /** From here on nothing fails any more. */
  readonly quietMs: number;
  /** A slow flush leaves much to be lost. */
  readonly flushMsMost: number;
}

const USUAL: Mix = {
  name: "three acceptors",
  acceptors: 3,
  nodeCount: 4,
  keys: [1, 2],
  rivals: [0, 1],
  changers: [0, 2],
  readers: [0, 1],
  reconfigurations: [0, 1],
  takeoverRatio: 0.2,
  nodeCrashes: [0, 2],
  wipes: [0, 1],
  clientCrashes: [0, 1],
  partitions: [0, 1],
  dropRatioMost: 0.2,
  duplicateRatioMost: 0.2,
  beginMs: 25,
  quietMs: 90,
  flushMsMost: 2,
};

export const MIXES: readonly Mix[] = [
  USUAL,
  { ...USUAL, name: "five acceptors", acceptors: 5, nodeCount: 6, changers: [0, 1] },
  { ...USUAL, name: "batches", keys: [2, 3], rivals: [0, 0], changers: [1, 1], nodeCrashes: [0, 1], readers: [1, 1] },
  {
    ...USUAL,
    name: "reconfiguration",
    nodeCount: 5,
    keys: [1, 1],
    changers: [1, 2],
    reconfigurations: [1, 3],
    takeoverRatio: 0.4,
    nodeCrashes: [0, 1],
    beginMs: 40,
    quietMs: 120,
  },
  {
    ...USUAL,
    name: "crash",
    keys: [1, 1],
    nodeCrashes: [2, 5],
    wipes: [0, 2],
    flushMsMost: 8,
    dropRatioMost: 0.1,
  },
  {
    ...USUAL,
    name: "duel",
    keys: [1, 1],
    rivals: [2, 3],
    reconfigurations: [0, 0],
    wipes: [0, 0],
    nodeCrashes: [0, 0],
    dropRatioMost: 0.4,
    beginMs: 12,
    quietMs: 60,
  },
  {
    ...USUAL,
    name: "takeover",
    keys: [1, 1],
    rivals: [1, 2],
    changers: [0, 0],
    readers: [1, 2],
    reconfigurations: [1, 1],
    takeoverRatio: 0.9,
    wipes: [0, 0],
    nodeCrashes: [0, 0],
    dropRatioMost: 0.5,
    beginMs: 10,
    quietMs: 60,
  },
];

export function drawMix(random: Random): Mix {
  return MIXES[Math.floor(random() * MIXES.length)] ?? USUAL;
}

export function drawWithin([least, most]: Range, random: Random): number {
  return least + Math.floor(random() * (most - least + 1));
}
