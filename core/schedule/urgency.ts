/** How much playback time is left, and what that permits. Source: scheduling note 2.4; MP-DASH (CoNEXT 2016) for the idea. */

/** Below this, what is asked for must not be late. */
const URGENT_SLACK_MS = 2_000;
/** Above this, nodes may be measured at our leisure. */
const RELAXED_SLACK_MS = 8_000;
/** Below this, a node counts with what it delivers on a bad day. */
const CRITICAL_SLACK_MS = 1_000;

export interface Urgency {
  /** How long one request should keep its node busy: short ones follow a changing network, long ones cost less. */
  readonly runMs: number;
  /** Whether a slow block may be asked for twice. */
  readonly mayHedge: boolean;
  /** Whether nodes that were not heard of for long may be given a block. */
  readonly mayExplore: boolean;
  /** Mean deviations by which rates are believed to be worse than measured. */
  readonly doubt: number;
}

const CRITICAL: Urgency = { runMs: 250, mayHedge: true, mayExplore: false, doubt: 1 };
const URGENT: Urgency = { runMs: 250, mayHedge: true, mayExplore: false, doubt: 0 };
const STEADY: Urgency = { runMs: 500, mayHedge: true, mayExplore: false, doubt: 0 };
const RELAXED: Urgency = { runMs: 800, mayHedge: false, mayExplore: true, doubt: 0 };
/** Takes what idles, in small bites, so that it is out of the way when the player wants something. */
const AHEAD: Urgency = { runMs: 250, mayHedge: false, mayExplore: false, doubt: 0 };
/** Larger ones when nothing will be wanted soon: half as many requests. */
const AHEAD_AT_EASE: Urgency = { runMs: 500, mayHedge: false, mayExplore: false, doubt: 0 };

/** @param slackMs null when nobody said: then urgent, as after a lost message */
export function urgencyOf(slackMs: number | null, isAhead: boolean): Urgency {
  if (isAhead) return slackMs !== null && slackMs >= RELAXED_SLACK_MS ? AHEAD_AT_EASE : AHEAD;
  if (slackMs === null) return URGENT;
  if (slackMs < CRITICAL_SLACK_MS) return CRITICAL;
  if (slackMs < URGENT_SLACK_MS) return URGENT;
  return slackMs < RELAXED_SLACK_MS ? STEADY : RELAXED;
}

/** For the ablation without deadlines: as if every segment were as urgent as the next. */
export const INDIFFERENT = STEADY;
