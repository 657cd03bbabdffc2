/**
 * A clean end: SIGINT and SIGTERM run the closers in order, once; a second SIGINT, or ten seconds, end at once. A second SIGTERM
 * changes nothing: Ctrl-C and service managers reach a whole group of processes, and then our parent tells us once more.
 */
import type { Log } from "./log.ts";

/** Closers get this long together. */
const SHUTDOWN_MS = 10_000;

/**
 * Installs the signal handlers. When the process was started with an IPC channel (by `vstack up`), losing that channel
 * means that the parent died: the role then stops as well.
 *
 * @param close stops the role; afterwards the process ends with code 0 (1 when closing failed)
 */
export function stopOnSignals(log: Log, close: () => Promise<void>): void {
  let stopping = false;
  const stop = (reason: string) => {
    if (stopping) {
      if (reason === "SIGINT") process.exit(1);
      return;
    }
    stopping = true;
    log.info({ reason }, "stopping");
    setTimeout(() => {
      log.error({}, "Cannot stop in time: leaving");
      process.exit(1);
    }, SHUTDOWN_MS).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "Cannot stop cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", () => {
    stop("SIGINT");
  });
  process.on("SIGTERM", () => {
    stop("SIGTERM");
  });
  if (process.channel !== undefined)
    process.on("disconnect", () => {
      stop("disconnect");
    });
}
