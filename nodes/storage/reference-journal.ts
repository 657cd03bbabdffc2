/**
 * The durable half of the reference index. A change reaches the index only when it is durable, so the index is at any moment
 * what a restart would find.
 */
import type { Log } from "#wire/server/log.ts";
import type { FileSystem } from "./file-system.ts";
import { Journal } from "./journal.ts";
import type { ReferenceChange, ReferenceIndex } from "./reference-index.ts";
import { REFERENCE_LINES } from "./reference-log.ts";

const FILE_NAME = "references.log";

export interface ReferenceJournalOpening {
  readonly fileSystem: FileSystem;
  readonly folder: string;
  readonly index: ReferenceIndex;
  readonly log: Log;
  /** Tests compact earlier. */
  readonly minCompactionLines?: number;
}

export type ReferenceJournal = Journal<ReferenceChange>;

/**
 * Replays the journal into an empty index.
 *
 * @throws VStackError `conflict` when the journal is of another version
 */
export function openReferenceJournal({ index, ...opening }: ReferenceJournalOpening): Promise<ReferenceJournal> {
  const apply = (change: ReferenceChange) => {
    index.apply(change);
  };
  return Journal.open({
    ...opening,
    fileName: FILE_NAME,
    format: REFERENCE_LINES,
    state: { replay: apply, onDurable: apply, changes: () => index.changes(), changeCount: () => index.referenceCount },
    onDamage: (damagedLines) => {
      opening.log.error({ damagedLines }, "Cannot read some references: unreferenced chunks are kept");
    },
  });
}
