/**
 * A journal's next file: the state as it is, written beside the old file under a passing name, whatever became durable
 * meanwhile behind it, and the whole put in the place of the old one.
 */
import type { FileSystem, WritableFile } from "./file-system.ts";
import type { LineFormat } from "./journal-lines.ts";
import { headerOf, lineOf } from "./journal-lines.ts";

/** Lines of one write: requests are answered in between. */
const SLICE_LINES = 1_024;
/** Lines that may come meanwhile; they are kept in memory. With more, writing does not get on. */
const MAX_LATER_LINES = 262_144;

export interface DraftOpening<Change> {
  readonly fileSystem: FileSystem;
  readonly folder: string;
  readonly fileName: string;
  readonly format: LineFormat<Change>;
  readonly state: { changes(): Iterable<Change> };
}

/** A journal's file, and the lines in it. */
export interface JournalFile {
  readonly file: WritableFile;
  readonly lineCount: number;
}

export class JournalDraft<Change> {
  readonly #opening: DraftOpening<Change>;
  readonly #file: WritableFile;
  readonly #later: string[] = [];
  #lineCount = 0;
  #isWriting = false;
  #isWhole = false;
  #isDiscarded = false;

  private constructor(opening: DraftOpening<Change>, file: WritableFile) {
    this.#opening = opening;
    this.#file = file;
  }

  /** Begins an empty file; one that was left behind goes. */
  static async begin<Change>(opening: DraftOpening<Change>): Promise<JournalDraft<Change>> {
    const path = draftPath(opening);
    await opening.fileSystem.remove(path);
    return new JournalDraft(opening, await opening.fileSystem.create(path));
  }

  /** Whether the state is in it. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Whether so much came meanwhile that it had better be given up. */
  get isOverdue(): boolean {
    return this.#later.length > MAX_LATER_LINES;
  }

  /** Lines of changes that became durable in the old file: they come behind the state. */
  add(lines: readonly string[]): void {
    for (const line of lines) this.#later.push(line);
  }

  /** Writes the state, in slices; ends early when the draft is discarded. */
  async writeState(): Promise<void> {
    this.#isWriting = true;
    try {
      // The first slice is made in this very step: what becomes durable from now on is not in it, and comes behind.
      const slices = this.#slices();
      let slice = slices.next();
      await this.#file.write(headerOf(this.#opening.format));
      for (; slice.done !== true; slice = slices.next()) {
        if (this.#isDiscarded) return;
        await this.#file.write(Buffer.from(slice.value.join("")));
        this.#lineCount += slice.value.length;
      }
      await this.#file.datasync();
      this.#isWhole = true;
    } finally {
      this.#isWriting = false;
      if (this.#isDiscarded) await this.#close();
    }
  }

  /** Puts the draft in the place of the journal's file, durably. After a failure either of the two may be in place. */
  async install(): Promise<JournalFile> {
    const { fileSystem, folder, fileName } = this.#opening;
    if (this.#later.length > 0) await this.#file.writeThrough(Buffer.from(this.#later.join("")));
    const path = `${folder}/${fileName}`;
    await fileSystem.rename(draftPath(this.#opening), path);
    await fileSystem.syncFolder(folder);
    // Opened anew: a file that is open for appending writes through at once.
    await this.discard();
    return { file: await fileSystem.append(path), lineCount: this.#lineCount + this.#later.length };
  }

  /** Gives it up; the next draft removes what is left of it. */
  async discard(): Promise<void> {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    // A file that is being written to is closed by its writer: its number may be another file's afterwards.
    if (!this.#isWriting) await this.#close();
  }

  *#slices(): Generator<string[]> {
    const { format, state } = this.#opening;
    let lines: string[] = [];
    for (const change of state.changes()) {
      lines.push(lineOf(format, change));
      if (lines.length < SLICE_LINES) continue;
      yield lines;
      lines = [];
    }
    if (lines.length > 0) yield lines;
  }

  async #close(): Promise<void> {
    await this.#file.close().catch(() => {});
  }
}

function draftPath({ folder, fileName }: Pick<DraftOpening<never>, "folder" | "fileName">): string {
  return `${folder}/${fileName}.new`;
}
