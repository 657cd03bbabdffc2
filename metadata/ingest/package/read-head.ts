/** The first bytes of a file, for looking at it before a parser does. */

import { open } from "node:fs/promises";

/**
 * Reads the beginning of a file.
 *
 * @param path file on disk
 * @param mostBytes how many bytes at most; fewer come back when the file is shorter
 * @throws Error of `node:fs` when the file cannot be opened or read
 */
export async function readHead(path: string, mostBytes: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(mostBytes);
    const { bytesRead } = await file.read(buffer, 0, mostBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
