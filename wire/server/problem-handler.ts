/** Turns thrown errors into problem documents (RFC 9457), in one place for both servers. */
import type { Context, ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Problem } from "#wire/contract/problem.ts";
import { PROBLEM_KINDS, PROBLEM_MEDIA_TYPE, problemType } from "#wire/contract/problem.ts";
import type { Log } from "./log.ts";

/** Seconds after which a 429 or 503 may be tried again. */
const RETRY_AFTER_SECONDS = 1;

/** The document of an error: what {@link problemResponse} answers with. */
export function problemOf(error: unknown, instance: string): Problem {
  const known = error instanceof VStackError;
  const code: ErrorCode = known ? error.code : "internal";
  return {
    ...(known ? error.details : {}),
    ...{ type: problemType(code), ...PROBLEM_KINDS[code] },
    ...(known ? { detail: error.message } : {}),
    instance,
  };
}

/**
 * The answer that an error stands for. Unknown errors say nothing about our insides.
 *
 * @param instance path of the request, without its query: a capability may stand there
 * @param extraHeaders what the status asks for besides, for example `Allow` or `Content-Range`
 */
export function problemResponse(
  error: unknown,
  instance: string,
  extraHeaders: Readonly<Record<string, string>> = {},
): Response {
  const body = problemOf(error, instance);
  const { status } = body;
  const headers: Record<string, string> = {
    "content-type": PROBLEM_MEDIA_TYPE,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...extraHeaders,
  };
  if (status === 429 || status === 503) headers["retry-after"] = String(RETRY_AFTER_SECONDS);
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="v-stack"';
  return new Response(JSON.stringify(body), { status, headers });
}

/** For `app.onError`. Logs what is not expected, with its stack. */
export function problemHandler(log: Log): ErrorHandler {
  return (error: unknown, context: Context) => {
    const { method, path } = context.req;
    // Hono's own refusals are the asker's fault by definition of their status; their text is for people already.
    if (error instanceof HTTPException && error.status < 500) {
      return problemResponse(new VStackError("bad-request", error.message, { cause: error }), path);
    }
    if (!(error instanceof VStackError) || error.code === "internal") {
      log.error({ err: error, method, path }, "Request failed unexpectedly");
    }
    return problemResponse(error, path);
  };
}

/** For `app.notFound`. */
export const notFoundHandler: NotFoundHandler = (context) =>
  problemResponse(new VStackError("not-found", `Nothing answers at ${context.req.path}`), context.req.path);
