/**
 * The `Range` header (RFC 9110 section 14.2), one range of bytes: `bytes=a-b`, `bytes=a-`, `bytes=-n`. What is no such thing
 * (another unit, several ranges, wrong syntax) is ignored, as the RFC allows, and the whole chunk is answered.
 */

export type ByteRange =
  | { readonly answer: "whole" }
  /** Half-open: [start, end). */
  | { readonly answer: "part"; readonly start: number; readonly end: number }
  | { readonly answer: "unsatisfiable" };

const WHOLE: ByteRange = { answer: "whole" };
const UNSATISFIABLE: ByteRange = { answer: "unsatisfiable" };
/** Longer numbers are beyond any chunk, and beyond exact arithmetic. */
const SINGLE_RANGE = /^bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*$/i;

/** @param sizeBytes of the chunk, >= 0 */
export function parseByteRange(header: string | undefined, sizeBytes: number): ByteRange {
  const match = header === undefined ? null : SINGLE_RANGE.exec(header);
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return WHOLE;
  if (first === "") {
    const suffixBytes = Math.min(Number(last), sizeBytes);
    return suffixBytes === 0 ? UNSATISFIABLE : { answer: "part", start: sizeBytes - suffixBytes, end: sizeBytes };
  }
  const start = Number(first);
  // A last byte before the first is wrong syntax and not an empty range (section 14.1.2).
  if (last !== "" && Number(last) < start) return WHOLE;
  if (start >= sizeBytes) return UNSATISFIABLE;
  return { answer: "part", start, end: last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}
