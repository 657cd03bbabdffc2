/**
 * Reads what `ffmpeg -progress` says: blocks of `key=value` lines, twice a second, whether anything has happened or not. How far
 * a video is is told by what is stored of it; here only that ffmpeg gets on is of interest.
 */

/** The line that tells the time of the last packet written. Microseconds; `N/A` before the first. */
const OUT_TIME = /^out_time_us=(\d+)$/;
/** A line is short; what is longer is no progress. */
const MAX_LINE_CHARACTERS = 1000;

/** @param onAdvance called whenever the output has become longer */
export async function followProgress(
  output: AsyncIterable<Uint8Array> | undefined,
  onAdvance: () => void,
): Promise<void> {
  if (output === undefined) return;
  const decoder = new TextDecoder();
  let pending = "";
  let furthestUs = 0;
  for await (const part of output) {
    const lines = `${pending}${decoder.decode(part, { stream: true })}`.split("\n");
    pending = (lines.pop() ?? "").slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) {
      const outUs = Number(OUT_TIME.exec(line.trim())?.[1] ?? 0);
      if (outUs <= furthestUs) continue;
      furthestUs = outUs;
      onAdvance();
    }
  }
}
