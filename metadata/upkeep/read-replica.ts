/** A whole chunk from whichever holder has it, proven by its hash. */
import type { NodeId } from "#core/ids.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { replicaHolders } from "#core/placement/record.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { ask } from "#wire/client/http.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { PATHS } from "#wire/contract/paths.ts";

/** 16 MiB at 10 Mbit/s and some. */
const READ_DEADLINE_MS = 20_000;

export interface ReadReplicaPorts {
  readonly nodeUrls: () => ReadonlyMap<NodeId, string>;
  readonly fetch: FetchPort;
}

/**
 * Asks the holders one after the other.
 *
 * @throws VStackError `unavailable` when none has the right bytes, `aborted` by the signal
 */
export async function readReplica(
  record: ChunkRecord,
  { nodeUrls, fetch }: ReadReplicaPorts,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const urls = nodeUrls();
  const reasons: string[] = [];
  for (const nodeId of replicaHolders(record)) {
    const url = urls.get(nodeId);
    if (url === undefined) continue;
    try {
      return await readFrom(url, record, { fetch, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      reasons.push(`${nodeId} ${errorCode(error)}`);
    }
  }
  const why = reasons.length === 0 ? "no holder is known" : reasons.join(", ");
  throw new VStackError("unavailable", `Cannot read chunk ${record.hash} from its holders: ${why}`);
}

async function readFrom(
  url: string,
  { hash, sizeBytes }: ChunkRecord,
  { fetch, signal }: { fetch: FetchPort; signal: AbortSignal },
): Promise<Uint8Array<ArrayBuffer>> {
  // The range bounds what a wrong node can make us hold.
  const headers = { range: `bytes=0-${Math.max(0, sizeBytes - 1)}` };
  const answer = await ask(`${url}${PATHS.chunk(hash)}`, { headers, signal, deadlineMs: READ_DEADLINE_MS, fetch });
  if (Number(answer.headers.get("content-length") ?? sizeBytes) > sizeBytes) {
    await answer.body?.cancel();
    throw new VStackError("bad-answer", `Cannot read chunk ${hash} as the node sends more than ${sizeBytes} bytes`);
  }
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if ((await chunkHashOf(bytes)) === hash) return bytes;
  throw new VStackError("corrupt", `Cannot use the copy of chunk ${hash} as its bytes are wrong`);
}
