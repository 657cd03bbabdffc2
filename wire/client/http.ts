/**
 * The only `fetch` of the project: every request has a deadline and a signal, every failure becomes a typed error, every
 * problem document (RFC 9457) becomes the error that the other side threw.
 */
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_JSON_BYTES } from "#wire/contract/limits.ts";
import { PROBLEM_MEDIA_TYPE, ProblemSchema, problemCode } from "#wire/contract/problem.ts";
import { deadlineSignal } from "./deadline.ts";
import type { Limit } from "./limit.ts";
import { beginLimit } from "./limit.ts";

/** Default deadline of a small request, to headers and body together. */
const DEFAULT_DEADLINE_MS = 10_000;

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly signal: AbortSignal;
  /** Until the headers are there; the body then lives under `signal` and the same deadline. */
  readonly deadlineMs?: number;
  /** Longest JSON that is read, in characters; {@link MAX_JSON_BYTES} unless given. */
  readonly maxCharacters?: number;
  /** The platform's unless given. */
  readonly fetch?: FetchPort;
}

/** A request that may be started; the seam where tests and the simulator put their own network. */
export type FetchPort = (url: string, init: RequestInit) => Promise<Response>;

/** The platform's fetch, bound so that it may be passed as a value. */
export const liveFetch: FetchPort = (url, init) => fetch(url, init);

/**
 * Asks, and answers only when the status is 2xx.
 *
 * @throws VStackError `timeout` after the deadline, `aborted` by the signal, `unreachable` when there is no connection,
 *   or the code of the problem document that came back (`bad-answer` when it is none of ours)
 */
export async function ask(url: string, options: AskOptions): Promise<Response> {
  const { signal, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const deadline = deadlineSignal(deadlineMs);
  const limit = { either: AbortSignal.any([signal, deadline]), isLate: () => deadline.aborted };
  return await askWithin(url, { ...options, deadlineMs }, limit);
}

async function askWithin(url: string, options: AskOptions, { either, isLate }: Limit): Promise<Response> {
  const { method = "GET", headers = {}, body, signal, deadlineMs = DEFAULT_DEADLINE_MS, fetch = liveFetch } = options;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      cache: "no-store",
      credentials: "omit",
      signal: either,
      ...(body === undefined ? {} : { body }),
    });
  } catch (cause) {
    throw requestError({ url, method, signal, isLate: isLate(), deadlineMs, cause });
  }
  if (!response.ok) throw await answeredError(url, method, response);
  return response;
}

/**
 * Asks for JSON and checks its shape.
 *
 * @throws VStackError as {@link ask}; `bad-answer` when the body is too long, no JSON or of another shape
 */
export async function askJson<Schema extends v.GenericSchema>(
  url: string,
  schema: Schema,
  options: AskOptions,
): Promise<v.InferOutput<Schema>> {
  const limit = beginLimit(options.signal, options.deadlineMs ?? DEFAULT_DEADLINE_MS);
  try {
    return await readJson(url, schema, { options, response: await askWithin(url, options, limit) });
  } finally {
    limit.end();
  }
}

async function readJson<Schema extends v.GenericSchema>(
  url: string,
  schema: Schema,
  { options, response }: { readonly options: AskOptions; readonly response: Response },
): Promise<v.InferOutput<Schema>> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw noJson(url, cause);
  }
  return parseAnswer(url, schema, text, options.maxCharacters ?? MAX_JSON_BYTES);
}

/** An answer that came another way than by `fetch`. */
export interface AnswerText {
  /** As of an answer of HTTP. */
  readonly status: number;
  readonly text: string;
}

/**
 * Reads such an answer as {@link askJson} reads others.
 *
 * @throws VStackError with the code of the problem document when the status is not 2xx; `bad-answer` as {@link askJson}
 */
export function readAnswer<Schema extends v.GenericSchema>(
  url: string,
  schema: Schema,
  { status, text }: AnswerText,
  maxCharacters: number,
): v.InferOutput<Schema> {
  if (status >= 200 && status < 300) return parseAnswer(url, schema, text, maxCharacters);
  const message = `Cannot ask ${url} as the server answered ${status}`;
  throw problemError(text, url) ?? new VStackError("bad-answer", message, { details: { status, url } });
}

function parseAnswer<Schema extends v.GenericSchema>(
  url: string,
  schema: Schema,
  text: string,
  maxCharacters: number,
): v.InferOutput<Schema> {
  let parsed: v.SafeParseResult<Schema>;
  try {
    if (text.length > maxCharacters) throw new RangeError(`The body has ${text.length} characters`);
    parsed = v.safeParse(schema, JSON.parse(text));
  } catch (cause) {
    throw noJson(url, cause);
  }
  if (parsed.success) return parsed.output;
  const pointer = v.getDotPath(parsed.issues[0]) ?? "";
  throw new VStackError(
    "bad-answer",
    `Cannot use the answer of ${url} as "${pointer}" is wrong: ${parsed.issues[0].message}`,
  );
}

function noJson(url: string, cause: unknown): VStackError {
  return new VStackError("bad-answer", `Cannot read the answer of ${url} as it is no JSON within the limit`, { cause });
}

interface FailedRequest {
  readonly url: string;
  readonly method: string;
  readonly signal: AbortSignal;
  readonly isLate: boolean;
  readonly deadlineMs: number;
  readonly cause: unknown;
}

function requestError({ url, method, signal, isLate, deadlineMs, cause }: FailedRequest): VStackError {
  if (signal.aborted) return new VStackError("aborted", `Gave up ${method} ${url}`, { cause });
  if (isLate) {
    return new VStackError("timeout", `Cannot ${method} ${url} as no answer came within ${deadlineMs} ms`, { cause });
  }
  return new VStackError("unreachable", `Cannot ${method} ${url} as the server cannot be reached`, { cause });
}

/** The error that an answer outside 2xx stands for. */
async function answeredError(url: string, method: string, response: Response): Promise<VStackError> {
  const fallback = `Cannot ${method} ${url} as the server answered ${response.status}`;
  const type = response.headers.get("content-type") ?? "";
  const text = await response.text().catch(() => "");
  const problem = type.startsWith(PROBLEM_MEDIA_TYPE) ? problemError(text, url) : undefined;
  if (problem !== undefined) return problem;
  return new VStackError(response.status === 404 ? "not-found" : "bad-answer", fallback, {
    details: { status: response.status, url },
  });
}

/** The error that a problem document tells of. */
function problemError(text: string, url: string): VStackError | undefined {
  const problem = v.safeParse(ProblemSchema, safeJson(text));
  if (!problem.success) return undefined;
  const { type, detail, title } = problem.output;
  return new VStackError(problemCode(type) ?? "bad-answer", detail ?? title, { details: { ...problem.output, url } });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
