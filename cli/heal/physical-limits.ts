/** What the machine itself can do: a heal writes every byte durably once, and sends it at least twice. Bytes a second. */
import { mkdir, open, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { ask } from "#wire/client/http.ts";
import { VStackError } from "#wire/contract/errors.ts";

const PIECE_BYTES = 2 * 1024 * 1024;
const PIECES = 64;

export interface PhysicalLimits {
  /** Files of 2 MiB, one after another, each flushed. */
  readonly diskBytesPerSecond: number;
  /** From a server of this process to itself, by HTTP over loopback. */
  readonly loopbackBytesPerSecond: number;
}

/** @param folder on the disk that is measured; it is left as it was */
export async function measureLimits(folder: string, signal: AbortSignal): Promise<PhysicalLimits> {
  return { diskBytesPerSecond: await diskRate(folder), loopbackBytesPerSecond: await loopbackRate(signal) };
}

async function diskRate(folder: string): Promise<number> {
  const own = join(folder, "disk-rate");
  await mkdir(own);
  const piece = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const bytes = Buffer.concat(Array.from({ length: PIECE_BYTES / piece.length }, () => piece));
  const startedMs = performance.now();
  for (let at = 0; at < PIECES; at += 1) {
    const file = await open(join(own, String(at)), "wx");
    await file.writeFile(bytes);
    await file.datasync();
    await file.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await rm(own, { recursive: true });
  return (PIECES * PIECE_BYTES) / seconds;
}

async function loopbackRate(signal: AbortSignal): Promise<number> {
  const bytes = Buffer.alloc(PIECE_BYTES);
  const server = createServer((_, answer) => answer.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    if (address === null || typeof address === "string") throw new VStackError("internal", "Loopback has no address");
    const startedMs = performance.now();
    for (let at = 0; at < PIECES; at += 1) {
      const answer = await ask(`http://127.0.0.1:${address.port}/`, { signal });
      await answer.arrayBuffer();
    }
    return (PIECES * PIECE_BYTES * 1000) / (performance.now() - startedMs);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
