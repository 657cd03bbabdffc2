/** A failed job in words for the person who uploaded. */
import { VStackError } from "#wire/contract/errors.ts";
import { UnsupportedMediaError } from "./package/unsupported-media-error.ts";
import type { UploadFailure } from "./upload-store.ts";

export function uploadFailure(error: unknown): UploadFailure {
  if (error instanceof UnsupportedMediaError) return { code: error.code, message: error.message, advice: error.advice };
  if (error instanceof VStackError) return { code: error.code, message: error.message, advice: adviceFor(error) };
  return {
    code: "internal",
    message: "Cannot store the video as something unexpected happened",
    advice: "Upload it again; if it happens again, the server's log says more",
  };
}

function adviceFor({ code }: VStackError): string | null {
  return code === "unavailable" ? 'Look at "vstack status", bring the storage nodes back, and upload it again' : null;
}
