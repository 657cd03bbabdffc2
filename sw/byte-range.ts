/**
 * A single `Range: bytes=...` of a request (RFC 9110 section 14.1.2), and cutting a stream of bytes to it. Several ranges
 * at once, other units and malformed ones are ignored, as the RFC allows: the answer is then the whole.
 */

/** Half-open range [start, end). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * @param header the `Range` header, or null
 * @param sizeBytes size of the whole, >= 0
 * @returns the range cut to the size; "whole" when there is none to honour; "unsatisfiable" when it starts behind the end
 */
export function parseByteRange(header: string | null, sizeBytes: number): ByteRange | "whole" | "unsatisfiable" {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "") {
    if (last === "") return "whole";
    const suffixBytes = Number(last);
    return suffixBytes === 0 || sizeBytes === 0
      ? "unsatisfiable"
      : { start: Math.max(0, sizeBytes - suffixBytes), end: sizeBytes };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return "whole";
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}

/** The bytes of `block`, which begins at `offset` of the whole, that lie in `range`; undefined when none do. */
export function cutToRange(
  block: Uint8Array<ArrayBuffer>,
  offset: number,
  range: ByteRange,
): Uint8Array<ArrayBuffer> | undefined {
  const from = Math.max(0, range.start - offset);
  const to = Math.min(block.length, range.end - offset);
  return from < to ? block.subarray(from, to) : undefined;
}
