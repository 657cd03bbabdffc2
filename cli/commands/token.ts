/** `vstack token`: a short-lived capability to write one chunk, for tests and tools. */
import type { ChunkHash } from "#core/ids.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { readClusterKey } from "../cluster-folder.ts";
import { printJson, printLine } from "../print.ts";

export interface TokenOptions {
  readonly method: "PUT" | "DELETE";
  readonly hash: ChunkHash;
  readonly lifetimeSeconds: number;
  readonly clusterKey?: string;
  readonly data: string;
  readonly json: boolean;
}

/** Give the token as `?capability=TOKEN`, or as `Authorization: Bearer TOKEN`. */
export async function token(options: TokenOptions): Promise<void> {
  const key = await importClusterKey(await readClusterKey(options));
  const nowMs = Date.now();
  const lifetimeMs = options.lifetimeSeconds * 1000;
  const text = await mintCapability(key, { method: options.method, subject: options.hash, nowMs, lifetimeMs });
  if (options.json) {
    const expiresAt = new Date(nowMs + lifetimeMs).toISOString();
    printJson({ token: text, method: options.method, hash: options.hash, expiresAt });
  } else {
    printLine(text);
  }
}
