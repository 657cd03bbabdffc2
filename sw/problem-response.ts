/** The worker's own refusals, as problem documents like those of the servers (RFC 9457). */
import { errorCode } from "#wire/contract/errors.ts";
import { NO_STORE, SERVED_BY, SERVED_BY_WORKER } from "#wire/contract/headers.ts";
import type { Problem } from "#wire/contract/problem.ts";
import { PROBLEM_KINDS, PROBLEM_MEDIA_TYPE, problemType } from "#wire/contract/problem.ts";

/** @param instance path of the request that failed */
export function problemResponse(
  error: unknown,
  instance: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const code = errorCode(error);
  const { status, title } = PROBLEM_KINDS[code];
  const detail = error instanceof Error ? error.message : String(error);
  const problem: Problem = { type: problemType(code), title, status, detail, instance };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      ...headers,
      "Content-Type": PROBLEM_MEDIA_TYPE,
      "Cache-Control": NO_STORE,
      [SERVED_BY]: SERVED_BY_WORKER,
    },
  });
}
