/** What a store says when it cannot do something. */
import type { PieceId } from "#core/placement/piece.ts";
import { pieceOf } from "#core/placement/piece.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";

export function tooManyReferencesError(): VStackError {
  const message = `Cannot refer to the chunk as ${MAX_REFERENCES_PER_CHUNK} positions already do`;
  return new VStackError("conflict", message);
}

export function corruptError(piece: PieceId): VStackError {
  return new VStackError("corrupt", "Cannot serve the chunk as its bytes on this node are damaged: ask another node", {
    details: { ...pieceOf(piece) },
  });
}

/** Of one chunk and one code there is only one shard of each number: one of the two writers was wrong. */
export function otherBytesError(piece: PieceId): VStackError {
  return new VStackError(
    "conflict",
    "Cannot store the shard as intact bytes with another digest are kept under its name",
    {
      details: { ...pieceOf(piece) },
    },
  );
}

export function laterVersionError({ given, epoch }: { readonly given: number; readonly epoch: number }): VStackError {
  return new VStackError(
    "conflict",
    `Cannot give the chunk up for version ${epoch} of the record as version ${given} names it`,
    { details: { given, epoch } },
  );
}

/** What to throw for what the disk has thrown. */
export function storageError(error: unknown): unknown {
  if (error instanceof VStackError) return error;
  if (hasErrorCode(error, "ENOSPC", "EDQUOT")) {
    return new VStackError("storage-full", "Cannot store the chunk as the disk is full", { cause: error });
  }
  if (error instanceof Error && "code" in error) {
    return new VStackError("unavailable", "Cannot change the chunk as the disk failed", { cause: error });
  }
  return error;
}
