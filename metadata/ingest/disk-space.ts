/**
 * Space for received files. It is promised when an upload is taken in, before its first byte, so that ten uploads which fit
 * one by one do not fill the disk together. Jobs write nothing but the catalogue: their media goes through memory.
 */
import { statfs } from "node:fs/promises";
import { VStackError } from "#wire/contract/errors.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { UploadStore } from "./upload-store.ts";

/** Left free whatever is uploaded, for the catalogue and its journal to go on. */
export const WORKING_BYTES = 256 * 1024 * 1024;
const MIB = 1024 * 1024;

export interface SpacePorts {
  readonly uploads: Pick<UploadStore, "open">;
  readonly files: Pick<UploadFiles, "facts">;
  /** Free for this program on the disk of the received files. */
  readonly freeBytes: () => Promise<number>;
}

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @throws VStackError `storage-full` when the disk cannot take the file besides what is promised to others */
export async function requireSpace(sizeBytes: number, ports: SpacePorts): Promise<void> {
  const [freeBytes, promisedBytes] = [await ports.freeBytes(), await missingBytes(ports)];
  const neededBytes = sizeBytes + WORKING_BYTES + promisedBytes;
  if (neededBytes <= freeBytes) return;
  const promised = promisedBytes === 0 ? "" : `, ${mib(promisedBytes)} of them promised to uploads under way`;
  throw new VStackError(
    "storage-full",
    `Cannot take a file of ${mib(sizeBytes)} as the server's disk has ${mib(freeBytes)} free${promised}, and ${mib(WORKING_BYTES)} stay reserved for its work`,
    { details: { sizeBytes, freeBytes, promisedBytes, workingBytes: WORKING_BYTES } },
  );
}

/** What open uploads have still to send. */
async function missingBytes({ uploads, files }: SpacePorts): Promise<number> {
  let missing = 0;
  for (const { id, phase, sizeBytes } of await uploads.open()) {
    if (phase !== "receiving") continue;
    missing += Math.max(0, sizeBytes - ((await files.facts(id))?.sizeBytes ?? 0));
  }
  return missing;
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}
