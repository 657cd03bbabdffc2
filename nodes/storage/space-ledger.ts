/**
 * How full the node is, and room reserved for chunks on their way to the disk, so that concurrent PUTs cannot all take the
 * last free megabyte. Full is 95 % of the disk (or of the configured capacity): the rest is for the journal and for others.
 */
import { VStackError } from "#wire/contract/errors.ts";
import type { DiskSpace } from "./file-system.ts";

export const FILLING_RATIO = 0.85;
export const FULL_RATIO = 0.95;
/** Between two looks at the disk; what we store in between is counted by us. */
const REFRESH_MS = 1_000;

export interface SpacePorts {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly space: () => Promise<DiskSpace>;
  /** Bytes of the chunks here. */
  readonly usedBytes: () => number;
  /** Largest sum of chunk bytes; undefined leaves it to the disk. */
  readonly capacityBytes: number | undefined;
}

export class SpaceLedger {
  readonly #ports: SpacePorts;
  #reservedBytes = 0;
  /** Bytes stored since the last look at the disk, which it does not know of. */
  #storedSinceLookBytes = 0;
  #look: { readonly space: DiskSpace; readonly atMs: number } | undefined;

  constructor(ports: SpacePorts) {
    this.#ports = ports;
  }

  /**
   * Reserves room; call the returned function once, saying whether the bytes were stored.
   *
   * @throws VStackError `storage-full` when the node would be above 95 %
   */
  async reserve(sizeBytes: number): Promise<(stored: boolean) => void> {
    const space = await this.#diskSpace();
    // No await between looking and reserving: two callers must not both see the same free bytes.
    const { freeBytes } = this.#count(space);
    if (sizeBytes > freeBytes) {
      throw new VStackError("storage-full", `Cannot store ${sizeBytes} bytes as ${freeBytes} are left below 95 %`);
    }
    this.#reservedBytes += sizeBytes;
    return (stored) => {
      this.#reservedBytes -= sizeBytes;
      if (stored) this.#storedSinceLookBytes += sizeBytes;
    };
  }

  async measure(): Promise<{ readonly freeBytes: number; readonly fillRatio: number }> {
    return this.#count(await this.#diskSpace());
  }

  #count({ totalBytes, availableBytes }: DiskSpace): { readonly freeBytes: number; readonly fillRatio: number } {
    const { capacityBytes } = this.#ports;
    const pendingBytes = this.#reservedBytes;
    const diskUsedBytes = totalBytes - availableBytes + this.#storedSinceLookBytes;
    let freeBytes = totalBytes * FULL_RATIO - diskUsedBytes - pendingBytes;
    let fillRatio = totalBytes === 0 ? 1 : diskUsedBytes / totalBytes;
    if (capacityBytes !== undefined) {
      const usedBytes = this.#ports.usedBytes();
      freeBytes = Math.min(freeBytes, capacityBytes * FULL_RATIO - usedBytes - pendingBytes);
      fillRatio = Math.max(fillRatio, usedBytes / capacityBytes);
    }
    return { freeBytes: Math.max(0, Math.floor(freeBytes)), fillRatio: Math.min(1, Math.max(0, fillRatio)) };
  }

  async #diskSpace(): Promise<DiskSpace> {
    const nowMs = this.#ports.nowMs();
    if (this.#look !== undefined && nowMs - this.#look.atMs < REFRESH_MS) return this.#look.space;
    const space = await this.#ports.space();
    this.#look = { space, atMs: nowMs };
    this.#storedSinceLookBytes = 0;
    return space;
  }
}
