/** What the server says about an upload that it has received: by server-sent events, or by asking now and then. */
import * as v from "valibot";
import { liveClock } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { PATHS } from "#wire/contract/paths.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { UploadStatusSchema } from "#wire/contract/upload-api.ts";

const ASK_EVERY_MS = 1000;
/** A stored video gets the copies that it lacks within seconds or days, as its nodes come back. */
const ASK_MENDED_EVERY_MS = 5000;
/** While the server is away. */
const ASK_AGAIN_MS = 3000;

export interface FollowEvents {
  readonly onStatus: (status: UploadStatus) => void;
  /** No word for now: it is asked again. */
  readonly onSilent: (why: string) => void;
  /** The server does not know the upload (any more). */
  readonly onGone: () => void;
}

/**
 * Follows an upload to its end, the end of its risk included, or to `signal`. Never rejects.
 *
 * @param byEvents whether a connection may be kept open; a broken one is replaced by asking
 */
export async function followUpload(
  uploadId: string,
  byEvents: boolean,
  events: FollowEvents,
  signal: AbortSignal,
): Promise<void> {
  if (byEvents && (await listen(uploadId, events, signal))) return;
  while (!signal.aborted) {
    let delayMs = ASK_EVERY_MS;
    try {
      const status = await metadataClient("").uploadStatus(uploadId, signal);
      if (isStopped(signal)) return;
      events.onStatus(status);
      if (isLast(status)) return;
      if (status.phase === "ready") delayMs = ASK_MENDED_EVERY_MS;
    } catch (error) {
      if (isStopped(signal)) return;
      if (errorCode(error) === "not-found" || errorCode(error) === "gone") {
        events.onGone();
        return;
      }
      delayMs = ASK_AGAIN_MS;
      events.onSilent("The server does not answer");
    }
    await liveClock.sleep(delayMs, signal);
  }
}

/** @returns whether there is no more to tell; false when the connection broke or ended before */
function listen(uploadId: string, events: FollowEvents, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const source = new EventSource(PATHS.uploadEvents(uploadId));
    const end = (wasTold: boolean) => {
      source.close();
      resolve(wasTold);
    };
    signal.addEventListener("abort", () => end(true), { once: true });
    source.addEventListener("error", () => end(false));
    source.addEventListener("status", ({ data }: MessageEvent<unknown>) => {
      const status = parseStatus(data);
      if (status === undefined) {
        end(false);
        return;
      }
      events.onStatus(status);
      // The server closes when the job is over, and an EventSource would connect again.
      if (isOver(status)) end(isLast(status));
    });
  });
}

function parseStatus(data: unknown): UploadStatus | undefined {
  try {
    const parsed = v.safeParse(UploadStatusSchema, JSON.parse(String(data)));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function isOver({ phase }: UploadStatus): boolean {
  return phase === "ready" || phase === "failed" || phase === "cancelled";
}

function isLast(status: UploadStatus): boolean {
  return isOver(status) && (status.phase !== "ready" || status.chunksAtRisk === 0);
}

/** A function, as the compiler would take the value of before the wait for granted. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}
