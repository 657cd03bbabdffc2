/** The first moment of an upload: it gets its row, and a new video or the one of its group. */
import { extname } from "node:path";
import { videoIdFromBytes } from "#core/ids.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { oneLine } from "#wire/contract/catalog-api.ts";
import { MAX_TITLE_CHARACTERS } from "#wire/contract/limits.ts";
import type { UploadMetadata } from "#wire/contract/upload-api.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { SpacePorts } from "./disk-space.ts";
import { requireSpace } from "./disk-space.ts";
import type { Upload, UploadStore } from "./upload-store.ts";
import { NO_PROGRESS } from "./upload-store.ts";

/** Uploads that are received, wait or run. Twenty people with five files each. */
export const MAX_OPEN_UPLOADS = 100;

export interface NewUpload {
  readonly id: string;
  readonly sizeBytes: number;
  readonly metadata: UploadMetadata;
}

/**
 * Callers come one after the other: two first files of a group must not make two videos.
 *
 * @throws VStackError `too-many-requests` when too many are open, `conflict` when the group is full or another,
 *   `storage-full` when the disk cannot take the file
 */
export async function acceptUpload(
  { id, sizeBytes, metadata }: NewUpload,
  ports: SpacePorts & { catalog: CatalogStore; uploads: UploadStore; nowMs: number },
): Promise<void> {
  const { catalog, uploads, nowMs } = ports;
  await requireRoom(uploads);
  const group = metadata.group === undefined ? [] : await uploads.openGroup(metadata.group);
  const groupSize = metadata.group === undefined ? 1 : (metadata.groupSize ?? 1);
  requirePlace(group, groupSize);
  await requireSpace(sizeBytes, ports);
  const videoId = group[0]?.videoId ?? videoIdFromBytes(crypto.getRandomValues(new Uint8Array(16)));
  const title = group[0]?.title ?? titleOf(metadata);
  if (group.length === 0) await catalog.createVideo({ id: videoId, title, createdAtMs: nowMs });
  await uploads.add({
    ...{ id, videoId, groupSize, title, sizeBytes, phase: "receiving", failure: null, progress: NO_PROGRESS },
    ...{ group: metadata.group ?? null, fileName: oneLine(metadata.filename), redundancy: metadata.redundancy },
    ...{ createdMs: nowMs, updatedMs: nowMs },
  });
}

/** @throws VStackError `too-many-requests` when too many uploads are open */
export async function requireRoom(uploads: Pick<UploadStore, "countOpen">): Promise<void> {
  if ((await uploads.countOpen()) < MAX_OPEN_UPLOADS) return;
  throw new VStackError("too-many-requests", `Cannot take an upload as ${MAX_OPEN_UPLOADS} are open: try again later`);
}

function requirePlace(group: readonly Upload[], groupSize: number): void {
  const [first] = group;
  if (first === undefined) return;
  if (first.groupSize !== groupSize) {
    throw new VStackError(
      "conflict",
      `Cannot join the group as it has ${first.groupSize} files: ${groupSize} were announced`,
    );
  }
  if (group.length >= groupSize) {
    throw new VStackError("conflict", `Cannot join the group as its ${groupSize} files are there`);
  }
}

function titleOf({ title, filename }: UploadMetadata): string {
  const fromFile = filename.slice(0, filename.length - extname(filename).length);
  const text = [title, fromFile].map(oneLine).find((one) => one !== "") ?? "Untitled video";
  // Again, as the cut may fall inside a character.
  return oneLine(text.slice(0, MAX_TITLE_CHARACTERS));
}
