/**
 * The files of a data folder:
 *
 *     format.json            version, owner, incarnation
 *     references.log         which positions refer to which piece
 *     chunks/ab/ab12...      one file per replica, named by its hash, in 256 folders by the first two digits
 *     chunks/ab/ab12....3    one file per shard, beside where the chunk would be
 *     tmp/                   pieces on their way; emptied at start
 *     quarantine/            files whose bytes were wrong, for whoever wants to know why
 *
 * A file stands in chunks/ only whole and flushed. This room knows names and order of operations, nothing of references.
 */
import { createHash } from "node:crypto";
import type { PieceId } from "#core/placement/piece.ts";
import type { Damage } from "#wire/contract/piece-api.ts";
import type { FileSystem, ReadableFile } from "./file-system.ts";
import { readWholeFile } from "./file-system.ts";
import { sharedFolderSync } from "./folder-sync.ts";
import { rottenBytes } from "./rotten-bytes.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";

/** Kept for a look at what went wrong; beyond it wrong bytes are simply removed. */
const MAX_QUARANTINED_FILES = 64;
const FAN_OUT = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, "0"));
/** What the system says when the medium, and not the moment, is at fault. */
const MEDIA_ERRORS = ["EIO", "EUCLEAN", "EBADMSG", "EILSEQ"];
/** One hashing step: a fifth of a millisecond in which no request is answered. */
const HASH_STEP_BYTES = 256 * 1024;

/** What stands under a name. `unreadable`: the medium cannot give it back. */
export type FoundFile =
  | { readonly found: "bytes"; readonly digest: string; readonly sizeBytes: number }
  | { readonly found: "nothing" }
  | { readonly found: "unreadable" };

export class ChunkFiles {
  readonly #fileSystem: FileSystem;
  readonly #folder: string;
  readonly #syncFolder: (path: string) => Promise<void>;
  #temporaryCount = 0;

  constructor(fileSystem: FileSystem, folder: string) {
    this.#fileSystem = fileSystem;
    this.#folder = folder;
    this.#syncFolder = sharedFolderSync((path) => fileSystem.syncFolder(path));
  }

  /** Makes the folders and removes what a crash left in tmp/. Returns how many leftovers there were. */
  async prepare(): Promise<number> {
    const present = new Set(await this.#fileSystem.list(this.#folder));
    for (const name of ["chunks", "tmp", "quarantine"]) {
      if (!present.has(name)) await this.#fileSystem.makeFolder(`${this.#folder}/${name}`);
    }
    const fanOut = new Set(await this.#fileSystem.list(`${this.#folder}/chunks`));
    const wanted = FAN_OUT.filter((name) => !fanOut.has(name));
    for (const name of wanted) await this.#fileSystem.makeFolder(`${this.#folder}/chunks/${name}`);
    // Once and for all, so that no PUT has to flush more than one folder.
    if (wanted.length > 0) await this.#fileSystem.syncFolder(`${this.#folder}/chunks`);
    await this.#fileSystem.syncFolder(this.#folder);
    const leftovers = await this.#fileSystem.list(`${this.#folder}/tmp`);
    for (const name of leftovers) await this.#fileSystem.remove(`${this.#folder}/tmp/${name}`);
    return leftovers.length;
  }

  /** The names of all files in chunks/, in no order. */
  async list(): Promise<string[]> {
    const folders = await Promise.all(FAN_OUT.map((name) => this.#fileSystem.list(`${this.#folder}/chunks/${name}`)));
    return folders.flat();
  }

  /**
   * Returns when the piece would survive a power loss. Leaves nothing behind when it fails, or when `beside` does, which runs
   * while the disk flushes the bytes.
   */
  async write(piece: PieceId, bytes: Uint8Array, beside = () => {}): Promise<void> {
    this.#temporaryCount += 1;
    const temporary = `${this.#folder}/tmp/${piece}.${this.#temporaryCount}`;
    try {
      const file = await this.#fileSystem.create(temporary);
      try {
        await file.write(bytes);
        // Both are waited for: a file must not be closed under its flush.
        const flushing = file.datasync();
        for (const end of await Promise.allSettled([flushing, run(beside)])) {
          if (end.status === "rejected") throw end.reason;
        }
      } finally {
        await file.close();
      }
      await this.#fileSystem.rename(temporary, this.#path(piece));
    } catch (error) {
      await this.#fileSystem.remove(temporary).catch(() => {});
      throw error;
    }
    await this.#syncFolder(this.#folderOf(piece));
  }

  open(piece: PieceId): Promise<ReadableFile | undefined> {
    return this.#fileSystem.open(this.#path(piece));
  }

  /** Not flushed: a file that comes back after a power loss has no reference and is removed at start. */
  async remove(piece: PieceId): Promise<void> {
    await this.#fileSystem.remove(this.#path(piece));
  }

  /**
   * Reads the file of a piece from its beginning to its end and hashes it.
   *
   * @param giveWay awaited before each step
   */
  async look(piece: PieceId, giveWay: () => Promise<void>): Promise<FoundFile> {
    let file: ReadableFile | undefined;
    try {
      file = await this.open(piece);
      if (file === undefined) return { found: "nothing" };
      const { sizeBytes } = file;
      const sha256 = createHash("sha256");
      const step = Buffer.allocUnsafe(Math.max(1, Math.min(HASH_STEP_BYTES, sizeBytes)));
      for (let position = 0; position < sizeBytes; ) {
        await giveWay();
        const readBytes = await file.read(step, position);
        if (readBytes === 0) return { found: "unreadable" };
        sha256.update(step.subarray(0, readBytes));
        position += readBytes;
      }
      return { found: "bytes", digest: sha256.digest("hex"), sizeBytes };
    } catch (error) {
      // Anything else (too many open files, no memory) says nothing about the bytes.
      if (hasErrorCode(error, ...MEDIA_ERRORS)) return { found: "unreadable" };
      throw error;
    } finally {
      file?.close();
    }
  }

  /** Flips a byte of the file, or takes it away, as a rotting disk does. False when there is none. */
  async damage(piece: PieceId, damage: Damage["damage"]): Promise<boolean> {
    const bytes = await readWholeFile(this.#fileSystem, this.#path(piece));
    if (bytes === undefined) return false;
    // Another file under the name: whoever reads the one that was there reads on.
    if (damage === "delete") await this.remove(piece);
    else await this.write(piece, rottenBytes(bytes));
    return true;
  }

  /** Takes a file with wrong bytes out of the way. */
  async quarantine(piece: PieceId): Promise<void> {
    const kept = await this.#fileSystem.list(`${this.#folder}/quarantine`);
    const name = `${piece}.${kept.length}`;
    if (kept.length >= MAX_QUARANTINED_FILES || kept.includes(name)) await this.#fileSystem.remove(this.#path(piece));
    else await this.#fileSystem.rename(this.#path(piece), `${this.#folder}/quarantine/${name}`);
    await this.#syncFolder(this.#folderOf(piece));
  }

  #folderOf(piece: PieceId): string {
    return `${this.#folder}/chunks/${piece.slice(0, 2)}`;
  }

  #path(piece: PieceId): string {
    return `${this.#folderOf(piece)}/${piece}`;
  }
}

/** An error of the work is a rejection. */
async function run(work: () => void): Promise<void> {
  work();
}
