/** What a failed request of a send means: that it will pass, or that it will not and what would help. Pure. */
import * as v from "valibot";
import { ProblemSchema, problemCode } from "#wire/contract/problem.ts";
import type { Failure } from "./queue-item.ts";

/** What came back. */
export interface FailedAnswer {
  /** 0 when no answer came. */
  readonly status: number;
  readonly body: string;
  /** Whether the upload exists at the server already. */
  readonly isCreated: boolean;
}

export type SendOutcome =
  | { readonly is: "passing"; readonly why: string }
  | { readonly is: "rejected"; readonly failure: Failure };

export function outcomeOf({ status, body, isCreated }: FailedAnswer): SendOutcome {
  const { message, code } = saidIn(body);
  if (status === 0) return { is: "passing", why: "The connection broke" };
  if (status === 429) return { is: "passing", why: message ?? "The server has too much to do" };
  // The server's lock of a request that it does not know to be dead yet, or an offset that the next HEAD puts right.
  if (isCreated && (status === 409 || status === 412 || status === 423)) {
    return { is: "passing", why: "The server still holds the broken connection" };
  }
  if (status === 507) {
    return rejected(message ?? "The server's disk is full", "Free some space there, then try again", "on");
  }
  if (status >= 500) return { is: "passing", why: message ?? `The server answered ${status}` };
  if (isCreated && (status === 403 || status === 404 || status === 410)) {
    return rejected("The server no longer knows this upload", "It was cancelled, or was left alone for a day", "start");
  }
  const isFinal = code === "unsupported-media" || code === "too-large";
  return rejected(message ?? `The server refused it with status ${status}`, null, isFinal ? "none" : "start");
}

function rejected(message: string, advice: string | null, again: Failure["again"]): SendOutcome {
  return { is: "rejected", failure: { message, advice, again } };
}

function saidIn(body: string): { readonly message: string | undefined; readonly code: string | undefined } {
  try {
    const problem = v.safeParse(ProblemSchema, JSON.parse(body));
    if (problem.success) {
      return { message: problem.output.detail ?? problem.output.title, code: problemCode(problem.output.type) };
    }
  } catch {
    // A proxy's page or an empty body says nothing that helps.
  }
  return { message: undefined, code: undefined };
}
