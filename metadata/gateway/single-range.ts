/** A single byte range of a representation whose size is known (RFC 9110 section 14). */
import { VStackError } from "#wire/contract/errors.ts";

/** Half-open: bytes `start` to `end - 1`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header.
 *
 * @returns undefined when the whole should be sent: no header, another unit, several ranges, or no valid range text, all of
 *   which section 14.2 lets a server ignore
 * @throws VStackError `range-not-satisfiable` when the range begins behind the end
 */
export function parseSingleRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== "" && first !== "" && Number(last) < Number(first)) return undefined;
  if (start < end) return { start, end };
  throw new VStackError("range-not-satisfiable", `Cannot send the range "${header ?? ""}" of ${sizeBytes} bytes`, {
    details: { sizeBytes },
  });
}
