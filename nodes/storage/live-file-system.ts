/** The {@link FileSystem} port on `node:fs`. */
import * as fs from "node:fs";
import { promisify } from "node:util";
import { hasErrorCode } from "#wire/server/system-error.ts";
import type { DiskSpace, FileSystem, ReadableFile, WritableFile } from "./file-system.ts";

// The callback functions and not fs/promises: a FileHandle that an aborted request leaves behind is closed by the garbage
// collector with a warning, a number is closed by us or not at all; and each call costs less.
const open = promisify(fs.open);
const close = promisify(fs.close);
const write = promisify(fs.write);
const read = promisify(fs.read);
const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);
const rename = promisify(fs.rename);
const unlink = promisify(fs.unlink);
const mkdir = promisify(fs.mkdir);
const readdir = promisify(fs.readdir);
const statfs = promisify(fs.statfs);
const lstat = promisify(fs.lstat);

/**
 * With it a write returns when its bytes are durable: one round through the thread pool for a journal's flush instead of two.
 * Linux alone: elsewhere it is missing, or promises less than `fdatasync`.
 */
const WRITES_THROUGH = process.platform === "linux";

class LiveWritableFile implements WritableFile {
  readonly #descriptor: number;
  readonly #writesThrough: boolean;

  constructor(descriptor: number, writesThrough: boolean) {
    this.#descriptor = descriptor;
    this.#writesThrough = writesThrough;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const result = await write(this.#descriptor, bytes, written, bytes.length - written, null);
      written += result.bytesWritten;
    }
  }

  async writeThrough(bytes: Uint8Array): Promise<void> {
    await this.write(bytes);
    if (!this.#writesThrough) await fdatasync(this.#descriptor);
  }

  async datasync(): Promise<void> {
    await fdatasync(this.#descriptor);
  }

  async close(): Promise<void> {
    await close(this.#descriptor);
  }
}

class LiveReadableFile implements ReadableFile {
  readonly sizeBytes: number;
  readonly #descriptor: number;
  #closed = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    // The inode is in memory since `open`: asking for it here is a system call of about a microsecond, a round through the
    // thread pool would cost ten times that for every read.
    this.sizeBytes = fs.fstatSync(descriptor).size;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const result = await read(this.#descriptor, target, filled, target.length - filled, position + filled);
      if (result.bytesRead === 0) break;
      filled += result.bytesRead;
    }
    return filled;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    fs.closeSync(this.#descriptor);
  }
}

export const liveFileSystem: FileSystem = {
  create: async (path) => new LiveWritableFile(await open(path, "wx", 0o600), false),
  append: async (path) => {
    const { O_WRONLY, O_APPEND, O_DSYNC } = fs.constants;
    return new LiveWritableFile(await open(path, O_WRONLY | O_APPEND | (WRITES_THROUGH ? O_DSYNC : 0)), WRITES_THROUGH);
  },
  open: async (path) => {
    try {
      return new LiveReadableFile(await open(path, "r"));
    } catch (error) {
      if (hasErrorCode(error, "ENOENT")) return undefined;
      throw error;
    }
  },
  rename: (from, to) => rename(from, to),
  remove: async (path) => {
    try {
      await unlink(path);
    } catch (error) {
      if (!hasErrorCode(error, "ENOENT")) throw error;
    }
  },
  makeFolder: async (path) => {
    try {
      await mkdir(path, 0o700);
    } catch (error) {
      if (!hasErrorCode(error, "EEXIST")) throw error;
    }
  },
  list: (path) => readdir(path),
  syncFolder: async (path) => {
    // Windows opens no folders and journals names by itself.
    if (process.platform === "win32") return;
    const descriptor = await open(path, "r");
    try {
      await fsync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  },
  space: async (path): Promise<DiskSpace> => {
    const { bsize, blocks, bfree, bavail } = await statfs(path);
    // As `df` counts: what only root may use is neither free nor part of the whole.
    return { totalBytes: (blocks - bfree + bavail) * bsize, availableBytes: bavail * bsize };
  },
  apparentBytes: async (path) => {
    try {
      return (await lstat(path)).size;
    } catch (error) {
      if (hasErrorCode(error, "ENOENT")) return 0;
      throw error;
    }
  },
};
