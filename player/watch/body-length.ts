/**
 * Whether a body is as long as it was said to be. Browsers accept a stream of a worker that ended early as a complete
 * answer, status 200, even against its Content-Length (measured in Chromium and Firefox); hls.js does not look either.
 */

export interface BodyLength {
  readonly receivedBytes: number;
  /** The Content-Length header, null when there is none. */
  readonly contentLength: string | null;
  /** What the worker said it delivered, undefined when it said nothing. */
  readonly deliveredBytes: number | undefined;
}

/** What is wrong with the length, in words; undefined when nothing is, or when nothing was announced. */
export function bodyLengthFault({ receivedBytes, contentLength, deliveredBytes }: BodyLength): string | undefined {
  const declared = contentLength !== null && /^\d{1,15}$/.test(contentLength) ? Number(contentLength) : undefined;
  for (const expected of [declared, deliveredBytes]) {
    if (expected !== undefined && expected !== receivedBytes) {
      return `Cannot use the segment as it should have ${expected} bytes: ${receivedBytes} came`;
    }
  }
  return undefined;
}
