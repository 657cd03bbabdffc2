/**
 * Whether what clients saw of one register could have been seen of a register that makes every change at one instant between
 * its beginning and its end (Herlihy and Wing, "Linearizability", TOPLAS 1990). In general that is a search; here versions
 * grow by one and every value has an id of its own, so the order of the changes is known, and only instants have to be found
 * for them: sorting is all that it costs.
 *
 * It knows nothing of ballots or acceptors: it judges the answers alone.
 */
import type { ProposalOutcome } from "./proposal.ts";
import type { Change, Value } from "./value.ts";

/** One operation of a client; times by one clock, in any unit. */
export interface HistoryOperation {
  readonly change: Change<unknown>;
  readonly outcome: ProposalOutcome<unknown>;
  readonly invokedAt: number;
  readonly endedAt: number;
}

/** What is known of a version. */
interface Known {
  readonly id: string;
  /** Instants at which it may have begun to stand. */
  from: number;
  to: number;
}

/**
 * @param operations of one register, in any order; ids of changes are unique
 * @returns what no such register does, in words; null when all is well
 */
export function whyNotLinearizable(operations: readonly HistoryOperation[]): string | null {
  const versions = new Map<number, Known>();
  const values = operations.flatMap(({ outcome }) =>
    "value" in outcome && outcome.value !== null ? [outcome.value] : [],
  );
  for (const value of values) {
    const why = learn(versions, value);
    if (why !== null) return why;
  }
  const newest = Math.max(0, ...versions.keys());
  const writers = new Map(
    operations.flatMap((one) => (one.change.change === "keep" ? [] : [[one.change.id, one] as const])),
  );
  return (
    wrongAnswer(operations) ??
    wrongWriter(versions, writers) ??
    wrongDeletion({ versions, writers, newest, values }) ??
    missingVersion(versions, operations, newest) ??
    wrongOrder(versions, operations, newest)
  );
}

function learn(versions: Map<number, Known>, { version, id, previousId }: Value<unknown>): string | null {
  if ((version === 1) !== (previousId === null))
    return `Version ${version} "${id}" follows "${previousId ?? "nothing"}"`;
  const seen =
    previousId === null
      ? [{ version, id }]
      : [
          { version, id },
          { version: version - 1, id: previousId },
        ];
  for (const one of seen) {
    const known = versions.get(one.version);
    if (known !== undefined && known.id !== one.id) return `Version ${one.version} is "${known.id}" and "${one.id}"`;
    if (known === undefined) versions.set(one.version, { id: one.id, from: -Infinity, to: Infinity });
  }
  return null;
}

/** Answers that are wrong by themselves. */
function wrongAnswer(operations: readonly HistoryOperation[]): string | null {
  for (const { change, outcome } of operations) {
    if (change.change === "keep") {
      if (outcome.outcome === "conflict" || outcome.outcome === "replaced") return "A reading was refused";
      continue;
    }
    if (outcome.outcome === "empty") return `The change "${change.id}" left nothing`;
    if (outcome.outcome === "chosen" && outcome.value.id !== change.id) {
      return `The change "${change.id}" was told that it won, with the value "${outcome.value.id}"`;
    }
    if (outcome.outcome === "replaced" && outcome.value.previousId !== change.id) {
      return `The change "${change.id}" was told that it was replaced, by "${outcome.value.id}" that replaces another`;
    }
    if (outcome.outcome === "conflict" && outcome.isCertain && wouldFit(change, outcome.value)) {
      return `The change "${change.id}" was refused where it fits`;
    }
  }
  return null;
}

function wouldFit(change: Exclude<Change<unknown>, { change: "keep" }>, value: Value<unknown> | null): boolean {
  if (change.change === "create" || value === null) return change.change === "create" && value === null;
  return value.version === change.expectedVersion && value.body !== null;
}

const targetOf = (change: Exclude<Change<unknown>, { change: "keep" }>): number =>
  change.change === "create" ? 1 : change.expectedVersion + 1;

/** Every version was made by an operation that wanted it and was not told that it had failed. */
function wrongWriter(
  versions: ReadonlyMap<number, Known>,
  writers: ReadonlyMap<string, HistoryOperation>,
): string | null {
  for (const [version, known] of versions) {
    const writer = writers.get(known.id);
    if (writer === undefined || writer.change.change === "keep") return `Nobody wrote version ${version} "${known.id}"`;
    if (targetOf(writer.change) !== version) return `"${known.id}" stands as version ${version}, which it did not want`;
    const { outcome } = writer;
    if (outcome.outcome === "conflict" && outcome.isCertain) return `"${known.id}" stands though it was refused`;
    known.from = writer.invokedAt;
    // Whoever was told nothing may come to pass at any time.
    known.to = outcome.outcome === "unknown" ? Infinity : writer.endedAt;
  }
  return null;
}

interface Chain {
  readonly versions: ReadonlyMap<number, Known>;
  readonly writers: ReadonlyMap<string, HistoryOperation>;
  readonly newest: number;
  readonly values: readonly Value<unknown>[];
}

/** A deletion is the last version, and nobody sees it otherwise. */
function wrongDeletion({ versions, writers, newest, values }: Chain): string | null {
  const isDeletion = (id: string): boolean => {
    const change = writers.get(id)?.change;
    return change?.change === "replace" && change.body === null;
  };
  for (const [version, { id }] of versions) {
    if (isDeletion(id) && version < newest)
      return `Version ${version} "${id}" deleted the register, and ${newest} came`;
  }
  const wrong = values.find(({ id, body }) => (body === null) !== isDeletion(id));
  return wrong === undefined ? null : `"${wrong.id}" was seen ${wrong.body === null ? "deleted" : "standing"}`;
}

/** A version that nobody saw was made by somebody who was told nothing for certain. */
function missingVersion(
  versions: Map<number, Known>,
  operations: readonly HistoryOperation[],
  newest: number,
): string | null {
  for (let version = 1; version < newest; version += 1) {
    if (versions.has(version)) continue;
    const starts = operations.flatMap(({ change, outcome, invokedAt }) => {
      if (change.change === "keep" || targetOf(change) !== version) return [];
      if (change.change === "replace" && change.body === null) return [];
      const may = outcome.outcome === "unknown" || (outcome.outcome === "conflict" && !outcome.isCertain);
      return may ? [invokedAt] : [];
    });
    if (starts.length === 0) return `Nobody can have written version ${version}`;
    versions.set(version, { id: "unseen", from: Math.min(...starts), to: Infinity });
  }
  return null;
}

/**
 * A version begins to stand before everybody who saw it ended, and after everybody who saw an older one began. Instants in
 * the order of the versions exist when no version must begin after a later one, or itself, has to stand.
 */
function wrongOrder(
  versions: ReadonlyMap<number, Known>,
  operations: readonly HistoryOperation[],
  newest: number,
): string | null {
  for (const { outcome, invokedAt, endedAt } of operations) {
    if (outcome.outcome === "unknown") continue;
    const seen = "value" in outcome ? (outcome.value?.version ?? 0) : 0;
    const [own, next] = [versions.get(seen), versions.get(seen + 1)];
    if (own !== undefined) own.to = Math.min(own.to, endedAt);
    // The maker of a version was told of it: it stood at some time before the end, not since the beginning.
    if (next !== undefined) next.from = Math.max(next.from, invokedAt);
  }
  let earliest = -Infinity;
  for (let version = 1; version <= newest; version += 1) {
    const { id, from, to } = versions.get(version) ?? { id: "", from: -Infinity, to: Infinity };
    earliest = Math.max(earliest, from);
    if (earliest > to) {
      return `Version ${version} "${id}" stood by ${to.toFixed(3)}, and one not after it came at ${earliest.toFixed(3)} only`;
    }
  }
  return null;
}
