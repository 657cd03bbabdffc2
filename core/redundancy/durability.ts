/**
 * How safe a chunk is: the losses that it survives as its pieces lie now, and how probable it is that it is lost.
 *
 * Counting is exact and decides. The probability is for people: its chain assumes that nodes fail independently and at a
 * constant rate, which real ones do not (Greenan, Plank and Wylie, "Mean time to meaningless", HotStorage 2010), so it
 * compares forms and promises nothing.
 */
import { invariant } from "../invariant.ts";
import type { Holder, Scheme } from "../placement/record.ts";

/** The pieces that are there, each with its failure domain. */
export interface Standing {
  readonly scheme: Scheme;
  readonly pieces: readonly { readonly piece: Holder; readonly domain: string }[];
}

/**
 * The number of failure domains of which any may be lost at once without losing the chunk; -1 when it is lost already.
 *
 * To lose it, every domain with a replica has to go, and of the others so many that fewer than k different shards are left.
 * A shard that is there twice (in the middle of a move) counts on its first domain alone, so the answer errs to the safe
 * side.
 */
export function lossesSurvived({ scheme, pieces }: Standing): number {
  const withReplicas = new Set<string>();
  for (const { piece, domain } of pieces) if (piece.holds === "replica") withReplicas.add(domain);
  const needed = scheme.kind === "erasure" ? scheme.dataShards : Infinity;
  const counted = new Set<number>();
  const shardsIn = new Map<string, number>();
  for (const { piece, domain } of pieces) {
    if (piece.holds === "replica" || withReplicas.has(domain) || counted.has(piece.shard)) continue;
    counted.add(piece.shard);
    shardsIn.set(domain, (shardsIn.get(domain) ?? 0) + 1);
  }
  let left = counted.size;
  let lost = withReplicas.size;
  // Without shards enough, losing the replicas is losing the chunk; else the domains with most shards go first.
  for (const shards of [...shardsIn.values()].sort((a, b) => b - a)) {
    if (left < needed) break;
    left -= shards;
    lost += 1;
  }
  // `lost` domains are the fewest that take the chunk with them. None needed: it is lost.
  return lost - 1;
}

/** What the probability of loss is computed from. */
export interface LossInput {
  /** Pieces of the chunk, each on a domain of its own. */
  readonly pieces: number;
  /** {@link lossesSurvived} of the whole chunk. */
  readonly losses: number;
  /** Failures of one domain in a year that take its bytes with them, for example 0.05. */
  readonly failuresPerYear: number;
  /** From a failure to the piece's being made again, hold-off included. */
  readonly repairSeconds: number;
}

const YEAR_SECONDS = 365.25 * 86_400;

/**
 * Mean time to the loss of a chunk, in seconds: the mean time in which a birth-death chain of lost pieces comes to
 * `losses + 1`, lost pieces being repaired side by side. With i pieces lost, failures come at (n - i)*f and repairs at i*r;
 * the mean time from i to i + 1 is E(i) = (1 + i*r*E(i - 1)) / ((n - i)*f), and the answer is their sum.
 *
 * Source: the model of Patterson, Gibson and Katz, "A case for redundant arrays of inexpensive disks", SIGMOD 1988, solved
 * exactly (birth-death chain, mean time to absorption) instead of for r much larger than f.
 */
export function meanSecondsToLoss({ pieces, losses, failuresPerYear, repairSeconds }: LossInput): number {
  invariant(losses >= 0 && losses < pieces, `Cannot compute a loss of ${pieces} pieces that survive ${losses} losses`);
  invariant(failuresPerYear > 0 && repairSeconds > 0, "Cannot compute a loss without a rate of failures and repairs");
  const failureRate = failuresPerYear / YEAR_SECONDS;
  let step = 0;
  let sum = 0;
  for (let lost = 0; lost <= losses; lost += 1) {
    step = (1 + (lost / repairSeconds) * step) / ((pieces - lost) * failureRate);
    sum += step;
  }
  return sum;
}

/** Probability, 0..1, that the chunk is lost within a year. Of a mixture of shards and replicas it is an upper bound. */
export function lossProbabilityPerYear(input: LossInput): number {
  return -Math.expm1(-YEAR_SECONDS / meanSecondsToLoss(input));
}
