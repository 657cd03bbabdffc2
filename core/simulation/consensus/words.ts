/** What proposers want, ask and are told, in words for the log. */
import type { Entry } from "../../consensus/messages.ts";
import type { ProposalOutcome } from "../../consensus/proposal.ts";
import type { Change } from "../../consensus/value.ts";
import type { Body } from "./events.ts";
import type { About } from "./network.ts";

/** What the log says of a request. */
export function aboutEntries(entries: readonly Entry<Body>[], hasBytes: boolean): About {
  const [first] = entries;
  const value = first !== undefined && "value" in first ? first.value : null;
  return {
    key: entries.length === 1 ? (first?.key ?? null) : entries.map(({ key }) => key).join(" "),
    ballot: first !== undefined && "ballot" in first ? first.ballot : null,
    ...{ valueId: value?.id ?? null, version: value?.version ?? null },
    text: `${entries.map(entryText).join("; ")}${hasBytes ? ", with the bytes" : ""}`,
  };
}

function entryText(entry: Entry<Body>): string {
  switch (entry.ask) {
    case "read":
      return `what stands for ${entry.key}?`;
    case "prepare":
      return `prepare ${entry.ballot.epoch}.${entry.ballot.round} for ${entry.key}`;
    case "accept":
    case "install":
      return `${entry.ask} ${entry.value.id} in ${entry.ballot.epoch}.${entry.ballot.round} for ${entry.key}`;
  }
}

/** What somebody wants. */
export function wishText(name: string, key: string, change: Change<Body>): string {
  switch (change.change) {
    case "keep":
      return `${name} wants to know what stands for ${key}`;
    case "create":
      return `${name} wants ${key} to be ${change.body.text}`;
    case "replace":
      return `${name} wants ${change.body?.text ?? "a deletion"} for ${key} in the place of version ${change.expectedVersion}`;
  }
}

/** What somebody was told in the end. */
export function outcomeText(name: string, key: string, outcome: ProposalOutcome<Body>): string {
  switch (outcome.outcome) {
    case "chosen":
      return `${name} knows: ${outcome.value.id} stands for ${key}, version ${outcome.value.version}`;
    case "replaced":
      return `${name} knows: its value for ${key} was chosen, and ${outcome.value.id} has replaced it`;
    case "conflict":
      return `${name} knows: ${outcome.value?.id ?? "nothing"} stands for ${key}, not what it wanted`;
    case "empty":
      return `${name} knows: nothing stands for ${key}`;
    case "unknown":
      return `${name} does not know how it ended for ${key}`;
  }
}
