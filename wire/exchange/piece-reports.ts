/**
 * Tells the metadata server which pieces sent wrong bytes, or are not where their record says, so that their nodes check them
 * at once and not when the scrub comes round. It is a courtesy: what cannot be told is dropped, as the scrub finds it too, and
 * whoever reads has gone on to other holders long before.
 */
import { errorCode } from "#wire/contract/errors.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import type { Clock } from "#wire/client/live-clock.ts";

/** The same piece is not reported again so soon: by then it has been checked, and made again if it was wrong. */
const REST_MS = 30_000;
/** Pieces that are remembered for that. */
const MAX_REMEMBERED = 256;
/** Reports that wait to be sent, one after the other; a node whose disk is lost is found by its inventory, not by these. */
const MAX_WAITING = 16;
/** And this long between two of them: a hundred viewers who meet the same rot must not become a load. */
const PAUSE_MS = 250;

export interface PieceReportsPorts {
  readonly clock: Clock;
  /** Sends it to the metadata server, with a deadline of its own. */
  readonly send: (piece: BadPiece, signal: AbortSignal) => Promise<unknown>;
  /** Called with a report that could not be sent. */
  readonly onLost?: (piece: BadPiece, error: unknown) => void;
}

export interface PieceReports {
  /** Sends it soon, unless it was lately, or too many wait. Never throws. */
  readonly saw: (piece: BadPiece) => void;
  /** Resolves when what waits now was sent or dropped; never rejects. */
  settled(): Promise<void>;
}

/** @param signal drops what waits */
export function pieceReports({ clock, send, onLost }: PieceReportsPorts, signal: AbortSignal): PieceReports {
  const sentMs = new Map<string, number>();
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  const isFresh = (name: string) => {
    const beforeMs = sentMs.get(name);
    if (beforeMs !== undefined && clock.nowMs() - beforeMs < REST_MS) return false;
    sentMs.delete(name);
    sentMs.set(name, clock.nowMs());
    const [oldest] = sentMs.keys();
    if (sentMs.size > MAX_REMEMBERED && oldest !== undefined) sentMs.delete(oldest);
    return true;
  };
  const sendOne = async (piece: BadPiece) => {
    if (signal.aborted) return;
    try {
      await send(piece, signal);
    } catch (error) {
      if (errorCode(error) !== "aborted") onLost?.(piece, error);
    }
    // Nobody pauses behind the last one: it may be all that keeps a worker alive.
    if (waiting > 1) await clock.sleep(PAUSE_MS, signal);
  };

  return {
    saw(piece) {
      const name = `${piece.nodeId} ${piece.hash} ${piece.shard ?? "whole"}`;
      if (waiting >= MAX_WAITING || !isFresh(name)) return;
      waiting += 1;
      last = last
        .then(() => sendOne(piece))
        .finally(() => {
          waiting -= 1;
        });
    },
    settled: () => last,
  };
}
