/** Cuts a stream of bytes into lines. */
import { VStackError } from "#wire/contract/errors.ts";

const LINE_FEED = 0x0a;

export class LineReader {
  readonly #maxBytes: number;
  /** The beginning of a line whose end has not come. */
  #parts: Buffer[] = [];
  #partBytes = 0;

  /** @param maxBytes of a line; whoever sends a longer one is cut off */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @returns the lines that end in this part, without their line feeds
   * @throws VStackError `too-large`
   */
  push(part: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = part.indexOf(LINE_FEED); end >= 0; end = part.indexOf(LINE_FEED, start)) {
      this.#mustFit(end - start);
      lines.push(this.#lineWith(part, start, end));
      start = end + 1;
    }
    if (start < part.length) {
      this.#mustFit(part.length - start);
      this.#parts.push(part.subarray(start));
      this.#partBytes += part.length - start;
    }
    return lines;
  }

  #lineWith(part: Buffer, start: number, end: number): string {
    if (this.#parts.length === 0) return part.toString("utf8", start, end);
    const line = Buffer.concat([...this.#parts, part.subarray(start, end)]).toString("utf8");
    this.#parts = [];
    this.#partBytes = 0;
    return line;
  }

  #mustFit(moreBytes: number): void {
    if (this.#partBytes + moreBytes <= this.#maxBytes) return;
    throw new VStackError("too-large", `Cannot read a line of more than ${this.#maxBytes} bytes`);
  }
}
