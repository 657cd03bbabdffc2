/** `vstack repair` and `vstack scrub`: begin, and watch until it is done. */
import { liveClock } from "#wire/client/live-clock.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import type { Queue } from "#wire/contract/redundancy-schemas.ts";
import { interrupted } from "../interrupted.ts";
import { bytesText, durationText, printJson, printLine, startProgress } from "../print.ts";

const POLL_MS = 500;
/** What was begun may not be seen in the first answers; after so many without anything there was nothing to do. */
const QUIET_POLLS = 4;

export interface RedundancyOptions {
  readonly url: string;
  readonly json: boolean;
  /** Watch until it is done. */
  readonly wait: boolean;
}

type Work = "repair" | "scrub";

/** Begins it, unless it is under way. @returns the exit code: 1 when something could not be repaired, or was found wrong */
export async function runRedundancyWork(what: Work, { url, json, wait }: RedundancyOptions): Promise<number> {
  const client = redundancyClient(url);
  const signal = interrupted();
  const { started, queue } = await client.start(what, signal);
  if (!wait) {
    if (json) printJson({ started, [what]: queue[what] });
    else printLine(started ? `The ${what} has begun: "vstack ${what}" watches it` : `A ${what} is under way`);
    return 0;
  }
  const progress = startProgress({ quiet: json });
  let now = queue;
  for (let quiet = 0; quiet < QUIET_POLLS; ) {
    quiet = now[what].isRunning ? 0 : quiet + 1;
    if (isDone(now, what, queue)) break;
    const { label, ratio, detail } = LOOKS[what](now);
    progress.show(label, ratio, detail);
    await liveClock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
    now = await client.queue(signal);
  }
  progress.end();
  if (json) printJson({ started, [what]: now[what] });
  else printLine(ENDINGS[what](now));
  return what === "repair" ? Number(now.repair.failed > 0) : Number(now.scrub.corrupt + now.scrub.missing > 0);
}

/** Ended since it was begun: the time of its end is another. */
function isDone(now: Queue, what: Work, before: Queue): boolean {
  if (now[what].isRunning) return false;
  return what === "repair"
    ? now.repair.endedAtSeconds !== before.repair.endedAtSeconds
    : now.scrub.completedAtSeconds !== before.scrub.completedAtSeconds;
}

interface Look {
  readonly label: string;
  readonly ratio: number;
  readonly detail: string;
}

const LOOKS: Readonly<Record<Work, (queue: Queue) => Look>> = {
  repair: ({ repair: { bytesDone, bytesLeft, chunksDone, chunksLeft, bytesPerSecond } }) => ({
    label: "Repairing",
    ratio: share(bytesDone, bytesDone + bytesLeft),
    detail: `${chunksDone} chunks done, ${chunksLeft} left, ${rateText(bytesPerSecond)}`,
  }),
  scrub: ({ scrub: { piecesChecked, piecesTotal, bytesChecked, bytesTotal, bytesPerSecond, corrupt, missing } }) => ({
    label: "Scrubbing",
    ratio: share(bytesChecked, bytesTotal),
    detail: `${piecesChecked} of ${piecesTotal} pieces, ${rateText(bytesPerSecond)}, ${corrupt} corrupt, ${missing} missing`,
  }),
};

const ENDINGS: Readonly<Record<Work, (queue: Queue) => string>> = {
  repair: ({ repair: { chunksDone, bytesDone, chunksLeft, failed, startedAtSeconds, endedAtSeconds } }) => {
    const waits = chunksLeft === 0 ? "" : `, ${chunksLeft} wait`;
    if (chunksDone + failed === 0) return `Nothing to repair now${waits}`;
    const took = tookText(startedAtSeconds, endedAtSeconds);
    return `${chunksDone} chunks repaired, ${bytesText(bytesDone)}${took}; ${failed} failed${waits}`;
  },
  scrub: ({ scrub: { piecesChecked, bytesChecked, corrupt, missing, startedAtSeconds, completedAtSeconds } }) => {
    const took = tookText(startedAtSeconds, completedAtSeconds);
    return `${piecesChecked} pieces checked, ${bytesText(bytesChecked)}${took}: ${corrupt} corrupt, ${missing} missing`;
  },
};

/** Bytes a second; nothing is known before the first. */
export function rateText(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? "no data" : `${bytesText(Math.round(bytesPerSecond))}/s`;
}

function tookText(fromSeconds: number | null, toSeconds: number | null): string {
  return fromSeconds === null || toSeconds === null ? "" : ` in ${durationText(toSeconds - fromSeconds)}`;
}

function share(done: number, total: number): number {
  return total === 0 ? 0 : done / total;
}
