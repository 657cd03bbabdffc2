/**
 * Sends the DELETEs that releases stand for: as soon as their time has come, and again later for nodes that did not answer. A
 * node that is away gets them when it is back. One that refuses was given the piece again since: the release is void.
 */
import { positionText } from "#core/placement/position.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { PieceLinks } from "#wire/exchange/piece-links.ts";
import type { StorageTarget } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import type { Release, Releases } from "./releases.ts";

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
  readonly links: Pick<PieceLinks, "release">;
  readonly clock: Clock;
  readonly log: Log;
}

export function releaseLoop({ releases, aliveNodes, links, clock, log }: ReleaseLoopPorts): ReleaseLoop {
  /** Whether the node has answered for good. */
  const send = async (node: StorageTarget, { piece, hash, position, epoch }: Release, signal: AbortSignal) => {
    const shard = piece.holds === "shard" ? piece.shard : null;
    const release = { piece: { hash, shard }, key: positionText(position), epoch };
    try {
      await links.release(node, release, signal);
      return true;
    } catch (error) {
      log.warn({ nodeId: node.nodeId, hash, err: error }, "Cannot make a node give up a piece: will try again");
      return false;
    }
  };

  const drain = async (signal: AbortSignal) => {
    const nodes = new Map(aliveNodes().map((node) => [node.nodeId, node]));
    let after = 0;
    while (nodes.size > 0 && !signal.aborted) {
      const due = { nodeIds: [...nodes.keys()], after, nowMs: clock.wallMs(), limit: BATCH };
      const batch = await releases.pending(due);
      const last = batch.at(-1);
      if (last === undefined) return;
      after = last.number;
      const sent = await Promise.all(
        batch.map(async (release) => {
          const node = nodes.get(release.piece.nodeId);
          if (node === undefined) return [];
          if (await send(node, release, signal)) return [release.number];
          nodes.delete(node.nodeId);
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
