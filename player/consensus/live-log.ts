/**
 * One real proposal as a log that the space-time diagram draws. Only the proposer's clock is known: when a message left and
 * when its answer came. The moment at the acceptor is drawn half-way, and the page says so.
 */
import type { EventKind, PhaseName, SimulationEvent } from "#core/simulation/consensus/events.ts";
import type { LiveEvent } from "#wire/contract/consensus-live-api.ts";
import type { LiveProposal } from "./live-check.ts";

/** The proposer's line of life. */
const PROPOSER = "server";

type Draft = Omit<SimulationEvent, "index" | "step" | "cause"> & {
  readonly order: number;
  readonly answers: number | null;
};

export function logOf({ events, beganMs }: Pick<LiveProposal, "events" | "beganMs">): readonly SimulationEvent[] {
  const drafts: Draft[] = [];
  const asked = new Map<string, { readonly message: number; readonly event: LiveEvent }>();
  let messages = 0;
  for (const event of events) {
    const atMs = event.atMs - beganMs;
    const name = `${event.turn} ${event.nodeId ?? ""}`;
    if (event.kind === "send") {
      messages += 1;
      asked.set(name, { message: messages, event });
      drafts.push(draftOf(event, { kind: "send", atMs, message: messages, order: drafts.length, answers: null }));
      continue;
    }
    const question = asked.get(name);
    if (question === undefined || event.nodeId === null) {
      drafts.push(draftOf(event, { kind: kindOf(event), atMs, message: null, order: drafts.length, answers: null }));
      continue;
    }
    const phase = phaseOf(question.event.what);
    if (event.kind === "lost") {
      drafts.push({
        ...draftOf(event, {
          kind: "drop",
          atMs,
          message: question.message,
          order: drafts.length,
          answers: question.message,
        }),
        phase,
      });
      continue;
    }
    messages += 1;
    const halfMs = (atMs + question.event.atMs - beganMs) / 2;
    const sides = { node: event.nodeId, peer: PROPOSER, phase };
    const base = { order: drafts.length, atMs: halfMs };
    drafts.push({
      ...draftOf(event, { ...base, kind: "deliver", message: question.message, answers: question.message }),
      ...sides,
    });
    drafts.push({ ...draftOf(event, { ...base, kind: "answer", message: messages, answers: null }), ...sides });
    drafts.push({
      ...draftOf(event, { kind: "deliver", atMs, message: messages, order: drafts.length, answers: messages }),
      phase,
    });
  }
  return numbered(drafts);
}

function draftOf(
  event: LiveEvent,
  about: { kind: EventKind; atMs: number; message: number | null; order: number; answers: number | null },
): Draft {
  const { key, ballot, valueId, version, nodeId } = event;
  const base = { key, ballot, valueId, version, node: PROPOSER, peer: nodeId, phase: phaseOf(event.what) };
  return { ...base, ...about, text: liveText(event) };
}

/** In the order of their times; causes are the sendings of the messages that they end. */
function numbered(drafts: readonly Draft[]): readonly SimulationEvent[] {
  const ordered = [...drafts].sort((one, other) => one.atMs - other.atMs || one.order - other.order);
  const sentAt = new Map<number, number>();
  return ordered.map(({ order, answers, ...event }, index) => {
    if ((event.kind === "send" || event.kind === "answer") && event.message !== null) sentAt.set(event.message, index);
    const cause = answers === null ? null : (sentAt.get(answers) ?? null);
    return { ...event, index, step: order, cause };
  });
}

function kindOf({ kind }: LiveEvent): EventKind {
  switch (kind) {
    case "finish":
      return "outcome";
    case "wake":
      return "pause";
    case "config":
      return "activate";
    case "stop":
    case "send":
    case "reply":
    case "refusal":
    case "lost":
      return "lost";
  }
}

function phaseOf(what: string | null): PhaseName | null {
  return what === "prepare" || what === "accept" || what === "read" ? what : null;
}

/** What happened, in words. */
export function liveText({ kind, nodeId, what, valueId, ballot }: LiveEvent): string {
  const value = valueId === null ? "" : ` ${shortId(valueId)}`;
  const round = ballot === null ? "" : ` in ${ballot.epoch}.${ballot.round}`;
  const node = nodeId ?? "";
  switch (kind) {
    case "send":
      return what === "read" ? `asks ${node} what stands` : `asks ${node} to ${what ?? "answer"}${value}${round}`;
    case "reply":
      return `${node} says ${what ?? "nothing"}${value}`;
    case "refusal":
      return `${node} does not vote: ${what ?? "refused"}`;
    case "lost":
      return `${node} does not answer`;
    case "wake":
      return "tries again after a pause";
    case "config":
      return "asks who votes now, and goes on there";
    case "stop":
      return "gives up";
    case "finish":
      return `it ends: ${what ?? "unknown"}${value}`;
  }
}

/** Ids begin with the 128 random bits of the server's start: their end tells them apart. */
export function shortId(valueId: string): string {
  const [proposer = "", ...rest] = valueId.split(".");
  return [proposer.slice(0, 4), ...rest].join(".");
}
