/** The server's list of uploads, asked for as often as it may change and not while nobody looks. */
import { liveClock } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { UploadList } from "#wire/contract/upload-api.ts";

export type ListedUpload = UploadList["uploads"][number];

/** While something is under way. */
const BUSY_ASK_MS = 1500;
const IDLE_ASK_MS = 10_000;

/**
 * Calls back with each list until `signal`; a list that cannot be had is left out, the next one may be.
 *
 * @returns asks again at once, after a change made from here
 */
export function watchUploads(onList: (uploads: readonly ListedUpload[]) => void, signal: AbortSignal): () => void {
  let wake = new AbortController();
  const run = async () => {
    while (!signal.aborted) {
      // Before the question: a change that comes while it is under way is not in its answer.
      wake = new AbortController();
      const delayMs = document.hidden ? IDLE_ASK_MS : await ask(onList, signal);
      await liveClock.sleep(delayMs, AbortSignal.any([signal, wake.signal]));
    }
  };
  document.addEventListener("visibilitychange", () => wake.abort(), { signal });
  void run();
  return () => wake.abort();
}

async function ask(onList: (uploads: readonly ListedUpload[]) => void, signal: AbortSignal): Promise<number> {
  try {
    const { uploads } = await metadataClient("").listUploads(signal);
    onList(uploads);
    return uploads.some(({ phase }) => phase !== "failed") ? BUSY_ASK_MS : IDLE_ASK_MS;
  } catch {
    return IDLE_ASK_MS;
  }
}
