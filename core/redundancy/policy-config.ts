/**
 * Everything that can be set about redundancy: times in seconds, amounts in bytes, demand in bytes served per byte stored.
 * A table holds default, bounds and reason of each, so that the API, the pages and the manual say the same. With all times
 * in seconds, a day's behaviour can be watched in a minute.
 */
import type { HalfLives } from "./demand.ts";

export const POLICIES = ["adaptive", "views", "hybrid"] as const;
/** `adaptive`: decayed demand with hysteresis. `views`: the ancestor's rule. `hybrid`: shards always, replicas by heat. */
export type PolicyName = (typeof POLICIES)[number];

interface Setting {
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
  readonly unit: "seconds" | "bytes" | "bytes a second" | "bytes served per byte" | "views" | "share";
  /** Why this default, in a sentence for people. */
  readonly why: string;
}

const DAY = 86_400;
const YEAR = 365 * DAY;
const TIB = 2 ** 40;
const MIB = 2 ** 20;

export const SETTINGS = {
  shortHalfLifeSeconds: seconds(DAY, 1, YEAR, "A crowd shows within hours and is over in days"),
  longHalfLifeSeconds: seconds(7 * DAY, 1, YEAR, "A video for weekends must not cool down from Monday to Friday"),
  promoteAbove: demand(
    12,
    "Eight whole readings a day; least regret and fewest flaps of those tried in the simulation",
  ),
  demoteBelow: demand(6, "Half of it: chance alone seldom carries a video from one threshold to the other"),
  dwellHotSeconds: seconds(DAY, 0, YEAR, "Who was worth three copies is kept so for as long as a crowd usually lasts"),
  dwellColdSeconds: seconds(3600, 0, YEAR, "A crowd is answered within the hour, and no sooner after a demotion"),
  newSeconds: seconds(DAY, 0, YEAR, "Most of a video's readings are its first; it starts replicated and cools first"),
  viewsThreshold: { fallback: 1000, least: 0, most: 1e12, unit: "views", why: "The ancestor's number" },
  graceSeconds: seconds(
    900,
    1,
    YEAR,
    "Longer than a record is used without asking again (600 s) and the longest reading begun with it",
  ),
  transitionBytes: bytes(4 * 1024 * MIB, "Bytes that may be under way between two forms; what is doubled meanwhile"),
  holdOffSeconds: seconds(
    900,
    0,
    30 * DAY,
    "A restart or an update takes minutes; half of all repairs are then needless",
  ),
  repairBytesPerSecond: rate(100 * MIB, "For the whole cluster when nobody watches"),
  repairLeastBytesPerSecond: rate(MIB, "However many watch, a repair comes to its end"),
  repairShare: {
    fallback: 0.5,
    least: 0.01,
    most: 1,
    unit: "share",
    why: "Of what playback leaves: a crowd that grows finds room at once",
  },
  scrubCycleSeconds: seconds(7 * DAY, 10, YEAR, "Rot is found before a second piece of the chunk is likely to be lost"),
  scrubBytesPerSecond: rate(25 * MIB, "On each node: 2 TB within 22 hours, and little of what a disk can do"),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS).filter(isSettingName);

export interface PolicyConfig extends HalfLives, Readonly<Record<SettingName, number>> {
  readonly policy: PolicyName;
}

export const DEFAULT_CONFIG: PolicyConfig = {
  policy: "adaptive",
  shortHalfLifeSeconds: SETTINGS.shortHalfLifeSeconds.fallback,
  longHalfLifeSeconds: SETTINGS.longHalfLifeSeconds.fallback,
  promoteAbove: SETTINGS.promoteAbove.fallback,
  demoteBelow: SETTINGS.demoteBelow.fallback,
  dwellHotSeconds: SETTINGS.dwellHotSeconds.fallback,
  dwellColdSeconds: SETTINGS.dwellColdSeconds.fallback,
  newSeconds: SETTINGS.newSeconds.fallback,
  viewsThreshold: SETTINGS.viewsThreshold.fallback,
  graceSeconds: SETTINGS.graceSeconds.fallback,
  transitionBytes: SETTINGS.transitionBytes.fallback,
  holdOffSeconds: SETTINGS.holdOffSeconds.fallback,
  repairBytesPerSecond: SETTINGS.repairBytesPerSecond.fallback,
  repairLeastBytesPerSecond: SETTINGS.repairLeastBytesPerSecond.fallback,
  repairShare: SETTINGS.repairShare.fallback,
  scrubCycleSeconds: SETTINGS.scrubCycleSeconds.fallback,
  scrubBytesPerSecond: SETTINGS.scrubBytesPerSecond.fallback,
};

/**
 * What is wrong with a configuration, in words for people; empty when it may be used.
 *
 * @param config each number finite
 */
export function configProblems(config: PolicyConfig): string[] {
  const problems: string[] = [];
  for (const name of SETTING_NAMES) {
    const { least, most, unit } = SETTINGS[name];
    const value = config[name];
    if (value >= least && value <= most) continue;
    problems.push(`Cannot use ${name} of ${value} ${unit} as ${least} to ${most} are allowed`);
  }
  const mustBeLess = (small: SettingName, large: SettingName, orEqual: boolean) => {
    const [a, b] = [config[small], config[large]];
    if (a < b || (orEqual && a === b)) return;
    problems.push(`Cannot use ${small} of ${a} as it must be ${orEqual ? "at most" : "below"} ${large}: that is ${b}`);
  };
  mustBeLess("shortHalfLifeSeconds", "longHalfLifeSeconds", true);
  // Equal thresholds are no hysteresis: a video at the threshold would move for ever.
  mustBeLess("demoteBelow", "promoteAbove", false);
  mustBeLess("repairLeastBytesPerSecond", "repairBytesPerSecond", true);
  return problems;
}

function isSettingName(name: string): name is SettingName {
  return name in SETTINGS;
}

function seconds(fallback: number, least: number, most: number, why: string): Setting {
  return { fallback, least, most, unit: "seconds", why };
}

function demand(fallback: number, why: string): Setting {
  return { fallback, least: 0.001, most: 1e9, unit: "bytes served per byte", why };
}

function bytes(fallback: number, why: string): Setting {
  return { fallback, least: MIB, most: 1024 * TIB, unit: "bytes", why };
}

function rate(fallback: number, why: string): Setting {
  return { fallback, least: 1024, most: TIB, unit: "bytes a second", why };
}
