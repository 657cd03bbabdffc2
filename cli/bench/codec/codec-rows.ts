/** The table of `vstack bench codec`: from samples to rates, limits, and the share of the best native codec. Pure. */
import { quantile } from "#core/benchmark/statistics.ts";
import type { CodecSample } from "./codec-trials.ts";
import { CHUNK_BYTES } from "./codec-trials.ts";

const GIGA = 1e9;
/** product.md, section 6: with copies in Node; a browser has 80 % of it. */
const MUST_BYTES_PER_SECOND = { node: 2 * GIGA, chromium: 1.6 * GIGA };
const AIM_BYTES_PER_SECOND = 5 * GIGA;
const AIM_NATIVE_SHARE = 0.4;

export type Platform = keyof typeof MUST_BYTES_PER_SECOND;

export interface NativeSamples {
  readonly encode: readonly number[];
  readonly decode: readonly number[];
}

export interface CodecRow extends Omit<CodecSample, "ms"> {
  readonly platform: Platform;
  /** Median, and the middle half of the samples. */
  readonly bytesPerSecond: number;
  readonly quartiles: readonly [number, number];
  readonly samples: number;
  /** Null where nothing is promised. */
  readonly mustBytesPerSecond: number | null;
  readonly aimBytesPerSecond: number | null;
  /** Of klauspost's rate at the same work in the same run; null when it did not run. */
  readonly nativeShare: number | null;
  readonly aimNativeShare: number | null;
  readonly verdict: "pass" | "fail" | null;
  readonly meetsAim: boolean | null;
}

/** A row for every kind that has samples, in the order of their coming. */
export function codecRows(platform: Platform, samples: readonly CodecSample[], native: NativeSamples): CodecRow[] {
  const kinds = new Map<string, CodecSample[]>();
  for (const sample of samples) {
    const name = [sample.kernel, sample.memory, sample.work].join();
    kinds.set(name, [...(kinds.get(name) ?? []), sample]);
  }
  return [...kinds.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { kernel, work, memory } = first;
    const { bytesPerSecond, quartiles } = rateOf(own.map(({ ms }) => ms));
    const nativeShare = native[work].length === 0 ? null : bytesPerSecond / rateOf(native[work]).bytesPerSecond;
    const must = kernel === "simd" && memory === "copies" ? MUST_BYTES_PER_SECOND[platform] : null;
    const hasAim = kernel === "simd" && memory === "in place";
    const reachesShare = nativeShare === null || nativeShare >= AIM_NATIVE_SHARE;
    return {
      ...{ platform, kernel, work, memory, bytesPerSecond, quartiles, samples: own.length },
      ...{ mustBytesPerSecond: must, aimBytesPerSecond: hasAim ? AIM_BYTES_PER_SECOND : null, nativeShare },
      aimNativeShare: hasAim ? AIM_NATIVE_SHARE : null,
      verdict: must === null ? null : bytesPerSecond >= must ? "pass" : "fail",
      meetsAim: hasAim ? bytesPerSecond >= AIM_BYTES_PER_SECOND && reachesShare : null,
    };
  });
}

/** @param millisecondsEach of at least one call */
export function rateOf(millisecondsEach: readonly number[]) {
  const rising = millisecondsEach.map((ms) => CHUNK_BYTES / (ms / 1000)).toSorted((a, b) => a - b);
  const quartiles: readonly [number, number] = [quantile(rising, 0.25), quantile(rising, 0.75)];
  return { bytesPerSecond: quantile(rising, 0.5), quartiles };
}
