/** A failed job in words for the person who uploaded. */
import { VStackError } from "#wire/contract/errors.ts";
import { UnsupportedMediaError } from "./package/unsupported-media-error.ts";
import type { UploadFailure } from "./upload-store.ts";

export function uploadFailure(error: unknown): UploadFailure {
  if (error instanceof UnsupportedMediaError) return { code: error.code, message: error.message, advice: error.advice };
  if (error instanceof VStackError) return { code: error.code, message: error.message, advice: adviceFor(error) };
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") {
    const message = "Cannot store the video as the disk of the metadata server is full";
    return { code: "storage-full", message, advice: "Free space on that disk, then retry" };
  }
  return {
    code: "internal",
    message: "Cannot store the video as something unexpected happened",
    advice: "Retry; if it happens again, the server's log says more",
  };
}

function adviceFor({ code }: VStackError): string | null {
  return code === "unavailable" ? 'Look at "vstack status", bring the storage nodes back, then retry' : null;
}
