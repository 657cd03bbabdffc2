/** What is compared between our acceptors and etcd, which of it is fair, what is promised, and what came out. */
import type { PairedRatio } from "#core/benchmark/paired-ratio.ts";
import { pairedRatio } from "#core/benchmark/paired-ratio.ts";
import type { Random } from "#core/random.ts";
import type { Load, Round, Slice } from "./slices.ts";

/** What a row of the table measures. */
export interface Wanted extends Load {
  readonly id: string;
  /** Why the two sides may be compared, or how they differ. */
  readonly note: string;
}

const BATCH = 60;
const FAIR =
  "fair: one register a message on both sides, over connections that are kept; ours to each acceptor, in streams, etcd's one to its leader";
export const WANTED: readonly Wanted[] = [
  { id: "1 client", clients: 1, batch: 1, bundling: "single", note: FAIR },
  { id: "32 clients", clients: 32, batch: 1, bundling: "single", note: FAIR },
  {
    ...{ id: "32 clients, as shipped", clients: 32, batch: 1, bundling: "bundled" },
    note: "both as shipped: our proposer bundles what its clients ask for at once; etcd's leader bundles, its client does not",
  },
  {
    ...{ id: `1 client, ${BATCH} at once`, clients: 1, batch: BATCH, bundling: "bundled" },
    note: `fair in messages: one each; etcd's transaction is all ${BATCH} or none, ours are ${BATCH} decisions`,
  },
  {
    ...{ id: `32 clients, ${BATCH} at once`, clients: 32, batch: BATCH, bundling: "bundled" },
    note: "as above; ours also bundles what several clients make at once",
  },
];

/** The promises, on figures of rows above. */
export const PROMISES = [
  { id: "p50 at 10 ms", roundTripMs: 10, row: "1 client", of: "p50", is: "at-most", value: 0.6 },
  { id: "throughput of 32 clients", roundTripMs: 0, row: "32 clients", of: "throughput", is: "at-least", value: 2 },
  {
    id: "throughput of 32 clients, as shipped",
    roundTripMs: 0,
    row: "32 clients, as shipped",
    of: "throughput",
    is: "at-least",
    value: 2,
  },
] as const;

export interface Row {
  readonly roundTripMs: number;
  readonly load: Wanted;
  readonly rounds: readonly Round[];
  /** Ours to theirs; null when theirs did not run. */
  readonly p50: PairedRatio | null;
  readonly throughput: PairedRatio | null;
}

export interface Outages {
  readonly oursMs: readonly number[];
  readonly theirsMs: readonly number[];
}

export function rowOf(roundTripMs: number, load: Wanted, rounds: readonly Round[], random: Random): Row {
  const pairs = (figure: (slice: Slice) => number) =>
    rounds.flatMap(({ ours, theirs }): [number, number][] => {
      const pair: [number, number] = [figure(ours), theirs === null ? NaN : figure(theirs)];
      return pair.every((each) => each > 0) ? [pair] : [];
    });
  const ratio = (figure: (slice: Slice) => number) => {
    const counted = pairs(figure);
    return counted.length === 0 ? null : pairedRatio(counted, random);
  };
  return {
    ...{ roundTripMs, load, rounds },
    p50: ratio(({ p50Ms }) => p50Ms),
    throughput: ratio(({ registersPerSecond }) => registersPerSecond),
  };
}

export function verdictOf(
  { id, roundTripMs, row: name, of, is, value }: (typeof PROMISES)[number],
  rows: readonly Row[],
) {
  const row = rows.find((each) => each.roundTripMs === roundTripMs && each.load.id === name);
  const measured = row?.[of] ?? null;
  const promise = { id, is, value };
  if (measured === null) return { ...promise, measured: null, interval: null, verdict: "not run" as const };
  const isKept = is === "at-most" ? measured.ratio <= value : measured.ratio >= value;
  const verdict = isKept ? ("pass" as const) : ("fail" as const);
  return { ...promise, measured: measured.ratio, interval: measured.interval, verdict };
}
