/**
 * The port to the file system: the few operations that the disk store is built of, each with its promise about
 * durability. The store never touches `node:fs` itself, so that a test can record the order of the operations, take the
 * power away after any of them, or fill the disk.
 *
 * What survives a power loss: bytes of a file after `datasync`; a name (created, renamed, removed) after `syncFolder` of
 * the folder that it stands in. Nothing else may be assumed.
 */

/** A file open for appending. */
export interface WritableFile {
  /** Appends all of `bytes`. */
  write(bytes: Uint8Array): Promise<void>;
  /** The same, and returns when everything written so far would survive a power loss, as after `datasync`. */
  writeThrough(bytes: Uint8Array): Promise<void>;
  /** Returns when everything written so far, and the length, would survive a power loss. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** A file open for reading; stays readable when its name is removed. */
export interface ReadableFile {
  readonly sizeBytes: number;
  /** Reads into `target` from `position`; fewer bytes than asked only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): void;
}

export interface DiskSpace {
  readonly totalBytes: number;
  /** What this user may still write. */
  readonly availableBytes: number;
}

export interface FileSystem {
  /** Makes a file that must not exist yet (O_EXCL). */
  create(path: string): Promise<WritableFile>;
  /** Opens an existing file for appending. */
  append(path: string): Promise<WritableFile>;
  /** Opens a file for reading, undefined when there is none. */
  open(path: string): Promise<ReadableFile | undefined>;
  /** Puts `from` in the place of `to`, atomically. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; nothing happens when there is none. */
  remove(path: string): Promise<void>;
  /** Makes a folder; nothing happens when it is there. The folder above must exist. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, in no order. */
  list(path: string): Promise<string[]>;
  /** Returns when the names in the folder would survive a power loss. */
  syncFolder(path: string): Promise<void>;
  space(path: string): Promise<DiskSpace>;
  /** Apparent size of a file, or of a folder without what is in it; 0 when there is none. */
  apparentBytes(path: string): Promise<number>;
}

/** Reads a whole small file; undefined when there is none. */
export async function readWholeFile(fileSystem: FileSystem, path: string): Promise<Buffer | undefined> {
  const file = await fileSystem.open(path);
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.allocUnsafe(file.sizeBytes);
    const readBytes = await file.read(bytes, 0);
    return bytes.subarray(0, readBytes);
  } finally {
    file.close();
  }
}

/** Makes a file that is whole or absent after a power loss: temporary name, flush, rename, folder flush. */
export async function writeWholeFile(
  fileSystem: FileSystem,
  { folder, name, bytes }: { folder: string; name: string; bytes: Uint8Array },
): Promise<void> {
  const temporary = `${folder}/${name}.new`;
  await fileSystem.remove(temporary);
  const file = await fileSystem.create(temporary);
  try {
    await file.write(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, `${folder}/${name}`);
  await fileSystem.syncFolder(folder);
}
