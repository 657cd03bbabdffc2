/**
 * What a register decides: versions of a value, each made from the one before by a change. A register is not a log: it keeps
 * its newest value alone, and a change is a function of the value that stands (Rystsov, "CASPaxos: Replicated State Machines
 * without logs", arXiv 1802.07000).
 */

export interface Value<Body> {
  /** 1 for the first value of a register, each change adds 1. */
  readonly version: number;
  /** Names the operation that made this value; never used for another. */
  readonly id: string;
  /** Id of the value that this one replaces; null for the first. The chain lets anybody check that no version was lost. */
  readonly previousId: string | null;
  /** Null: the register is deleted for good. */
  readonly body: Body | null;
}

export type Change<Body> =
  /** Sets an empty register. */
  | { readonly change: "create"; readonly id: string; readonly body: Body }
  /** Compare-and-set: replaces the expected version, with null for good. */
  | { readonly change: "replace"; readonly id: string; readonly expectedVersion: number; readonly body: Body | null }
  /** Changes nothing: finishes what was begun, and thereby reads what stands. */
  | { readonly change: "keep" };

/**
 * The value to propose where `current` stands: the change applied, or `current` when the change does not fit it, so that
 * whoever comes too late helps the winner to finish. Null: there is nothing to propose.
 */
export function applyChange<Body>(current: Value<Body> | null, change: Change<Body>): Value<Body> | null {
  switch (change.change) {
    case "keep":
      return current;
    case "create":
      return current ?? { version: 1, id: change.id, previousId: null, body: change.body };
    case "replace":
      if (current === null || current.id === change.id) return current;
      if (current.version !== change.expectedVersion || current.body === null) return current;
      return { version: current.version + 1, id: change.id, previousId: current.id, body: change.body };
  }
}

/** How a change ended, once a value is known to be chosen (or the register known to be empty). */
export type ChangeOutcome<Body> =
  /** The change's value stands, or what was there for `keep`. */
  | { readonly outcome: "chosen"; readonly value: Value<Body> }
  /** Ours was chosen, and somebody has replaced it since. */
  | { readonly outcome: "replaced"; readonly value: Value<Body> }
  /**
   * Another value stands. `isCertain`: ours was never chosen; otherwise it may have been, and replaced more than once since.
   * Null: a version was expected of an empty register.
   */
  | { readonly outcome: "conflict"; readonly value: Value<Body> | null; readonly isCertain: boolean }
  /** Nothing was ever chosen (`keep` only). */
  | { readonly outcome: "empty" };

/** What the chosen value means for whoever wanted the change. */
export function outcomeOf<Body>(chosen: Value<Body> | null, change: Change<Body>): ChangeOutcome<Body> {
  if (chosen === null) {
    return change.change === "keep" ? { outcome: "empty" } : { outcome: "conflict", value: null, isCertain: true };
  }
  if (change.change === "keep" || chosen.id === change.id) return { outcome: "chosen", value: chosen };
  if (chosen.previousId === change.id) return { outcome: "replaced", value: chosen };
  const oursWouldBe = change.change === "create" ? 1 : change.expectedVersion + 1;
  // With a version in between, ours may have been that one.
  return { outcome: "conflict", value: chosen, isCertain: chosen.version <= oursWouldBe + 1 };
}
