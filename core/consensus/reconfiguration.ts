/**
 * The coordinator of a change of members: seals the old epoch on a majority of its members, which is one first phase for
 * every key of the group, and installs what they accepted on the members of the new epoch. When a majority of those has
 * everything, the config master may make the epoch active (compare-and-set); nobody votes in it before.
 *
 * Whoever tries, or takes over from a coordinator that died, takes an epoch that was never used. Data can be read throughout.
 *
 * Source: Lamport, Malkhi, Zhou, "Vertical Paxos and Primary-Backup Replication", PODC 2009; after CASPaxos section 2.3.
 */
import type { Ballot } from "./ballot.ts";
import { compareBallots } from "./ballot.ts";
import type { GroupConfig, Member } from "./group.ts";
import { quorumOf } from "./group.ts";
import type { Accepted, Entry, KeyState, Refusal, Reply } from "./messages.ts";
import type { Rules } from "./rules.ts";

/** Keys of one page and of one installing message at most: half a megabyte of records. */
export const PAGE_KEYS = 512;
/** Times that one member is asked the same thing in vain before it is left out. */
export const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 50;

/** Answers, each once, to what was asked; an answer to `seal` that comes when installing has begun means nothing. */
export type ReconfigurationEvent<Body> =
  | {
      readonly saw: "page";
      readonly from: string;
      readonly states: readonly KeyState<Body>[];
      readonly isLast: boolean;
    }
  | { readonly saw: "replies"; readonly from: string; readonly replies: readonly Reply<Body>[] }
  | { readonly saw: "refusal"; readonly from: string; readonly to: Asked; readonly refusal: Refusal }
  | { readonly saw: "lost"; readonly from: string; readonly to: Asked }
  /** The pause before asking a member again is over. */
  | { readonly saw: "wake"; readonly member: string; readonly to: Asked };

export type Asked = "seal" | "install";

export type ReconfigurationCommand<Body> =
  /** One seal request; `after` as in SealRequest. */
  | {
      readonly do: "seal";
      readonly to: Member;
      readonly toEpoch: number;
      readonly after: string;
      readonly limit: number;
    }
  | {
      readonly do: "install";
      readonly to: Member;
      readonly config: GroupConfig;
      readonly entries: readonly Entry<Body>[];
    }
  /** Answer with an event of the same member and purpose. */
  | { readonly do: "wake"; readonly member: string; readonly to: Asked; readonly afterMs: number }
  /** A majority of the new members has everything: the master may make the epoch active. */
  | { readonly do: "activate" }
  /** `installed`: every member answered or was given up. `failed`: no majority, or a newer epoch has begun. */
  | { readonly do: "finish"; readonly outcome: "installed" | "failed" };

/** How far one member is. */
interface Progress {
  /** Sealing: last key of the last page. Installing: keys that it has. */
  readonly after: string;
  readonly installed: number;
  readonly isDone: boolean;
  readonly isLeftOut: boolean;
  readonly tries: number;
}

export interface Reconfiguration<Body> {
  readonly from: GroupConfig;
  readonly to: GroupConfig;
  readonly coordinator: string;
  readonly phase: "sealing" | "installing" | "active" | "done";
  readonly progress: ReadonlyMap<string, Progress>;
  /** Accepted values by key, of the highest ballot heard of. */
  readonly states: ReadonlyMap<string, Accepted<Body>>;
  /** The keys in their order, fixed when installing begins. */
  readonly keys: readonly string[];
  /** Keys of one page and of one installing message. */
  readonly pageKeys: number;
}

export interface ReconfigurationStep<Body> {
  readonly state: Reconfiguration<Body>;
  readonly commands: readonly ReconfigurationCommand<Body>[];
}

/**
 * @param from the active epoch, or the newest one that ever was
 * @param to with an epoch that the master gave to this attempt alone
 * @param coordinator of this start of the program
 * @param pageKeys 1..{@link PAGE_KEYS}
 */
export function beginReconfiguration<Body>(
  from: GroupConfig,
  to: GroupConfig,
  coordinator: string,
  pageKeys = PAGE_KEYS,
): ReconfigurationStep<Body> {
  const progress = new Map(from.members.map(({ nodeId }) => [nodeId, UNTOUCHED]));
  const state: Reconfiguration<Body> = {
    ...{ from, to, coordinator, phase: "sealing", progress, states: new Map(), keys: [], pageKeys },
  };
  return { state, commands: from.members.map((member) => sealing(state, member)) };
}

const UNTOUCHED: Progress = { after: "", installed: 0, isDone: false, isLeftOut: false, tries: 0 };

export function onReconfigurationEvent<Body>(
  state: Reconfiguration<Body>,
  event: ReconfigurationEvent<Body>,
  rules: Rules,
): ReconfigurationStep<Body> {
  if (state.phase === "done" || purposeOf(event) !== purpose(state)) return { state, commands: [] };
  switch (event.saw) {
    case "page":
      return onPage(state, event, rules);
    case "replies":
      return onReplies(state, event);
    case "refusal":
      // Somebody took over with a newer epoch: this attempt is void, whatever it has installed.
      if (event.refusal.say === "sealed" && event.refusal.sealedEpoch > state.to.epoch) return finish(state, "failed");
      return settle(withProgress(state, event.from, { isLeftOut: true }));
    case "lost":
      return onLost(state, event.from);
    case "wake":
      return onWake(state, event.member);
  }
}

const purpose = <Body>({ phase }: Reconfiguration<Body>): Asked => (phase === "sealing" ? "seal" : "install");

function purposeOf<Body>(event: ReconfigurationEvent<Body>): Asked {
  if (event.saw === "page") return "seal";
  return event.saw === "replies" ? "install" : event.to;
}

function onPage<Body>(
  before: Reconfiguration<Body>,
  { from, states, isLast }: Extract<ReconfigurationEvent<Body>, { saw: "page" }>,
  rules: Rules,
): ReconfigurationStep<Body> {
  const merged = new Map(before.states);
  for (const { key, accepted } of states) {
    const known = merged.get(key);
    if (known === undefined || compareBallots(accepted.ballot, known.ballot) > 0) merged.set(key, accepted);
  }
  const after = states.at(-1)?.key ?? "";
  const change = isLast ? { isDone: true, tries: 0 } : { after, tries: 0 };
  const state = withProgress({ ...before, states: merged }, from, change);
  if (!isLast) {
    const member = before.from.members.find(({ nodeId }) => nodeId === from);
    return { state, commands: member === undefined ? [] : [sealing(state, member)] };
  }
  const needed = rules.majority ? quorumOf(state.from) : 1;
  return doneCount(state) >= needed ? install(state, rules) : { state, commands: [] };
}

function install<Body>(before: Reconfiguration<Body>, rules: Rules): ReconfigurationStep<Body> {
  const state: Reconfiguration<Body> = {
    ...before,
    phase: "installing",
    keys: [...before.states.keys()].sort(),
    progress: new Map(before.to.members.map(({ nodeId }) => [nodeId, UNTOUCHED])),
  };
  const commands = state.to.members.map((member) => installing(state, member));
  if (rules["install-first"]) return { state, commands };
  return { state: { ...state, phase: "active" }, commands: [{ do: "activate" }, ...commands] };
}

function onReplies<Body>(
  before: Reconfiguration<Body>,
  { from, replies }: Extract<ReconfigurationEvent<Body>, { saw: "replies" }>,
): ReconfigurationStep<Body> {
  // A higher ballot was promised there: an epoch that this one may not overwrite has begun.
  if (replies.some(({ say }) => say === "rejected")) return finish(before, "failed");
  const installed = Math.min(before.keys.length, (before.progress.get(from)?.installed ?? 0) + replies.length);
  const isDone = installed === before.keys.length;
  const state = withProgress(before, from, { installed, isDone, tries: 0 });
  const member = before.to.members.find(({ nodeId }) => nodeId === from);
  return isDone || member === undefined ? settle(state) : { state, commands: [installing(state, member)] };
}

/** Activates with a majority, ends when everybody is done or left out. */
function settle<Body>(state: Reconfiguration<Body>): ReconfigurationStep<Body> {
  const config = state.phase === "sealing" ? state.from : state.to;
  const open = [...state.progress.values()].filter(({ isDone, isLeftOut }) => !isDone && !isLeftOut).length;
  if (doneCount(state) + open < quorumOf(config)) return finish(state, "failed");
  if (state.phase === "sealing") return { state, commands: [] };
  const isActive = state.phase === "active" || doneCount(state) >= quorumOf(config);
  const activated: Reconfiguration<Body> = { ...state, phase: isActive ? "active" : "installing" };
  const commands: ReconfigurationCommand<Body>[] = isActive && state.phase === "installing" ? [{ do: "activate" }] : [];
  if (open > 0) return { state: activated, commands };
  const ended = finish(activated, "installed");
  return { state: ended.state, commands: [...commands, ...ended.commands] };
}

function onLost<Body>(before: Reconfiguration<Body>, from: string): ReconfigurationStep<Body> {
  const progress = before.progress.get(from);
  if (progress === undefined || progress.isDone || progress.isLeftOut) return { state: before, commands: [] };
  const tries = progress.tries + 1;
  if (tries >= MAX_TRIES) return settle(withProgress(before, from, { tries, isLeftOut: true }));
  const state = withProgress(before, from, { tries });
  return {
    state,
    commands: [{ do: "wake", member: from, to: purpose(state), afterMs: FIRST_PAUSE_MS * 2 ** (tries - 1) }],
  };
}

function onWake<Body>(state: Reconfiguration<Body>, nodeId: string): ReconfigurationStep<Body> {
  const isSealing = state.phase === "sealing";
  const member = (isSealing ? state.from : state.to).members.find((one) => one.nodeId === nodeId);
  const progress = state.progress.get(nodeId);
  if (member === undefined || progress === undefined || progress.isDone || progress.isLeftOut) {
    return { state, commands: [] };
  }
  return { state, commands: [isSealing ? sealing(state, member) : installing(state, member)] };
}

function sealing<Body>(state: Reconfiguration<Body>, to: Member): ReconfigurationCommand<Body> {
  const after = state.progress.get(to.nodeId)?.after ?? "";
  return { do: "seal", to, toEpoch: state.to.epoch, after, limit: state.pageKeys };
}

/** The next keys for a member. A group without keys sends an empty message: the member must know the epoch all the same. */
function installing<Body>(state: Reconfiguration<Body>, to: Member): ReconfigurationCommand<Body> {
  const first = state.progress.get(to.nodeId)?.installed ?? 0;
  const ballot: Ballot = { epoch: state.to.epoch, round: 0, proposer: state.coordinator };
  const entries = state.keys.slice(first, first + state.pageKeys).flatMap((key): Entry<Body>[] => {
    const accepted = state.states.get(key);
    return accepted === undefined ? [] : [{ ask: "install", key, ballot, value: accepted.value }];
  });
  return { do: "install", to, config: state.to, entries };
}

function withProgress<Body>(
  state: Reconfiguration<Body>,
  nodeId: string,
  change: Partial<Progress>,
): Reconfiguration<Body> {
  const before = state.progress.get(nodeId);
  if (before === undefined) return state;
  return {
    ...state,
    progress: new Map(state.progress).set(nodeId, {
      after: change.after ?? before.after,
      installed: change.installed ?? before.installed,
      isDone: change.isDone ?? before.isDone,
      isLeftOut: change.isLeftOut ?? before.isLeftOut,
      tries: change.tries ?? before.tries,
    }),
  };
}

function doneCount<Body>({ progress }: Reconfiguration<Body>): number {
  return [...progress.values()].filter(({ isDone }) => isDone).length;
}

function finish<Body>(state: Reconfiguration<Body>, outcome: "installed" | "failed"): ReconfigurationStep<Body> {
  // Whoever is active stays so, though the last members could not be reached.
  const ended = state.phase === "active" ? "installed" : outcome;
  return { state: { ...state, phase: "done" }, commands: [{ do: "finish", outcome: ended }] };
}
