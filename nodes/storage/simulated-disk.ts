/**
 * The {@link FileSystem} port on a disk of its own in memory, for tests: it records every operation, can fail any of them,
 * and can lose its power. It promises exactly what the port does: bytes survive after `datasync`, names after `syncFolder`;
 * whatever was not flushed is kept or lost by the toss of a seeded coin, file ends are cut anywhere.
 */
import type { Random } from "#core/random.ts";
import type { DiskSpace, FileSystem, ReadableFile, WritableFile } from "./file-system.ts";

export interface DiskOperation {
  readonly do:
    | "create"
    | "append"
    | "write"
    | "datasync"
    | "rename"
    | "remove"
    | "make-folder"
    | "sync-folder"
    | "open"
    | "read";
  readonly path: string;
}

interface Content {
  bytes: Buffer;
  syncedBytes: Buffer;
}

/** A name leads to a file's content or is a folder. */
type Names = Map<string, Content | "folder">;

/** An error as the system gives it, for example `ENOSPC`. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

export class SimulatedDisk implements FileSystem {
  /** Every operation so far, in the order of their beginning. */
  readonly operations: DiskOperation[] = [];
  /** Called before each operation; what it throws is the operation's failure. */
  before: (operation: DiskOperation) => void = () => {};
  /** Answers of `space`. */
  freeSpace: DiskSpace = { totalBytes: 1e12, availableBytes: 9e11 };
  readonly #names: Names;
  readonly #syncedNames: Names;

  constructor(names: Names = new Map()) {
    this.#names = names;
    this.#syncedNames = new Map(names);
  }

  /** The disk as it would be found after losing power now; `random` decides on everything that was not flushed. */
  afterPowerLoss(random: Random): SimulatedDisk {
    const found: Names = new Map();
    const contents = new Map<Content, Content>();
    for (const path of new Set([...this.#names.keys(), ...this.#syncedNames.keys()])) {
      const now = this.#names.get(path);
      const synced = this.#syncedNames.get(path);
      const kept = now === synced || random() < 0.5 ? synced : now;
      if (kept === undefined) continue;
      found.set(path, kept === "folder" ? "folder" : survivor(kept, contents, random));
    }
    return new SimulatedDisk(found);
  }

  /** Changes the bytes of a file behind the store's back; undefined removes it. */
  tamper(path: string, change: (bytes: Buffer) => Buffer | undefined): void {
    const content = this.#names.get(path);
    if (content === undefined || content === "folder") throw new Error(`No file to tamper with: ${path}`);
    const bytes = change(Buffer.from(content.bytes));
    if (bytes === undefined) this.#names.delete(path);
    else this.#names.set(path, { bytes, syncedBytes: bytes });
  }

  paths(): string[] {
    return [...this.#names].filter(([, content]) => content !== "folder").map(([path]) => path);
  }

  async create(path: string): Promise<WritableFile> {
    await this.#begin("create", path);
    if (this.#names.has(path)) throw systemError("EEXIST");
    const content = { bytes: Buffer.alloc(0), syncedBytes: Buffer.alloc(0) };
    this.#names.set(path, content);
    return this.#writable(path, content);
  }

  async append(path: string): Promise<WritableFile> {
    await this.#begin("append", path);
    return this.#writable(path, this.#file(path));
  }

  async open(path: string): Promise<ReadableFile | undefined> {
    await this.#begin("open", path);
    const content = this.#names.get(path);
    if (content === undefined || content === "folder") return undefined;
    return {
      sizeBytes: content.bytes.length,
      read: async (target, position) => {
        await this.#begin("read", path);
        return content.bytes.copy(target, 0, position, position + target.length);
      },
      close: () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin("rename", to);
    this.#names.set(to, this.#file(from));
    this.#names.delete(from);
  }

  async remove(path: string): Promise<void> {
    await this.#begin("remove", path);
    this.#names.delete(path);
  }

  async makeFolder(path: string): Promise<void> {
    await this.#begin("make-folder", path);
    this.#names.set(path, "folder");
  }

  async list(path: string): Promise<string[]> {
    return [...this.#names.keys()].filter((name) => isIn(path, name)).map((name) => name.slice(path.length + 1));
  }

  async syncFolder(path: string): Promise<void> {
    await this.#begin("sync-folder", path);
    for (const name of this.#syncedNames.keys()) if (isIn(path, name)) this.#syncedNames.delete(name);
    for (const [name, content] of this.#names) if (isIn(path, name)) this.#syncedNames.set(name, content);
  }

  async space(): Promise<DiskSpace> {
    return this.freeSpace;
  }

  async apparentBytes(path: string): Promise<number> {
    const content = this.#names.get(path);
    return content === undefined || content === "folder" ? 0 : content.bytes.length;
  }

  #writable(path: string, content: Content): WritableFile {
    const write = async (bytes: Uint8Array) => {
      await this.#begin("write", path);
      content.bytes = Buffer.concat([content.bytes, bytes]);
    };
    const datasync = async () => {
      const { bytes } = content;
      await this.#begin("datasync", path);
      content.syncedBytes = bytes;
    };
    return {
      write,
      // A power loss in between finds any part of the bytes.
      writeThrough: async (bytes) => {
        await write(bytes);
        await datasync();
      },
      datasync,
      close: async () => {},
    };
  }

  /** Yields first, as a real disk does, so that operations of concurrent requests interleave. */
  async #begin(what: DiskOperation["do"], path: string): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const operation = { do: what, path };
    this.before(operation);
    this.operations.push(operation);
  }

  #file(path: string): Content {
    const content = this.#names.get(path);
    if (content === undefined || content === "folder") throw systemError("ENOENT");
    return content;
  }
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`) && !path.includes("/", folder.length + 1);
}

/** What is left of a file: its flushed bytes, and any part of those written after. One content stays one under two names. */
function survivor(content: Content, contents: Map<Content, Content>, random: Random): Content {
  const known = contents.get(content);
  if (known !== undefined) return known;
  const { bytes, syncedBytes } = content;
  const length = syncedBytes.length + Math.floor(random() * (bytes.length - syncedBytes.length + 1));
  const kept = Buffer.from(bytes.subarray(0, length));
  const survived = { bytes: kept, syncedBytes: kept };
  contents.set(content, survived);
  return survived;
}
