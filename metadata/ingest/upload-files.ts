/** The received files of uploads: where the tus store keeps them, one file of bytes and one of facts each. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export interface UploadFiles {
  readonly folder: string;
  pathOf(uploadId: string): string;
  /** Received bytes and when the last ones came (Unix milliseconds); undefined when there is no file. */
  facts(uploadId: string): Promise<{ sizeBytes: number; modifiedMs: number } | undefined>;
  /** Deletes both files; no error when they are gone. */
  remove(uploadId: string): Promise<void>;
  /** Deletes the files that nobody needs; each is asked about right before. */
  removeUnless(isNeeded: (uploadId: string) => Promise<boolean>): Promise<void>;
}

const FACTS_SUFFIX = ".json";

export function uploadFiles(folder: string): UploadFiles {
  const pathOf = (uploadId: string) => join(folder, uploadId);
  const remove = async (uploadId: string) => {
    await rm(pathOf(uploadId), { force: true });
    await rm(`${pathOf(uploadId)}${FACTS_SUFFIX}`, { force: true });
  };
  return {
    folder,
    pathOf,
    async facts(uploadId) {
      try {
        const { size, mtimeMs } = await stat(pathOf(uploadId));
        return { sizeBytes: size, modifiedMs: mtimeMs };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    remove,
    async removeUnless(isNeeded) {
      const names = await readdir(folder);
      const ids = new Set(
        names.map((name) => (name.endsWith(FACTS_SUFFIX) ? name.slice(0, -FACTS_SUFFIX.length) : name)),
      );
      for (const id of ids) if (!(await isNeeded(id))) await remove(id);
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
