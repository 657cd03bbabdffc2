/**
 * The one error class that crosses rooms. Operating errors (a node is down, a digest is wrong) are expected: they carry
 * a literal code that a caller can act on, a message for people, and the cause.
 */

/** Every code that we throw. A code is part of the contract: it becomes the `type` of a problem on HTTP. */
export type ErrorCode =
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "method-not-allowed"
  | "conflict"
  | "gone"
  | "too-large"
  | "unsupported-media"
  | "range-not-satisfiable"
  | "digest-mismatch"
  | "too-many-requests"
  | "storage-full"
  | "not-ready"
  | "unavailable"
  | "timeout"
  | "aborted"
  | "unreachable"
  | "bad-answer"
  | "corrupt"
  | "internal";

/**
 * @param code what kind of failure, for programs
 * @param message upper case first, no full stop: the failed action, then the state and the wanted state
 */
export class VStackError extends Error {
  override readonly name = "VStackError";
  readonly code: ErrorCode;
  /** Members for the problem document, for example `nodeId` or `chunkHash`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The error's code, or "internal" when it is none of ours. */
export function errorCode(error: unknown): ErrorCode {
  return error instanceof VStackError ? error.code : "internal";
}
