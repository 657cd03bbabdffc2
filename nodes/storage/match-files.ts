/**
 * Compares the files of a folder with what the journal says of them, at the start: what nothing refers to was never acknowledged,
 * or given up, and goes. After a journal that could not be read to its end it stays.
 */
import { parseChunkHash } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { parsePieceId } from "#core/placement/piece.ts";
import { LOOSE_REFERENCE } from "#wire/contract/chunk-api.ts";
import type { ChunkFiles } from "./chunk-files.ts";
import type { ReferenceIndex } from "./reference-index.ts";
import type { ReferenceJournal } from "./reference-journal.ts";

export interface MatchedParts {
  readonly files: ChunkFiles;
  readonly index: ReferenceIndex;
  readonly journal: ReferenceJournal;
}

/**
 * Marks in the index what is here.
 *
 * @param names of all files
 * @returns how many files had no reference
 */
export async function matchFiles(names: readonly string[], { files, index, journal }: MatchedParts): Promise<number> {
  const unreferenced = names
    .filter((name) => !index.markPresent(name))
    .map((name) => parsePieceId(name))
    .filter((piece) => piece !== undefined);
  for (const piece of unreferenced) {
    if (journal.damagedLines === 0) await files.remove(piece);
    else await adopt(piece, { files, index, journal });
  }
  return unreferenced.length;
}

/** Keeps a piece whose reference may stand in the unreadable part of the journal. Its bytes are taken as they are. */
async function adopt(piece: PieceId, { files, index, journal }: MatchedParts): Promise<void> {
  const file = await files.look(piece, async () => {});
  if (file.found !== "bytes") return;
  // The name of a replica says what its bytes should be; that of a shard does not.
  const digest = parseChunkHash(piece) ?? parseChunkHash(file.digest);
  if (digest === undefined) return;
  const { sizeBytes } = file;
  await journal.append({ change: "add", piece, digest, sizeBytes, reference: LOOSE_REFERENCE, version: 1 });
  index.markPresent(piece);
}
