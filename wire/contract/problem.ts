/**
 * Problem documents (RFC 9457): the body of every answer that is not 2xx or 3xx, media type `application/problem+json`.
 */
import * as v from "valibot";
import type { ErrorCode } from "./errors.ts";

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** Status and title of each error code. Codes that only a client meets (`aborted`, `unreachable`) answer 502 or 499. */
export const PROBLEM_KINDS: Readonly<Record<ErrorCode, { readonly status: number; readonly title: string }>> = {
  "bad-request": { status: 400, title: "The request cannot be understood" },
  unauthorized: { status: 401, title: "A capability is needed" },
  forbidden: { status: 403, title: "The capability does not allow this" },
  "not-found": { status: 404, title: "There is no such thing here" },
  "method-not-allowed": { status: 405, title: "This address does not answer that method" },
  conflict: { status: 409, title: "Somebody else was first" },
  gone: { status: 410, title: "It was here and is no more" },
  "too-large": { status: 413, title: "That is larger than the limit" },
  "unsupported-media": { status: 415, title: "This media cannot be stored" },
  "range-not-satisfiable": { status: 416, title: "The range lies outside the chunk" },
  "digest-mismatch": { status: 422, title: "The bytes do not hash to their name" },
  "too-many-requests": { status: 429, title: "Too many requests at once" },
  aborted: { status: 499, title: "The request was given up" },
  internal: { status: 500, title: "Something unexpected happened" },
  "bad-answer": { status: 502, title: "Another server gave an answer that makes no sense" },
  unreachable: { status: 502, title: "Another server cannot be reached" },
  corrupt: { status: 502, title: "The bytes are not what the record says" },
  "not-ready": { status: 503, title: "Not ready yet" },
  unavailable: { status: 503, title: "Not available now" },
  timeout: { status: 504, title: "It took too long" },
  "storage-full": { status: 507, title: "There is not enough space" },
};

const TYPE_PREFIX = "urn:vstack:problem:";

/** The `type` member of a problem: `urn:vstack:problem:<code>`. */
export function problemType(code: ErrorCode): string {
  return `${TYPE_PREFIX}${code}`;
}

/** The code of a problem's `type`, or undefined when it is not one of ours. */
export function problemCode(type: string): ErrorCode | undefined {
  const code = type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : "";
  return Object.hasOwn(PROBLEM_KINDS, code) ? (code as ErrorCode) : undefined;
}

export const ProblemSchema = v.looseObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.optional(v.string()),
  instance: v.optional(v.string()),
});
export type Problem = v.InferOutput<typeof ProblemSchema>;
