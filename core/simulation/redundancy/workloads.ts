/**
 * Readings of a library over days, hour by hour, drawn from a seed. Popularity follows Zipf's law (Breslau et al., "Web
 * caching and Zipf-like distributions", INFOCOM 1999), interest in a video falls with a power of its age (Muralidhar et
 * al., "f4", OSDI 2014, for photographs and videos), and crowds come of a sudden for what was cold.
 */
import { leftAfter } from "../../half-life.ts";
import type { Random } from "../../random.ts";

export const WORKLOADS = ["steady", "ageing", "crowds"] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

export interface SimulatedVideo {
  readonly key: string;
  readonly sizeBytes: number;
  readonly uploadedAtHour: number;
  /** Readings of the whole video in each hour from its upload on. */
  readonly readings: readonly number[];
}

const ZIPF = 0.9;
const AGE_POWER = 1;
/** Videos of which one is read once a day for each rank: the mean of the library is about two readings a day. */
const READINGS_PER_DAY = 60;
const CROWD_HOURS = 12;
const CROWD_SHARE = 0.15;
const DAY_HOURS = 24;

export interface WorkloadSize {
  readonly videos: number;
  readonly days: number;
}

export function makeWorkload(name: WorkloadName, { videos, days }: WorkloadSize, random: Random): SimulatedVideo[] {
  const hours = days * DAY_HOURS;
  return Array.from({ length: videos }, (_, rank) => {
    const perDay = READINGS_PER_DAY / (rank + 1) ** ZIPF;
    // Steady ones are all there from the beginning; the others come all the time.
    const uploadedAtHour = name === "steady" ? 0 : Math.floor(random() * hours * 0.8);
    const crowdAt = name === "crowds" && random() < CROWD_SHARE ? 48 + Math.floor(random() * hours * 0.5) : Infinity;
    const crowdPerHour = 2 + random() * 20;
    const readings = Array.from({ length: hours - uploadedAtHour }, (__, hour) => {
      const age = name === "steady" ? 1 : (1 + hour / DAY_HOURS) ** -AGE_POWER;
      const hasCrowd = hour >= crowdAt && hour < crowdAt + CROWD_HOURS;
      return poisson(
        (perDay / DAY_HOURS) * age * dayCurve(uploadedAtHour + hour) + (hasCrowd ? crowdPerHour : 0),
        random,
      );
    });
    return { key: `video-${rank + 1}`, sizeBytes: 1e8 * (0.5 + random() * 2), uploadedAtHour, readings };
  });
}

/** Little at night, twice the mean in the evening. */
function dayCurve(hour: number): number {
  const ofDay = hour % DAY_HOURS;
  return ofDay < 8 ? 0.3 : ofDay < 18 ? 1 : 1.93;
}

/** Knuth's method for small means; the normal approximation above, where its error is below the noise. */
function poisson(mean: number, random: Random): number {
  if (mean > 30) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const limit = leftAfter(mean / Math.LN2);
  let product = random();
  let count = 0;
  while (product > limit) {
    product *= random();
    count += 1;
  }
  return count;
}
