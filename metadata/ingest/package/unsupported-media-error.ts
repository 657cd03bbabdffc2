/**
 * Why a source file is refused, in words for the person who uploaded it. Every refusal of this folder is this error;
 * anything else that leaves it (a missing file, a full disk, an abort) is not about the media.
 */

/** The reasons a source is refused; stable, so that a caller may branch on them and the wire may carry them. */
export type UnsupportedMediaCode =
  | "not-media"
  | "unsupported-container"
  | "unsupported-codec"
  | "keyframes-too-far-apart"
  | "segment-too-large"
  | "damaged"
  | "renditions-not-aligned"
  | "reencoding-failed";

/** What a refusal must tell: `advice` is one or two sentences that say what would make the upload succeed. */
export interface Refusal {
  readonly code: UnsupportedMediaCode;
  readonly message: string;
  readonly advice: string;
  readonly cause?: unknown;
}

/** Thrown when a source cannot become segments as it is. `message` says what was found, `advice` what would help. */
export class UnsupportedMediaError extends Error {
  override readonly name = "UnsupportedMediaError";
  readonly code: UnsupportedMediaCode;
  readonly advice: string;

  constructor(refusal: Refusal) {
    super(refusal.message, refusal.cause === undefined ? undefined : { cause: refusal.cause });
    this.code = refusal.code;
    this.advice = refusal.advice;
  }
}
