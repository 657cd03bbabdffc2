/**
 * Which uploads were begun and not finished, in the user's state folder (XDG Base Directory specification), so that
 * `vstack upload` of the same file goes on after it was killed. What is lost here costs sending again, nothing else.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { PreviousUpload, UrlStorage } from "tus-js-client";
import * as v from "valibot";

/** The server forgets an upload that gets no byte for a day. */
const MAX_AGE_MS = 24 * 3_600_000;
const MAX_UPLOADS = 100;

const UploadsSchema = v.array(
  v.object({
    fingerprint: v.string(),
    uploadUrl: v.string(),
    size: v.nullable(v.number()),
    metadata: v.record(v.string(), v.string()),
    creationTime: v.string(),
  }),
);
type StoredUpload = v.InferOutput<typeof UploadsSchema>[number];

/** Where the list lies. */
export function resumeFile(environment: Readonly<Record<string, string | undefined>>): string {
  const state = environment["XDG_STATE_HOME"];
  return join(
    state === undefined || state === "" ? join(homedir(), ".local", "state") : state,
    "vstack",
    "uploads.json",
  );
}

/** @param nowMs Unix milliseconds */
export function resumeStore(path: string, nowMs: () => number): UrlStorage {
  const read = async (): Promise<StoredUpload[]> => {
    const text = await readFile(path, "utf8").catch(() => "[]");
    const uploads = v.safeParse(UploadsSchema, parsed(text));
    const all = uploads.success ? uploads.output : [];
    return all.filter(({ creationTime }) => nowMs() - Date.parse(creationTime) < MAX_AGE_MS);
  };
  /** Uploads of one program come and go one after the other; the file is whole whenever it is looked at. */
  let last: Promise<unknown> = Promise.resolve();
  const change = async (edit: (uploads: StoredUpload[]) => StoredUpload[]): Promise<void> => {
    const changed = last.then(async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const partial = `${path}.${process.pid}`;
      await writeFile(partial, JSON.stringify(edit(await read()).slice(-MAX_UPLOADS)), { mode: 0o600 });
      await rename(partial, path);
    });
    // A state folder that cannot be written must not keep anybody from uploading.
    last = changed.catch(() => undefined);
    await last;
  };
  return {
    findAllUploads: async () => (await read()).map(asPrevious),
    findUploadsByFingerprint: async (fingerprint) =>
      (await read()).filter((upload) => upload.fingerprint === fingerprint).map(asPrevious),
    async addUpload(fingerprint, { size, metadata, creationTime, uploadUrl }) {
      const added = { fingerprint, uploadUrl: uploadUrl ?? "", size, metadata, creationTime };
      await change((uploads) => [...uploads.filter((one) => one.fingerprint !== fingerprint), added]);
      return fingerprint;
    },
    async removeUpload(key) {
      await change((uploads) => uploads.filter(({ fingerprint }) => fingerprint !== key));
    },
  };
}

function asPrevious({ fingerprint, uploadUrl, size, metadata, creationTime }: StoredUpload): PreviousUpload {
  return { size, metadata, creationTime, uploadUrl, urlStorageKey: fingerprint, parallelUploadUrls: null };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
