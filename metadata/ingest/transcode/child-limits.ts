/** What a program that reads an uploaded file may use. An uploaded file is hostile input, and so is whatever decodes it. */

export interface ChildLimits {
  /** Running time, without the time in which we do not take its output. Milliseconds. */
  readonly wallMs: number;
  /** Time without a sign of life, counted in the same way. Milliseconds. */
  readonly silentMs: number;
  /** Memory in use. Bytes. */
  readonly residentBytes: number;
  /** Everything that it writes to its pipes. Bytes. */
  readonly outputBytes: number;
}

/** Why we ended a child before it ended itself. */
export type Overrun = "time" | "silence" | "memory" | "output";

/** What a child has used up so far. */
export interface ChildUse {
  readonly runMs: number;
  readonly silentMs: number;
  readonly residentBytes: number;
  readonly outputBytes: number;
}

/** The first limit that is passed; null while all are kept. */
export function overrunOf(use: ChildUse, limits: ChildLimits): Overrun | null {
  if (use.outputBytes > limits.outputBytes) return "output";
  if (use.residentBytes > limits.residentBytes) return "memory";
  if (use.runMs > limits.wallMs) return "time";
  return use.silentMs > limits.silentMs ? "silence" : null;
}
