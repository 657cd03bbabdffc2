/**
 * "I am here, this full": one report at once and then each second, never two at a time. While the metadata server does not
 * answer, the pauses grow to a few seconds, and the log says so once and not with every beat.
 */
import type { Clock } from "#wire/client/live-clock.ts";
import { HEARTBEAT_INTERVAL_MS } from "#wire/contract/cluster-api.ts";
import type { Log } from "#wire/server/log.ts";

/** A node must not look dead for long after the metadata server is back. */
const MAX_PAUSE_MS = 4_000;
/** One missed beat is a restart or a cluster that stops; the second, a second later, is worth a line. */
const FAILURES_WORTH_SAYING = 2;

export interface HeartbeatPorts {
  /** Sends one report; must end by its own deadline. */
  readonly send: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Beats until the signal fires. */
export async function keepBeating({ send, clock, log }: HeartbeatPorts, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const startedMs = clock.nowMs();
    try {
      await send(signal);
      if (failures > 0) log.info({ failures }, "The metadata server answers again");
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === FAILURES_WORTH_SAYING && !isAborted(signal)) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ reason }, "The metadata server does not take heartbeats");
      }
    }
    const pauseMs = Math.min(MAX_PAUSE_MS, HEARTBEAT_INTERVAL_MS * 2 ** Math.max(0, failures - 1));
    await clock.sleep(pauseMs - (clock.nowMs() - startedMs), signal);
  }
}

/** Read anew: the signal may have fired while we waited, which the compiler cannot know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
