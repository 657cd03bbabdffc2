/**
 * Uploads one video (one file, or several aligned ones as its renditions) by tus and follows it until it plays. Used by
 * `vstack upload` and by `vstack up` for the demo: one entrance, one pipeline.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, extname, resolve as resolvePath } from "node:path";
import { Upload } from "tus-js-client";
import type { VideoId } from "#core/ids.ts";
import { askJson } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_RENDITIONS, MAX_TITLE_CHARACTERS } from "#wire/contract/limits.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import type { Override } from "#wire/contract/redundancy-schemas.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { UploadStatusSchema } from "#wire/contract/upload-api.ts";
import type { Progress } from "./print.ts";
import { bytesText, durationText } from "./print.ts";
import { resumeFile, resumeStore } from "./resume-store.ts";

/** tus sends pieces of this size: what is sent again at most after a broken connection. */
const PIECE_BYTES = 8 * 1024 * 1024;
/** Pauses before each try to go on, together about a minute: enough for a restart of the server. */
const RETRY_DELAYS_MS = [200, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];
const PASSING_REFUSALS: readonly number[] = [409, 423, 429];
/** A disk that cannot take the file will not grow within a minute. */
const FULL = 507;
const STATUS_POLL_MS = 150;
/** Status questions in a row that may fail, about a minute. */
const MAX_STATUS_FAILURES = 120;
const STATUS_RETRY_MS = 500;

export interface UploadVideoInput {
  readonly url: string;
  readonly files: readonly string[];
  readonly title: string | undefined;
  readonly redundancy: Override;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface UploadedVideo {
  readonly id: VideoId;
  readonly title: string;
  readonly watchUrl: string;
  readonly durationSeconds: number;
  readonly chunksStored: number;
  readonly chunksAtRisk: number;
}

/**
 * @throws VStackError `bad-request` before the first byte when a file cannot be read, the refusal of the server
 *   (`unsupported-media` with advice) when it cannot be stored, `unreachable` when the server stays away
 */
export async function uploadVideo(input: UploadVideoInput): Promise<UploadedVideo> {
  const { files } = input;
  if (files.length === 0 || files.length > MAX_RENDITIONS) {
    throw new VStackError("bad-request", `Cannot upload ${files.length} renditions: 1 to ${MAX_RENDITIONS} are wanted`);
  }
  const sizes = await Promise.all(files.map(sizeOfFile));
  const title = input.title ?? titleOf(files[0] ?? "");
  const group = files.length > 1 ? { group: crypto.randomUUID(), groupSize: String(files.length) } : {};
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  const startedMs = liveClock.nowMs();
  let finishedBytes = 0;
  let uploadId = "";
  for (const [index, path] of files.entries()) {
    const metadata = { filename: basename(path), title, redundancy: input.redundancy, ...group };
    uploadId = await sendFile({ ...input, path, sizeBytes: sizes[index] ?? 0, metadata }, (sentBytes) => {
      const doneBytes = finishedBytes + sentBytes;
      const rate = doneBytes / Math.max(0.001, (liveClock.nowMs() - startedMs) / 1000);
      input.progress.show(`Sending ${title}`, doneBytes / Math.max(1, totalBytes), `${bytesText(rate)}/s`);
    });
    finishedBytes += sizes[index] ?? 0;
  }
  return await followUntilReady(input, uploadId, title);
}

interface FileToSend extends UploadVideoInput {
  readonly path: string;
  readonly sizeBytes: number;
  readonly metadata: Record<string, string>;
}

async function sendFile(file: FileToSend, onSent: (sentBytes: number) => void): Promise<string> {
  const { mtimeMs } = await stat(file.path);
  return await new Promise((resolve, reject) => {
    const upload = new Upload(createReadStream(file.path), {
      endpoint: `${file.url}${ROUTES.uploads}`,
      uploadSize: file.sizeBytes,
      chunkSize: PIECE_BYTES,
      retryDelays: RETRY_DELAYS_MS,
      metadata: file.metadata,
      // Files of a group make a video together: those of a killed program have lost each other.
      storeFingerprintForResuming: !("group" in file.metadata),
      removeFingerprintOnSuccess: true,
      urlStorage: resumeStore(resumeFile(process.env), () => liveClock.wallMs()),
      fingerprint: () =>
        Promise.resolve(JSON.stringify([file.url, resolvePath(file.path), file.sizeBytes, mtimeMs, file.metadata])),
      onShouldRetry: (error) => isPassing(error.originalResponse?.getStatus()),
      onProgress: onSent,
      onSuccess: () => {
        file.signal.removeEventListener("abort", giveUp);
        resolve(uploadIdOf(upload.url));
      },
      onError: (cause) => {
        file.signal.removeEventListener("abort", giveUp);
        reject(uploadError(file, cause));
      },
    });
    const giveUp = () => {
      void upload.abort(true).finally(() => {
        reject(new VStackError("aborted", `Gave up sending "${file.path}"`));
      });
    };
    file.signal.addEventListener("abort", giveUp, { once: true });
    const begin = async () => {
      const [previous] = await upload.findPreviousUploads();
      if (previous !== undefined) upload.resumeFromPreviousUpload(previous);
      if (!file.signal.aborted) upload.start();
    };
    begin().catch(reject);
  });
}

/** No answer, a server that stumbles, and "not now" (409, 423: the upload is still held by the broken connection). */
function isPassing(status: number | undefined): boolean {
  if (status === undefined || status === 0) return true;
  return PASSING_REFUSALS.includes(status) || (status >= 500 && status !== FULL);
}

function uploadError(file: FileToSend, cause: Error): VStackError {
  const body = "originalResponse" in cause ? bodyText(cause.originalResponse) : undefined;
  if (body !== undefined && body !== "") {
    return new VStackError("bad-answer", `Cannot send "${file.path}" as the server refused it: ${body}`, { cause });
  }
  return new VStackError("unreachable", `Cannot send "${file.path}" to ${file.url} as the server cannot be reached`, {
    cause,
  });
}

/** What a refusing server said: the detail of a problem document, or the plain text. */
function bodyText(response: unknown): string | undefined {
  if (typeof response !== "object" || response === null || !("getBody" in response)) return undefined;
  const { getBody } = response;
  if (typeof getBody !== "function") return undefined;
  const text: unknown = getBody.call(response);
  if (typeof text !== "string") return undefined;
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === "object" && problem !== null && "detail" in problem) return String(problem.detail);
  } catch {
    // Not a problem document: the text itself says what is wrong.
  }
  return text.trim();
}

async function followUntilReady(input: UploadVideoInput, uploadId: string, title: string): Promise<UploadedVideo> {
  let failures = 0;
  for (;;) {
    try {
      const status = await askJson(`${input.url}${PATHS.uploadStatus(uploadId)}`, UploadStatusSchema, {
        signal: input.signal,
      });
      failures = 0;
      const video = videoOfStatus(status, input.url, title);
      if (video !== undefined) return video;
      showStatus(input.progress, status, title);
    } catch (error) {
      const passing = error instanceof VStackError && ["unreachable", "timeout", "unavailable"].includes(error.code);
      failures += 1;
      if (!passing || failures > MAX_STATUS_FAILURES) throw error;
    }
    await liveClock.sleep(failures > 0 ? STATUS_RETRY_MS : STATUS_POLL_MS, input.signal);
  }
}

function showStatus(progress: Progress, status: UploadStatus, title: string): void {
  const doneRatio = status.durationSeconds > 0 ? status.storedSeconds / status.durationSeconds : 0;
  const detail = `${durationText(status.storedSeconds)} of ${durationText(status.durationSeconds)}`;
  progress.show(`${PHASE_TEXT[status.phase]} ${title}`, doneRatio, detail);
}

const PHASE_TEXT: Readonly<Record<UploadStatus["phase"], string>> = {
  receiving: "Receiving",
  waiting: "Waiting for its turn:",
  probing: "Looking into",
  packaging: "Storing",
  verifying: "Verifying",
  ready: "Stored",
  failed: "Failed:",
  cancelled: "Cancelled:",
};

/** The finished video, undefined while it is under way. Throws what went wrong. */
function videoOfStatus(status: UploadStatus, url: string, title: string): UploadedVideo | undefined {
  if (status.phase === "cancelled") throw new VStackError("aborted", `The upload of "${title}" was cancelled`);
  if (status.phase === "failed") {
    const { message, advice } = status.failure ?? { message: "the server did not say why", advice: null };
    throw new VStackError("unsupported-media", advice === null ? message : `${message}. ${advice}`, {
      details: { failure: status.failure },
    });
  }
  if (status.phase !== "ready" || status.videoId === null) return undefined;
  return {
    id: status.videoId,
    title: status.title,
    watchUrl: `${url}${PATHS.watch(status.videoId)}`,
    durationSeconds: status.durationSeconds,
    chunksStored: status.chunksStored,
    chunksAtRisk: status.chunksAtRisk,
  };
}

async function sizeOfFile(path: string): Promise<number> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new VStackError("bad-request", `Cannot upload "${path}" as it cannot be read`, { cause });
  });
  if (!facts.isFile()) throw new VStackError("bad-request", `Cannot upload "${path}" as it is no file`);
  if (facts.size === 0) throw new VStackError("bad-request", `Cannot upload "${path}" as it is empty`);
  return facts.size;
}

function titleOf(path: string): string {
  return basename(path, extname(path)).slice(0, MAX_TITLE_CHARACTERS) || "Untitled";
}

function uploadIdOf(url: string | null): string {
  const id = (url ?? "").split("/").at(-1) ?? "";
  if (id === "") throw new VStackError("bad-answer", "Cannot follow the upload as the server named no address for it");
  return id;
}
