/**
 * The only `fetch` of the project: every request has a deadline and a signal, every failure becomes a typed error, every
 * problem document (RFC 9457) becomes the error that the other side threw.
 */
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_JSON_BYTES } from "#wire/contract/limits.ts";
import { PROBLEM_MEDIA_TYPE, ProblemSchema, problemCode } from "#wire/contract/problem.ts";

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
  const deadline = AbortSignal.timeout(deadlineMs);
  const limit = { either: AbortSignal.any([signal, deadline]), deadlineMs, isLate: () => deadline.aborted };
  return await askWithin(url, options, limit);
}

/** What ends a request: its signal, or the deadline. */
interface Limit {
  readonly either: AbortSignal;
  readonly deadlineMs: number;
  readonly isLate: () => boolean;
}

async function askWithin(url: string, options: AskOptions, { either, deadlineMs, isLate }: Limit): Promise<Response> {
  const { method = "GET", headers = {}, body, signal, fetch = liveFetch } = options;
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

/**
 * A deadline that is taken away when all is read. `AbortSignal.any` and `AbortSignal.timeout` leave that to the collector, which
 * cost a server that asks a thousand small things a second a tenth of a millisecond each.
 */
function beginLimit(signal: AbortSignal, deadlineMs: number): Limit & { readonly end: () => void } {
  const either = new AbortController();
  let isOver = false;
  const stop = () => {
    either.abort(signal.reason);
  };
  const leave = whenAborted(signal, stop);
  const timer = setTimeout(() => {
    isOver = true;
    either.abort(new DOMException("The deadline is over", "TimeoutError"));
  }, deadlineMs);
  return {
    either: either.signal,
    deadlineMs,
    isLate: () => isOver,
    end: () => {
      clearTimeout(timer);
      leave();
    },
  };
}

const stopsOf = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back at once or once; one listener for everybody, as a signal of a program has many under way. Returns how to leave. */
function whenAborted(signal: AbortSignal, stop: () => void): () => void {
  if (signal.aborted) {
    stop();
    return () => undefined;
  }
  let stops = stopsOf.get(signal);
  if (stops === undefined) {
    const all = new Set<() => void>();
    signal.addEventListener(
      "abort",
      () => {
        for (const each of all) each();
      },
      { once: true },
    );
    stopsOf.set(signal, all);
    stops = all;
  }
  const own = stops;
  own.add(stop);
  return () => {
    own.delete(stop);
  };
}

async function readJson<Schema extends v.GenericSchema>(
  url: string,
  schema: Schema,
  { options, response }: { readonly options: AskOptions; readonly response: Response },
): Promise<v.InferOutput<Schema>> {
  const { maxCharacters = MAX_JSON_BYTES } = options;
  let parsed: v.SafeParseResult<Schema>;
  try {
    const text = await response.text();
    if (text.length > maxCharacters) throw new RangeError(`The body has ${text.length} characters`);
    parsed = v.safeParse(schema, JSON.parse(text));
  } catch (cause) {
    throw new VStackError("bad-answer", `Cannot read the answer of ${url} as it is no JSON within the limit`, {
      cause,
    });
  }
  if (parsed.success) return parsed.output;
  const pointer = v.getDotPath(parsed.issues[0]) ?? "";
  throw new VStackError(
    "bad-answer",
    `Cannot use the answer of ${url} as "${pointer}" is wrong: ${parsed.issues[0].message}`,
  );
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
  if (type.startsWith(PROBLEM_MEDIA_TYPE)) {
    const problem = v.safeParse(ProblemSchema, safeJson(text));
    if (problem.success) {
      const code = problemCode(problem.output.type) ?? "bad-answer";
      return new VStackError(code, problem.output.detail ?? problem.output.title, {
        details: { ...problem.output, url },
      });
    }
  }
  return new VStackError(response.status === 404 ? "not-found" : "bad-answer", fallback, {
    details: { status: response.status, url },
  });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
