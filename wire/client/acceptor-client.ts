/**
 * Asking the acceptor of a storage node (wire/contract/consensus-api.ts). An answer that does not fit its question is no
 * answer: whoever counts votes must not count it.
 *
 * A question that ended in `timeout`, `unreachable`, `aborted` or `bad-answer` may have been answered all the same: it may be
 * asked again as it is, and must not be taken for a refusal.
 */
import type * as v from "valibot";
import type { EntriesAnswer, Entry, Reply, SealAnswer, SealRequest } from "#core/consensus/messages.ts";
import type { NodeId } from "#core/ids.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { GrantedRequest } from "#wire/contract/consensus-api.ts";
import {
  EntriesAnswerSchema,
  GroupsAnswerSchema,
  MAX_ACCEPT_HEADER_CHARACTERS,
  MAX_CONSENSUS_BYTES,
  SealAnswerSchema,
  StatesAnswerSchema,
} from "#wire/contract/consensus-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import { toBase64Url } from "./digest.ts";
import type { FetchPort } from "./http.ts";
import { type AnswerText, askJson, readAnswer } from "./http.ts";

/** A vote takes a round trip and a flush; whoever needs longer hangs, and the others decide without it. */
const VOTE_DEADLINE_MS = 3_000;
/** A page is half a megabyte, and nobody waits for it. */
const PAGE_DEADLINE_MS = 10_000;

/** Where an acceptor is asked. */
export interface AcceptorTarget {
  readonly nodeId: NodeId;
  /** Where this program reaches it, without a slash at the end. */
  readonly url: string;
}

export interface Asking {
  /** A capability; one made before may be given as long as it lasts. */
  readonly mint: (grant: { readonly method: "VOTE"; readonly subject: string }) => Promise<string>;
  /** The platform's unless given. */
  readonly fetch?: FetchPort;
  readonly signal: AbortSignal;
  /**
   * Streams that are kept to the nodes, for entries. A message in a stream ends by its deadline or with the stream, not by
   * the signal; null says that it has to go as a request.
   */
  readonly stream?: StreamPort;
  /** Until the answer is there; 3 s for votes and seals, 10 s for what only reads, unless given. */
  readonly deadlineMs?: number;
}

/** Sends a text to a kept stream (wire/contract/message-stream.ts): wire/server/message-streams.ts where there is Node. */
export type StreamPort = (
  url: string,
  message: { readonly text: string; readonly capability: string; readonly deadlineMs: number },
) => Promise<AnswerText> | null;

export type GroupsAnswer = v.InferOutput<typeof GroupsAnswerSchema>;
export type StatesAnswer = v.InferOutput<typeof StatesAnswerSchema>;

/**
 * Asks about keys of one group, {@link MAX_ENTRIES} at most.
 *
 * @returns replies in the order of the entries, each of the kind that its entry asks for; or that the acceptor does not vote
 * @throws VStackError as {@link askJson}; `bad-answer` when the replies do not fit the entries
 */
export async function askEntries(
  target: AcceptorTarget,
  request: GrantedRequest,
  asking: Asking,
): Promise<EntriesAnswer<ChunkRecord>> {
  const text = requestText(request);
  const answer =
    (await throughStream(target, text, asking)) ??
    (await post(target, ROUTES.consensusEntries, EntriesAnswerSchema, { body: text, asking }));
  return checkedAnswer(target, request.entries, answer);
}

/**
 * Seals a group for a newer epoch and reads one page of what was accepted.
 *
 * @throws VStackError as {@link askJson}; `bad-answer` when the page is not in the order of its keys or does not go on
 */
export async function askSeal(
  target: AcceptorTarget,
  request: SealRequest,
  asking: Asking,
): Promise<SealAnswer<ChunkRecord>> {
  const body = JSON.stringify(request);
  const answer = await post(target, ROUTES.consensusSeal, SealAnswerSchema, { body, asking });
  if (answer.say === "page") checkPage(target, request.after, answer);
  return answer;
}

/**
 * The groups in which a node votes or has voted.
 *
 * @throws VStackError as {@link askJson}
 */
export async function askGroups(target: AcceptorTarget, asking: Asking): Promise<GroupsAnswer> {
  const url = `${target.url}${ROUTES.consensusGroups}`;
  const answer = await askJson(url, GroupsAnswerSchema, await askOptions(target, asking));
  if (answer.nodeId === target.nodeId) return answer;
  throw new VStackError("bad-answer", `Cannot use the groups of ${target.nodeId} as ${answer.nodeId} answered`);
}

/**
 * One page of what a node has accepted in a group; changes nothing.
 *
 * @param page `after`: last key of the page before, "" for the first
 * @throws VStackError as {@link askJson}; `bad-answer` when the page is not in the order of its keys or does not go on
 */
export async function askStates(
  target: AcceptorTarget,
  page: { readonly group: number; readonly after: string },
  asking: Asking,
): Promise<StatesAnswer> {
  const url = `${target.url}${PATHS.consensusStates(page.group, page.after)}`;
  const answer = await askJson(url, StatesAnswerSchema, await askOptions(target, asking));
  checkPage(target, page.after, answer);
  return answer;
}

/**
 * Headers by which the PUT of a chunk carries its Accept.
 *
 * @param request with one entry
 * @throws VStackError `too-large` above {@link MAX_ACCEPT_HEADER_CHARACTERS}: then the Accept has to travel alone
 */
export function carriedAccept(request: GrantedRequest): Readonly<Record<string, string>> {
  const text = toBase64Url(new TextEncoder().encode(JSON.stringify(request)));
  if (text.length <= MAX_ACCEPT_HEADER_CHARACTERS) return { [CARRIED_ACCEPT]: text };
  const message = `Cannot carry the Accept as it has ${text.length} characters: at most ${MAX_ACCEPT_HEADER_CHARACTERS} are read`;
  throw new VStackError("too-large", message);
}

/**
 * An answer to entries, checked against them: also the `vote` of a PUT goes through this.
 *
 * @throws VStackError `bad-answer` when the replies do not fit the entries
 */
export function checkedAnswer(
  { nodeId }: AcceptorTarget,
  entries: readonly Entry<ChunkRecord>[],
  answer: EntriesAnswer<ChunkRecord>,
): EntriesAnswer<ChunkRecord> {
  if (answer.say !== "answered") return answer;
  const { replies } = answer;
  const fits = replies.length === entries.length && entries.every(({ ask }, at) => isReplyTo(ask, replies[at]));
  if (fits) return answer;
  throw new VStackError("bad-answer", `Cannot count the votes of ${nodeId} as they do not fit what it was asked`);
}

/** What an acceptor may say to each question besides `rejected`, which a reading is never told. */
const GOOD_REPLIES: Readonly<Record<Entry<never>["ask"], Reply<never>["say"]>> = {
  read: "state",
  prepare: "promised",
  accept: "accepted",
  install: "installed",
};

function isReplyTo(ask: Entry<never>["ask"], reply: Reply<ChunkRecord> | undefined): boolean {
  return reply?.say === GOOD_REPLIES[ask] || (reply?.say === "rejected" && ask !== "read");
}

function checkPage(
  { nodeId }: AcceptorTarget,
  after: string,
  { states, isLast }: { readonly states: readonly { readonly key: string }[]; readonly isLast: boolean },
): void {
  const keys = [after, ...states.map(({ key }) => key)];
  const isAscending = keys.every((key, at) => at === 0 || key > (keys[at - 1] ?? ""));
  if (isAscending && (isLast || states.length > 0)) return;
  throw new VStackError(
    "bad-answer",
    `Cannot use the page of ${nodeId} as its keys are not in order behind "${after}"`,
  );
}

async function post<Schema extends v.GenericSchema>(
  target: AcceptorTarget,
  path: string,
  schema: Schema,
  { body, asking }: { readonly body: string; readonly asking: Asking },
): Promise<v.InferOutput<Schema>> {
  const { headers, ...options } = await askOptions(target, { deadlineMs: VOTE_DEADLINE_MS, ...asking });
  return await askJson(`${target.url}${path}`, schema, {
    ...options,
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body,
  });
}

async function throughStream(
  { nodeId, url }: AcceptorTarget,
  text: string,
  { stream, mint, signal, deadlineMs = VOTE_DEADLINE_MS }: Asking,
): Promise<EntriesAnswer<ChunkRecord> | null> {
  if (stream === undefined || signal.aborted) return null;
  const capability = await mint({ method: "VOTE", subject: nodeId });
  const path = `${url}${ROUTES.consensusStream}`;
  const answer = await stream(path, { text, capability, deadlineMs });
  return answer === null ? null : readAnswer(path, EntriesAnswerSchema, answer, MAX_CONSENSUS_BYTES);
}

/** Texts of what goes to several acceptors as it is. */
const texts = new WeakMap<object, string>();

function textOf(one: object): string {
  const known = texts.get(one);
  if (known !== undefined) return known;
  const text = JSON.stringify(one);
  texts.set(one, text);
  return text;
}

/** JSON of a request. Its members and each entry are the same objects for every acceptor, and written once. */
function requestText({ config, incarnation, entries, grants }: GrantedRequest): string {
  const rest = `"incarnation":${JSON.stringify(incarnation)},"entries":[${entries.map(textOf).join(",")}]`;
  return `{"config":${textOf(config)},${rest},"grants":${JSON.stringify(grants)}}`;
}

async function askOptions({ nodeId }: AcceptorTarget, { mint, ...asking }: Asking) {
  const capability = await mint({ method: "VOTE", subject: nodeId });
  return {
    deadlineMs: PAGE_DEADLINE_MS,
    ...asking,
    headers: { authorization: `Bearer ${capability}` },
    maxCharacters: MAX_CONSENSUS_BYTES,
  };
}
