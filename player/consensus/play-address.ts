/**
 * A play as the query of an address, and back: scenario, seed, broken rule, what the person did, and the frame. Whatever
 * does not read is left out, so that an address from an older page still opens.
 *
 * An action is `STEP.VERB.ARGUMENT...`, actions are joined by `_`: `3.kill.n1_8.cut.n2.n3_20.heal`.
 */
import type { RuleName } from "#core/consensus/rules.ts";
import { RULES } from "#core/consensus/rules.ts";
import type { PlayName, PlaySetup, TimedAction } from "#core/simulation/consensus/playground.ts";
import { MAX_PLAY_STEPS } from "#core/simulation/consensus/playground.ts";
import type { ScenarioName } from "#core/simulation/consensus/scenarios.ts";
import { SCENARIOS } from "#core/simulation/consensus/scenarios.ts";
import type { UserAction } from "#core/simulation/consensus/user-actions.ts";

/** What a person does by hand; more would make addresses that servers refuse. */
export const MAX_ACTIONS = 100;
/** Seeds of the simulator are whole numbers below it. */
const MAX_SEED = 2 ** 31;

export const SCENARIO_NAMES = Object.keys(SCENARIOS).filter((name): name is ScenarioName => name in SCENARIOS);
export const RULE_NAMES = Object.keys(RULES).filter((name): name is RuleName => name in RULES);

export interface PlayAddress {
  readonly setup: PlaySetup;
  /** Number of the frame. */
  readonly at: number;
}

/** The query without `?`; what is usual is left out. */
export function queryOf({ setup, at }: PlayAddress): string {
  const query = new URLSearchParams();
  query.set("scenario", setup.play);
  if (setup.seed !== 1) query.set("seed", String(setup.seed));
  if (setup.mutant !== null) query.set("break", setup.mutant);
  if (setup.actions.length > 0) query.set("do", setup.actions.map(actionText).join("_"));
  if (at > 0) query.set("at", String(at));
  return query.toString();
}

export function parseQuery(text: string): PlayAddress {
  const query = new URLSearchParams(text);
  const play = parsePlay(query.get("scenario"));
  const mutant = RULE_NAMES.find((name) => name === query.get("break")) ?? null;
  const actions = (query.get("do") ?? "")
    .split("_")
    .slice(0, MAX_ACTIONS)
    .flatMap((part) => parseAction(part) ?? [])
    .sort((one, other) => one.afterStep - other.afterStep);
  const setup = { play, seed: parseCount(query.get("seed"), MAX_SEED) ?? 1, mutant, actions };
  return { setup, at: parseCount(query.get("at"), MAX_PLAY_STEPS + 1) ?? 0 };
}

function parsePlay(text: string | null): PlayName {
  if (text === "schedule") return text;
  return SCENARIO_NAMES.find((name) => name === text) ?? "normal";
}

/** A whole number from 0 and below `limit`. */
export function parseCount(text: string | null | undefined, limit: number): number | undefined {
  if (text === null || text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count < limit ? count : undefined;
}

function actionText({ afterStep, action }: TimedAction): string {
  return [afterStep, ...wordsOf(action)].join(".");
}

function wordsOf(action: UserAction): readonly (string | number)[] {
  switch (action.do) {
    case "drop":
    case "duplicate":
      return [action.do, action.message];
    case "delay":
      return [action.do, action.message, action.byMs];
    case "kill":
    case "restart":
      return [action.do, action.who];
    case "wipe":
      return [action.do, action.node];
    case "partition":
      return ["cut", ...action.nodes];
    case "reconfigure":
      return ["members", ...action.nodes];
    case "heal":
    case "rival":
    case "read":
      return [action.do];
  }
}

function parseAction(text: string): TimedAction | undefined {
  const [step, verb, ...words] = text.split(".");
  const afterStep = parseCount(step, MAX_PLAY_STEPS + 1);
  const action = parseDeed(verb ?? "", words);
  return afterStep === undefined || action === undefined ? undefined : { afterStep, action };
}

const NAME = /^[a-z]{1,8}[0-9a-z]{0,4}$/;
const MAX_MESSAGE = 1_000_000;
const MAX_DELAY_MS = 10_001;

function parseDeed(verb: string, words: readonly string[]): UserAction | undefined {
  const [first, second] = words;
  const message = parseCount(first, MAX_MESSAGE);
  switch (verb) {
    case "drop":
    case "duplicate":
      return message === undefined ? undefined : { do: verb, message };
    case "delay": {
      const byMs = parseCount(second, MAX_DELAY_MS);
      return message === undefined || byMs === undefined ? undefined : { do: verb, message, byMs };
    }
    case "kill":
    case "restart":
      return first === undefined || !NAME.test(first) ? undefined : { do: verb, who: first };
    case "wipe":
      return first === undefined || !NAME.test(first) ? undefined : { do: verb, node: first };
    case "cut":
    case "members": {
      if (words.length === 0 || words.some((word) => !NAME.test(word))) return undefined;
      return { do: verb === "cut" ? "partition" : "reconfigure", nodes: words };
    }
    case "heal":
    case "rival":
    case "read":
      return { do: verb };
    default:
      return undefined;
  }
}
