/**
 * The files of a data folder:
 *
 *     format.json            version, owner, incarnation
 *     references.log         which positions refer to which chunk
 *     chunks/ab/ab12...      one file per chunk, named by its hash, in 256 folders by the first two digits
 *     tmp/                   chunks on their way; emptied at start
 *     quarantine/            files whose bytes were wrong, for whoever wants to know why
 *
 * A file stands in chunks/ only whole and flushed. This room knows names and order of operations, nothing of references.
 */
import { createHash } from "node:crypto";
import type { ChunkHash } from "#core/ids.ts";
import type { FileSystem, ReadableFile } from "./file-system.ts";
import { sharedFolderSync } from "./folder-sync.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";

/** Kept for a look at what went wrong; beyond it wrong bytes are simply removed. */
const MAX_QUARANTINED_FILES = 64;
const FAN_OUT = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, "0"));
/** What the system says when the medium, and not the moment, is at fault. */
const MEDIA_ERRORS = ["EIO", "EUCLEAN", "EBADMSG", "EILSEQ"];
/** One hashing step: long enough to keep the hash unit busy, short enough to let requests in between. */
const HASH_STEP_BYTES = 1024 * 1024;

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

  /** Returns when the chunk would survive a power loss. Leaves nothing behind when it fails. */
  async write(hash: ChunkHash, bytes: Uint8Array): Promise<void> {
    this.#temporaryCount += 1;
    const temporary = `${this.#folder}/tmp/${hash}.${this.#temporaryCount}`;
    try {
      const file = await this.#fileSystem.create(temporary);
      try {
        await file.write(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await this.#fileSystem.rename(temporary, this.#path(hash));
    } catch (error) {
      await this.#fileSystem.remove(temporary).catch(() => {});
      throw error;
    }
    await this.#syncFolder(this.#folderOf(hash));
  }

  open(hash: ChunkHash): Promise<ReadableFile | undefined> {
    return this.#fileSystem.open(this.#path(hash));
  }

  /** Not flushed: a file that comes back after a power loss has no reference and is removed at start. */
  async remove(hash: ChunkHash): Promise<void> {
    await this.#fileSystem.remove(this.#path(hash));
  }

  /** The SHA-256 of the file's bytes, undefined when it is not there or the disk cannot read it. */
  async digest(hash: ChunkHash): Promise<string | undefined> {
    let file: ReadableFile | undefined;
    try {
      file = await this.open(hash);
      if (file === undefined) return undefined;
      const sha256 = createHash("sha256");
      const step = Buffer.allocUnsafe(Math.max(1, Math.min(HASH_STEP_BYTES, file.sizeBytes)));
      for (let position = 0; position < file.sizeBytes; ) {
        const readBytes = await file.read(step, position);
        if (readBytes === 0) return undefined;
        sha256.update(step.subarray(0, readBytes));
        position += readBytes;
      }
      return sha256.digest("hex");
    } catch (error) {
      // Anything else (too many open files, no memory) says nothing about the bytes.
      if (hasErrorCode(error, ...MEDIA_ERRORS)) return undefined;
      throw error;
    } finally {
      file?.close();
    }
  }

  /** Takes a file with wrong bytes out of the way. */
  async quarantine(hash: ChunkHash): Promise<void> {
    const kept = await this.#fileSystem.list(`${this.#folder}/quarantine`);
    const name = `${hash}.${kept.length}`;
    if (kept.length >= MAX_QUARANTINED_FILES || kept.includes(name)) await this.#fileSystem.remove(this.#path(hash));
    else await this.#fileSystem.rename(this.#path(hash), `${this.#folder}/quarantine/${name}`);
    await this.#syncFolder(this.#folderOf(hash));
  }

  #folderOf(hash: ChunkHash): string {
    return `${this.#folder}/chunks/${hash.slice(0, 2)}`;
  }

  #path(hash: ChunkHash): string {
    return `${this.#folderOf(hash)}/${hash}`;
  }
}
