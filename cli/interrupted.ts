/** Ctrl-C as a signal: commands give up cleanly instead of being cut. */

/** Fires at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}
