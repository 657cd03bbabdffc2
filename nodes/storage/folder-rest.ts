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
  #look: { readonly atMs: number; readonly bytes: Promise<number> } | undefined;

  constructor(ports: FolderRestPorts) {
    this.#ports = ports;
  }

  /** As it was at most {@link REFRESH_MS} ago. */
  async bytes(): Promise<number> {
    const nowMs = this.#ports.nowMs();
    const isFresh = this.#look !== undefined && nowMs - this.#look.atMs < REFRESH_MS;
    if (this.#look !== undefined && isFresh) return await this.#look.bytes;
    const look = { atMs: nowMs, bytes: this.#measure() };
    this.#look = look;
    // A look that failed is nothing to keep.
    look.bytes.catch(() => {
      if (this.#look === look) this.#look = undefined;
    });
    return await look.bytes;
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
