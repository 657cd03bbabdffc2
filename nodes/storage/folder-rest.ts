/**
 * How large the rest of a data folder is: journals, folders, files in quarantine, all but the pieces, which the index counts.
 * Together they are what `du --apparent-size` says of the folder. Measured now and then: it changes slowly, and a look costs
 * some hundred system calls.
 */
import type { FileSystem } from "./file-system.ts";

const REFRESH_MS = 10_000;
/** Folders whose files are not pieces. */
const SMALL_FOLDERS = ["tmp", "quarantine"];
const CHUNKS = "chunks";

export interface FolderRestPorts {
  readonly fileSystem: Pick<FileSystem, "list" | "apparentBytes">;
  readonly folder: string;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

export class FolderRest {
  readonly #ports: FolderRestPorts;
  #bytes = 0;
  #looking: { readonly atMs: number; readonly ended: Promise<void> } | undefined;

  constructor(ports: FolderRestPorts) {
    this.#ports = ports;
  }

  /** As it was ten seconds ago at most, or when the folder could last be looked at: a figure is no reason to fail. */
  async bytes(): Promise<number> {
    const nowMs = this.#ports.nowMs();
    if (this.#looking === undefined || nowMs - this.#looking.atMs >= REFRESH_MS) {
      this.#looking = { atMs: nowMs, ended: this.#look() };
    }
    await this.#looking.ended;
    return this.#bytes;
  }

  async #look(): Promise<void> {
    try {
      this.#bytes = await this.#measure();
    } catch {
      // Too many open files, or a disk in trouble: others say so.
    }
  }

  async #measure(): Promise<number> {
    const { fileSystem, folder } = this.#ports;
    const own = (await fileSystem.list(folder)).map((name) => `${folder}/${name}`);
    const below = [CHUNKS, ...SMALL_FOLDERS].map(async (name) => {
      const path = `${folder}/${name}`;
      return own.includes(path) ? (await fileSystem.list(path)).map((child) => `${path}/${child}`) : [];
    });
    const paths = [folder, ...own, ...(await Promise.all(below)).flat()];
    let bytes = 0;
    // One after another: a count of bytes may not keep the threads of readers busy.
    for (const path of paths) bytes += await fileSystem.apparentBytes(path);
    return bytes;
  }
}
