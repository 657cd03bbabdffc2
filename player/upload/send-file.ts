/** Sends one file by tus (tus-js-client) to this page's own server. One run; what follows a failure is the queue's to say. */
import { DetailedError, Upload } from "tus-js-client";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import type { QueueItem } from "./queue-item.ts";
import type { SendOutcome } from "./send-outcome.ts";
import { outcomeOf } from "./send-outcome.ts";

/** One request carries so much: proxies limit bodies, and a request that ends is an offset that is certain. */
const PIECE_BYTES = 16 * 1024 * 1024;

export interface SendEvents {
  readonly onCreated: (uploadId: string) => void;
  readonly onProgress: (sentBytes: number) => void;
  readonly onSent: () => void;
  readonly onFailed: (outcome: SendOutcome) => void;
}

export interface Sending {
  /**
   * Stops; nothing is reported any more, but for the creation if it was under way: it is let finish, so that no upload
   * is left at the server that nobody knows.
   *
   * @returns the server's name of the upload, undefined when it has none
   */
  stop(): Promise<string | undefined>;
}

/** @param item with an `uploadId` goes on at the server's offset */
export function sendFile(file: Blob, item: QueueItem, events: SendEvents): Sending {
  let isStopped = false;
  let created: (uploadId: string | undefined) => void = () => undefined;
  const creation = new Promise<string | undefined>((resolve) => {
    created = resolve;
  });
  const report = (tell: () => void) => {
    if (!isStopped) tell();
  };
  const upload = new Upload(file, {
    ...(item.uploadId === null
      ? { endpoint: `${location.origin}${ROUTES.uploads}` }
      : { uploadUrl: `${location.origin}${PATHS.upload(item.uploadId)}` }),
    chunkSize: PIECE_BYTES,
    metadata: metadataOf(item),
    // The queue waits and tries again, and remembers: both must outlive this run.
    retryDelays: null,
    storeFingerprintForResuming: false,
    onUploadUrlAvailable: () => {
      const uploadId = uploadIdOf(upload.url);
      // Without an endpoint a later HEAD that fails is an error, not a reason to create a second upload.
      upload.options.endpoint = null;
      created(uploadId);
      if (uploadId !== undefined) events.onCreated(uploadId);
      if (isStopped) void upload.abort();
    },
    onProgress: (sentBytes) => report(() => events.onProgress(sentBytes)),
    onSuccess: () => report(events.onSent),
    onError: (error) => {
      created(undefined);
      report(() => events.onFailed(outcomeOf({ ...answerOf(error), isCreated: upload.url !== null })));
    },
  });
  upload.start();
  return {
    async stop() {
      isStopped = true;
      if (upload.url !== null || item.uploadId !== null) {
        await upload.abort();
        return uploadIdOf(upload.url) ?? item.uploadId ?? undefined;
      }
      return await creation;
    },
  };
}

function metadataOf({ fileName, title, group }: QueueItem): Record<string, string> {
  const groupWords = group === null ? {} : { group: group.id, groupSize: String(group.size) };
  return { filename: fileName, title, ...groupWords };
}

function uploadIdOf(url: string | null): string | undefined {
  const last = url?.split("/").at(-1);
  return last === undefined || last === "" ? undefined : decodeURIComponent(last);
}

function answerOf(error: Error): { readonly status: number; readonly body: string } {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  return response === null ? { status: 0, body: "" } : { status: response.getStatus(), body: response.getBody() };
}
