/**
 * Make before break: how one record is changed while people read it. The machine of one change; it holds no clock, does no
 * I/O, and may be lost at any moment: {@link resumeChange} makes it again from the plan and the register, both durable.
 *
 *     note the plan -> write every new piece -> read each back and verify -> compare-and-set -> release -> forget the plan
 *
 * Rules, each of which the simulator removes to see that it is needed (core/simulation/redundancy):
 *
 * 1. The record names a piece only after it was written durably, read back and verified.
 * 2. The record changes by compare-and-set from the version that the plan was made for, never blindly.
 * 3. What the record stopped naming is given up later, when nobody reads by an older record any more (grace).
 * 4. A release carries the version that does not name the piece (its epoch). A node that was given the piece for a later
 *    version refuses (release.ts), so a delete that comes late destroys nothing.
 * 5. A change that is given up ends by a compare-and-set too, one that changes the version alone: then everybody else who
 *    started from the same version has lost, and what was written for it may be given up.
 *
 * Source of the rules: Morph (SOSP 2024) for changing forms of live data, Giza (USENIX ATC 2017) for immutable pieces and
 * one record changed by consensus. Times in seconds.
 */
import type { ChunkRecord, Holder } from "../placement/record.ts";
import type { ChangePlan } from "./change-plan.ts";
import { isRecord } from "./change-plan.ts";
import { pieceText, piecesWithout } from "./form.ts";
import type { Release } from "./release.ts";

export type ChangeCommand =
  /** Keep the plan durably; nothing else before that. */
  | { readonly do: "note"; readonly plan: ChangePlan }
  /** Put the piece for this version, durably; the same bytes again are no error. */
  | { readonly do: "write"; readonly piece: Holder; readonly version: number }
  /** Read the piece back from the node's disk and compare every block hash. */
  | { readonly do: "verify"; readonly piece: Holder }
  | { readonly do: "compare-and-set"; readonly record: ChunkRecord; readonly expectedVersion: number }
  /** Keep these releases durably, together or not at all. */
  | { readonly do: "release"; readonly releases: readonly Release[] }
  | { readonly do: "forget"; readonly plan: ChangePlan };

export type ChangeEvent =
  | { readonly saw: "noted" }
  | { readonly saw: "written"; readonly piece: Holder }
  | { readonly saw: "verified"; readonly piece: Holder }
  /** The node refused, was silent, or what it has is not what was written. */
  | { readonly saw: "piece-failed"; readonly piece: Holder; readonly why: string }
  /** What the register holds after the compare-and-set, whoever put it there; null when it was emptied. */
  | { readonly saw: "decided"; readonly record: ChunkRecord | null }
  /** No answer: the value may have been chosen or not. */
  | { readonly saw: "undecided" }
  | { readonly saw: "released" }
  | { readonly saw: "forgotten" };

/** `changed`: the record is the plan's. `lost-race`: another change came first. `given-up`: a piece could not be written. */
export type Outcome = "changed" | "lost-race" | "given-up";

export interface Change {
  readonly plan: ChangePlan;
  /** `postponed` waits, durably, until the driver resumes it: the register did not answer. */
  readonly step: "noting" | "writing" | "deciding" | "releasing" | "forgetting" | "ended" | "postponed";
  /** Pieces that are not verified yet, with how often each has failed. */
  readonly open: ReadonlyMap<string, number>;
  readonly isGivingUp: boolean;
  readonly unanswered: number;
  readonly outcome: Outcome | null;
  /** What happened last, in words. */
  readonly reason: string;
}

export interface ChangeStep {
  readonly change: Change;
  readonly commands: readonly ChangeCommand[];
}

/** A piece that failed so often will fail again: another plan, with another node, is better. */
export const MAX_PIECE_TRIES = 3;
/** A register that was silent so often is away; the plan waits for it without being held in memory. */
export const MAX_UNANSWERED = 5;

export interface ChangeRules {
  readonly graceSeconds: number;
}

export function beginChange(plan: ChangePlan): ChangeStep {
  const change: Change = {
    plan,
    step: "noting",
    open: new Map(plan.write.map((piece) => [pieceText(piece), 0])),
    isGivingUp: false,
    unanswered: 0,
    outcome: null,
    reason: plan.reason,
  };
  return { change, commands: [{ do: "note", plan }] };
}

/**
 * The change as it goes on after a crash, from what is durable. What was written is written again and verified again: the
 * same bytes, so that repeating costs time and nothing else.
 *
 * @param record what the register holds now; null when it is empty
 */
export function resumeChange(
  plan: ChangePlan,
  record: ChunkRecord | null,
  rules: ChangeRules,
  nowSeconds: number,
): ChangeStep {
  const { change } = beginChange(plan);
  if (record !== null && record.version === plan.fromVersion) return startWriting(change);
  return settle({ ...change, step: "deciding" }, record, rules, nowSeconds);
}

/** Events that do not belong to the present step are late answers; they change nothing. */
export function onChangeEvent(change: Change, event: ChangeEvent, rules: ChangeRules, nowSeconds: number): ChangeStep {
  switch (event.saw) {
    case "noted":
      return change.step === "noting" ? startWriting(change) : still(change);
    case "written":
      return isOpen(change, event.piece) ? still(change, [{ do: "verify", piece: event.piece }]) : still(change);
    case "verified":
      return isOpen(change, event.piece) ? onVerified(change, event.piece) : still(change);
    case "piece-failed":
      return isOpen(change, event.piece) ? onPieceFailed(change, event.piece, event.why) : still(change);
    case "decided":
      return change.step === "deciding" ? settle(change, event.record, rules, nowSeconds) : still(change);
    case "undecided":
      return change.step === "deciding" ? onUndecided(change) : still(change);
    case "released":
      if (change.step !== "releasing") return still(change);
      return { change: { ...change, step: "forgetting" }, commands: [{ do: "forget", plan: change.plan }] };
    case "forgotten":
      return still(change.step === "forgetting" ? { ...change, step: "ended" } : change);
  }
}

function startWriting(noted: Change): ChangeStep {
  const change: Change = { ...noted, step: "writing" };
  // Nothing to write, only to drop: a replica on top that is not needed any more.
  if (change.open.size === 0) return decide(change);
  return still(
    change,
    change.plan.write.map((piece) => writeOf(change.plan, piece)),
  );
}

function writeOf({ to }: ChangePlan, piece: Holder): ChangeCommand {
  return { do: "write", piece, version: to.version };
}

function onVerified(change: Change, piece: Holder): ChangeStep {
  const open = new Map(change.open);
  open.delete(pieceText(piece));
  const next: Change = { ...change, open };
  return open.size === 0 ? decide(next) : still(next);
}

function onPieceFailed(change: Change, piece: Holder, why: string): ChangeStep {
  const text = pieceText(piece);
  const failures = (change.open.get(text) ?? 0) + 1;
  if (failures < MAX_PIECE_TRIES) {
    const open = new Map(change.open).set(text, failures);
    return still({ ...change, open }, [writeOf(change.plan, piece)]);
  }
  const reason = `Gave up as ${text} failed ${failures} times, at last: ${why}`;
  return decide({ ...change, isGivingUp: true, reason });
}

/** Everything is verified, or nothing will come of it: the register is told. A repair in place has nothing to tell it. */
function decide(change: Change): ChangeStep {
  const { plan, isGivingUp } = change;
  if (plan.isInPlace) {
    const outcome: Outcome = isGivingUp ? "given-up" : "changed";
    return { change: { ...change, step: "forgetting", outcome }, commands: [{ do: "forget", plan }] };
  }
  return still({ ...change, step: "deciding" }, [proposal(change)]);
}

/** Giving up proposes the record as it is, one version on. */
function proposal({ plan, isGivingUp }: Change): ChangeCommand {
  const record = isGivingUp ? plan.giveUp : plan.to;
  return { do: "compare-and-set", record, expectedVersion: plan.fromVersion };
}

function onUndecided(change: Change): ChangeStep {
  const unanswered = change.unanswered + 1;
  // The same value again: whoever chose it, it is the same answer.
  if (unanswered < MAX_UNANSWERED) return still({ ...change, unanswered }, [proposal(change)]);
  return still({ ...change, unanswered, step: "postponed", reason: `The register did not answer ${unanswered} times` });
}

/**
 * The register has moved on from the plan's version, by this change or another: whatever its record does not name is given
 * up after the grace period, counted from now, with that record's version as epoch. Whether this change won does not matter
 * for that, which is why a crash between deciding and releasing does no harm.
 */
function settle(change: Change, record: ChunkRecord | null, rules: ChangeRules, nowSeconds: number): ChangeStep {
  const { plan } = change;
  const named = record === null ? [] : record.holders;
  const touched = [...plan.write, ...piecesWithout(plan.drop, plan.write)];
  const releases = piecesWithout(touched, named).map((piece) => ({
    key: plan.key,
    piece,
    epoch: record?.version ?? plan.to.version,
    notBeforeSeconds: nowSeconds + rules.graceSeconds,
  }));
  const outcome = outcomeOf(change, record);
  return { change: { ...change, step: "releasing", outcome }, commands: [{ do: "release", releases }] };
}

function outcomeOf({ plan, isGivingUp }: Change, record: ChunkRecord | null): Outcome {
  if (record !== null && isRecord(record, plan.to)) return "changed";
  return isGivingUp ? "given-up" : "lost-race";
}

function isOpen(change: Change, piece: Holder): boolean {
  return change.step === "writing" && change.open.has(pieceText(piece));
}

function still(change: Change, commands: readonly ChangeCommand[] = []): ChangeStep {
  return { change, commands };
}
