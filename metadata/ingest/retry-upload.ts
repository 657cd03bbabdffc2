/**
 * Failed uploads that may be begun again: the cause was passing, and the received file was kept for it. Media that cannot be
 * stored stays refused, and its file is deleted with the refusal.
 */
import { VStackError } from "#wire/contract/errors.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { Upload, UploadFailure, UploadStore } from "./upload-store.ts";

/** Received files of failed uploads are kept for so long: a night and a working day to repair a node or free a disk. */
export const KEPT_MS = 24 * 3_600_000;

/** Lost nodes, full disks, and what nobody foresaw. The others would end the same way again. */
const PASSING_CODES: readonly string[] = ["unavailable", "storage-full", "timeout", "unreachable", "internal"];

export function isPassing({ code }: UploadFailure): boolean {
  return PASSING_CODES.includes(code);
}

/** Whether a retry of the upload's video can help. */
export async function canRetry(
  upload: Upload,
  { uploads, files }: { uploads: Pick<UploadStore, "byVideo">; files: Pick<UploadFiles, "facts"> },
): Promise<boolean> {
  if (upload.phase !== "failed" || upload.failure === null || !isPassing(upload.failure)) return false;
  for (const { id, sizeBytes } of await uploads.byVideo(upload.videoId)) {
    if ((await files.facts(id))?.sizeBytes !== sizeBytes) return false;
  }
  return true;
}

/** @throws VStackError `conflict` saying why the upload cannot be begun again */
export async function requireRetry(upload: Upload, ports: Parameters<typeof canRetry>[1]): Promise<void> {
  if (await canRetry(upload, ports)) return;
  const { fileName, phase, failure } = upload;
  if (phase !== "failed" || failure === null) {
    throw new VStackError("conflict", `Cannot begin "${fileName}" again as it has not failed: it is ${phase}`);
  }
  const why = isPassing(failure)
    ? "its file is no longer kept: upload it again"
    : `it would fail again: ${failure.message}`;
  throw new VStackError("conflict", `Cannot begin "${fileName}" again as ${why}`);
}
