/**
 * A file as mediabunny reads it, with a guard: mediabunny 1.61 can search in circles. Its Matroska `resync()` never
 * returns once 8 bytes are left before the end, which junk after the last cluster brings about; with its own cache it
 * spins without ever yielding, and the whole process hangs (found by mutating files). So mediabunny's cache is off here,
 * every read comes to us, the event loop gets its turn, and a read that repeats itself is an error.
 */

import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { CustomSource } from "mediabunny";

/** One read of the file; small reads in a row are served from it. Two tracks are read at two places. Bytes. */
const WINDOW_BYTES = 512 * 1024;
const MOST_WINDOWS = 4;
/** No honest search reads up to the same byte this often in a row. */
const MOST_REPEATED_READS = 1000;
/** Timers and aborts must be heard while a file is searched. */
const READS_BETWEEN_TURNS = 256;

interface Window {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** A source over an open file. Disposing the mediabunny input closes the file. */
export async function openGuardedSource(path: string): Promise<CustomSource> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    return guardedSource(file, size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function guardedSource(file: FileHandle, sizeBytes: number): CustomSource {
  const windows: Window[] = [];
  let readCount = 0;
  let repeatedCount = 0;
  let lastEnd = -1;

  const read = async (start: number, end: number): Promise<Uint8Array> => {
    repeatedCount = end === lastEnd ? repeatedCount + 1 : 0;
    lastEnd = end;
    if (repeatedCount > MOST_REPEATED_READS) throw new Error(`Reading goes in circles at byte ${String(end)}`);
    readCount += 1;
    if (readCount % READS_BETWEEN_TURNS === 0) await setImmediate();
    const known = windows.find((window) => window.start <= start && end <= window.start + window.bytes.length);
    if (known !== undefined) return known.bytes.subarray(start - known.start, end - known.start);
    const window = {
      start,
      bytes: await readFully(file, start, Math.min(sizeBytes, Math.max(end, start + WINDOW_BYTES))),
    };
    if (window.bytes.length <= WINDOW_BYTES) {
      windows.push(window);
      if (windows.length > MOST_WINDOWS) windows.shift();
    }
    return window.bytes.subarray(0, end - start);
  };

  return new CustomSource({
    getSize: () => sizeBytes,
    read,
    dispose: () => void file.close(),
    maxCacheSize: 0,
    // A failed read with nobody waiting would be an unhandled rejection and end the process.
    handleUnhandledError: () => undefined,
  });
}

async function readFully(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let filledBytes = 0;
  while (filledBytes < bytes.length) {
    const { bytesRead } = await file.read(bytes, filledBytes, bytes.length - filledBytes, start + filledBytes);
    if (bytesRead === 0)
      throw new Error(`The file became shorter while it was read, at byte ${String(start + filledBytes)}`);
    filledBytes += bytesRead;
  }
  return bytes;
}
