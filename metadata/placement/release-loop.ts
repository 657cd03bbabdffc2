/**
 * Sends the DELETEs that releases stand for: as soon as they are there, and again later for nodes that did not answer. A
 * node that is away gets them when it is back.
 */
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { MintCapability, StorageTarget } from "#wire/exchange/store-chunk.ts";
import { removeChunk } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import type { Releases } from "./releases.ts";

/** Looks for nodes that are back. */
const ROUND_MS = 5000;
/** DELETEs at once; cleaning must not compete with playback. */
const BATCH = 16;

export interface ReleaseLoop {
  /** Sends everything that can be sent now. Nodes that fail are left for a later round. */
  drain(signal: AbortSignal): Promise<void>;
  /** Drains now and then until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ReleaseLoopPorts {
  readonly releases: Releases;
  readonly aliveNodes: () => readonly StorageTarget[];
  readonly mint: MintCapability;
  readonly clock: Clock;
  readonly fetch: FetchPort;
  readonly log: Log;
}

export function releaseLoop({ releases, aliveNodes, mint, clock, fetch, log }: ReleaseLoopPorts): ReleaseLoop {
  const drain = async (signal: AbortSignal) => {
    const nodes = new Map(aliveNodes().map((node) => [node.nodeId, node]));
    let after = 0;
    while (nodes.size > 0 && !signal.aborted) {
      const batch = await releases.pending([...nodes.keys()], after, BATCH);
      const last = batch.at(-1);
      if (last === undefined) return;
      after = last.number;
      const sent = await Promise.all(
        batch.map(async ({ number, nodeId, hash, position }) => {
          const node = nodes.get(nodeId);
          if (node === undefined) return [];
          const gone = await removeChunk({ hash, position, nodes: [node], mint, signal }, { clock, fetch });
          if (gone.length > 0) return [number];
          log.warn({ nodeId, hash }, "Cannot make a node give up a chunk: will try again");
          nodes.delete(nodeId);
          return [];
        }),
      );
      await releases.done(sent.flat());
    }
  };

  /** Rounds follow each other, so that no release is sent twice at a time. */
  let last: Promise<void> = Promise.resolve();
  const drainInTurn = (signal: AbortSignal): Promise<void> => {
    last = last.catch(() => undefined).then(() => drain(signal));
    return last;
  };

  return {
    drain: drainInTurn,
    async run(signal) {
      for (;;) {
        await clock.sleep(ROUND_MS, signal);
        if (signal.aborted) return;
        try {
          await releases.forgetOld(clock.wallMs());
          await drainInTurn(signal);
        } catch (error) {
          log.error({ err: error }, "Cannot read the releases: will try again");
        }
      }
    },
  };
}
