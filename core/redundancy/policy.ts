/**
 * Which form a video should have, and why. Three rules behind one function; each answer carries its reason in words and
 * figures, to be kept beside the decision and shown.
 *
 * It knows nothing of nodes and changes nothing: whether a change may begin now is for {@link admitChanges}, how it is done
 * safely for transition.ts. Seconds, bytes, and demand in bytes served per byte stored.
 */
import type { Demand, Heat } from "./demand.ts";
import { demandOf } from "./demand.ts";
import type { Form } from "./form.ts";
import { ERASURE, formText, REPLICATION, sameForm } from "./form.ts";
import type { PolicyConfig } from "./policy-config.ts";

/** What is known of a video. */
export interface VideoFacts {
  readonly sizeBytes: number;
  readonly uploadedAtSeconds: number;
  readonly heat: Heat;
  /** The form that its records have, or are on the way to. */
  readonly form: Form;
  /** Since when it has that form. */
  readonly formSinceSeconds: number;
  /** What a person decided; it stands until the person takes it back. */
  readonly override: Form["kind"] | null;
}

/** For programs; the text beside it is for people. */
export type Because = "manual" | "views" | "new" | "hot" | "cold" | "dwell" | "between";

export interface Recommendation {
  /** The form that it should have; the one that it has when nothing is to be done. */
  readonly form: Form;
  readonly changes: boolean;
  readonly because: Because;
  readonly reason: string;
  readonly demand: Demand;
  /** Since when it has the present form. */
  readonly sinceSeconds: number;
  /** When time alone may change the answer; null when only demand or a person can. */
  readonly againAtSeconds: number | null;
}

/** Replicas that the hybrid policy puts on top at most: a third full source gains little, and costs as much as the first. */
const HYBRID_REPLICAS_MAX = 2;
/** Each further replica takes so many times the demand. */
const HYBRID_STEP = 4;

interface Wish {
  readonly form: Form;
  readonly because: Because;
  readonly reason: string;
  readonly againAtSeconds?: number;
}

export function recommend(facts: VideoFacts, config: PolicyConfig, nowSeconds: number): Recommendation {
  const demand = demandOf(facts.heat, facts.sizeBytes, config, nowSeconds);
  const { form, because, reason, againAtSeconds = null } = wish(facts, demand, config, nowSeconds);
  const changes = !sameForm(form, facts.form);
  return { form, changes, because, reason, demand, sinceSeconds: facts.formSinceSeconds, againAtSeconds };
}

function wish(facts: VideoFacts, demand: Demand, config: PolicyConfig, nowSeconds: number): Wish {
  if (facts.override !== null) {
    const form = facts.override === "replication" ? REPLICATION : ERASURE;
    return { form, because: "manual", reason: `A person chose ${formText(form)}` };
  }
  if (config.policy === "views") return byViews(facts, config);
  const newUntil = facts.uploadedAtSeconds + config.newSeconds;
  if (nowSeconds < newUntil) {
    const reason = `New: stays in ${formText(facts.form)} for another ${duration(newUntil - nowSeconds)}`;
    return { form: facts.form, because: "new", reason, againAtSeconds: newUntil };
  }
  const wanted = config.policy === "hybrid" ? byHeatOnShards(facts, demand, config) : byHeat(facts, demand, config);
  return sameForm(wanted.form, facts.form) ? wanted : dwelling(wanted, facts, config, nowSeconds);
}

/** The ancestor's rule, as it was: views are never forgotten, so a video that was popular once is replicated for ever. */
function byViews({ heat: { views } }: VideoFacts, { viewsThreshold }: PolicyConfig): Wish {
  const isMore = views > viewsThreshold;
  return {
    form: isMore ? REPLICATION : ERASURE,
    because: "views",
    reason: `${views} views, ${isMore ? "more than" : "at most"} ${viewsThreshold}`,
  };
}

function byHeat(facts: VideoFacts, demand: Demand, config: PolicyConfig): Wish {
  const { promoteAbove, demoteBelow } = config;
  if (demand.short > promoteAbove) return hot(REPLICATION, demand, promoteAbove);
  if (Math.max(demand.short, demand.long) < demoteBelow) return cold(ERASURE, demand, demoteBelow);
  // A mixture that another policy left is neither form of this one: it goes to the one that it is nearest to in bytes read.
  const isMixture = facts.form.kind === "erasure" && facts.form.replicas > 0;
  return between(isMixture ? ERASURE : facts.form, demand, demoteBelow, promoteAbove);
}

/** Level n of replicas from a demand of promoteAbove * 4^(n-1) on, until it falls below demoteBelow * 4^(n-1). */
function byHeatOnShards(facts: VideoFacts, demand: Demand, config: PolicyConfig): Wish {
  const has = facts.form.kind === "erasure" ? facts.form.replicas : 0;
  const most = Math.max(demand.short, demand.long);
  let level = Math.min(has, HYBRID_REPLICAS_MAX);
  const above = (n: number) => config.promoteAbove * HYBRID_STEP ** (n - 1);
  const below = (n: number) => config.demoteBelow * HYBRID_STEP ** (n - 1);
  while (level < HYBRID_REPLICAS_MAX && demand.short > above(level + 1)) level += 1;
  if (level > has) return hot({ kind: "erasure", replicas: level }, demand, above(level));
  while (level > 0 && most < below(level)) level -= 1;
  const form: Form = { kind: "erasure", replicas: level };
  if (facts.form.kind === "replication" || level < has) return cold(form, demand, below(level + 1));
  return between(form, demand, level === 0 ? 0 : below(level), above(level + 1));
}

/** A change that the present form's time does not allow yet. */
function dwelling(wanted: Wish, facts: VideoFacts, config: PolicyConfig, nowSeconds: number): Wish {
  const dwellSeconds = wanted.because === "hot" ? config.dwellColdSeconds : config.dwellHotSeconds;
  const until = facts.formSinceSeconds + dwellSeconds;
  if (nowSeconds >= until) return wanted;
  const has = `in ${formText(facts.form)} for ${duration(nowSeconds - facts.formSinceSeconds)} of ${duration(dwellSeconds)}`;
  return {
    form: facts.form,
    because: "dwell",
    reason: `${wanted.reason}, but ${has} that it stays`,
    againAtSeconds: until,
  };
}

function hot(form: Form, demand: Demand, above: number): Wish {
  return { form, because: "hot", reason: `Read ${figures(demand)} times its size lately, above ${above}` };
}

function cold(form: Form, demand: Demand, below: number): Wish {
  return { form, because: "cold", reason: `Read ${figures(demand)} times its size lately, below ${below}` };
}

function between(form: Form, demand: Demand, low: number, high: number): Wish {
  return { form, because: "between", reason: `Read ${figures(demand)} times its size lately, from ${low} to ${high}` };
}

/** Short half-life, then long. */
function figures({ short, long }: Demand): string {
  return `${short.toFixed(2)} (short) and ${long.toFixed(2)} (long)`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

/** A change of form that waits for its turn. */
export interface WaitingChange {
  readonly key: string;
  readonly sizeBytes: number;
  readonly recommendation: Recommendation;
}

/**
 * The changes that may begin now, in their order: what a person wants, then promotions, the hottest first (somebody waits
 * for them), then demotions, the coldest first. One that does not fit holds back those behind it, or large videos would
 * never have their turn; one that is larger than the whole budget goes alone.
 *
 * @param underWayBytes size of all that is between two forms
 */
export function admitChanges(
  waiting: readonly WaitingChange[],
  underWayBytes: number,
  config: PolicyConfig,
): WaitingChange[] {
  const admitted: WaitingChange[] = [];
  let bytes = underWayBytes;
  for (const change of waiting.filter(({ recommendation }) => recommendation.changes).sort(byUrgency)) {
    if (bytes > 0 && bytes + change.sizeBytes > config.transitionBytes) break;
    admitted.push(change);
    bytes += change.sizeBytes;
  }
  return admitted;
}

function byUrgency(one: WaitingChange, other: WaitingChange): number {
  const [a, b] = [one.recommendation, other.recommendation];
  const group = groupOf(a) - groupOf(b);
  if (group !== 0) return group;
  const heat = groupOf(a) === 1 ? b.demand.short - a.demand.short : a.demand.long - b.demand.long;
  return heat !== 0 ? heat : one.key < other.key ? -1 : 1;
}

function groupOf({ because, form }: Recommendation): 0 | 1 | 2 {
  if (because === "manual") return 0;
  return because === "hot" || form.kind === "replication" ? 1 : 2;
}
