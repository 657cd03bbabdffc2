/** A log as lines for people: step, time, kind, words, and the event that caused it. */
import type { SimulationEvent } from "./events.ts";

/**
 * One aligned line per event: its number, the step, the virtual time in ms, what kind it is, the words, and `<-` with the
 * number of the event that made it happen.
 */
export function transcriptOf(events: readonly SimulationEvent[]): readonly string[] {
  return events.map((event) => {
    const head = `${String(event.index).padStart(5)} ${event.atMs.toFixed(2).padStart(8)} ms  ${event.kind.padEnd(12)}`;
    return `${head} ${event.text}${event.cause === null ? "" : `  <- ${event.cause}`}`;
  });
}
