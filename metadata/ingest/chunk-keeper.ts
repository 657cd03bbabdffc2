/**
 * Places the chunks of one job, indexes them, and counts how far the job is. While nodes are away it waits and says so: an
 * upload that is here is never given up for want of nodes.
 */
import type { Position } from "#core/placement/position.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import { copiesOf } from "../catalog/copies.ts";
import type { PlaceChunk, PlacedChunk } from "../placement/place-chunk.ts";
import type { JobReport } from "./progress-board.ts";
import type { Progress } from "./upload-store.ts";

/** Between two series of tries, each of which takes about a minute by itself. */
const PATIENCE_MS = 5000;

export interface ChunkKeeper {
  /** @param durationSeconds playing time that counts as progress; 0 for what is no segment of sound or picture */
  keep(position: Position, bytes: Uint8Array<ArrayBuffer>, durationSeconds: number): Promise<void>;
  progress(): Progress;
  /** How much is to come, and forgets what was counted. @param tracks renditions with so many seconds each */
  expect(what: { readonly durationSeconds: number; readonly tracks: number }): void;
}

export interface ChunkKeeperPorts {
  readonly catalog: CatalogStore;
  readonly placeChunk: PlaceChunk;
  readonly clock: Clock;
}

export interface KeptJob {
  readonly signal: AbortSignal;
  readonly report: JobReport;
}

export function chunkKeeper({ signal, report }: KeptJob, ports: ChunkKeeperPorts): ChunkKeeper {
  let expected = { durationSeconds: 0, tracks: 1 };
  let [playedSeconds, chunksStored, chunksAtRisk] = [0, 0, 0];
  // In seconds of the video: one of three renditions stored is a third of it.
  const progress = () => {
    const storedSeconds = playedSeconds / expected.tracks;
    const durationSeconds = Math.max(expected.durationSeconds, storedSeconds);
    return { storedSeconds, durationSeconds, chunksStored, chunksAtRisk, leftOut: null };
  };
  const place = async (position: Position, bytes: Uint8Array<ArrayBuffer>): Promise<PlacedChunk> => {
    for (let isWaiting = false; ; isWaiting = true) {
      try {
        const placed = await ports.placeChunk(position, bytes, signal);
        if (isWaiting) report({ notice: null });
        return placed;
      } catch (error) {
        signal.throwIfAborted();
        if (errorCode(error) !== "unavailable") throw error;
        report({ notice: "Waiting for storage nodes: fewer than two of them take anything just now" });
        await ports.clock.sleep(PATIENCE_MS, signal);
      }
    }
  };
  return {
    progress,
    expect(what) {
      expected = { ...what, tracks: Math.max(1, what.tracks) };
      [playedSeconds, chunksStored, chunksAtRisk] = [0, 0, 0];
      report({ progress: progress() });
    },
    async keep(position, bytes, durationSeconds) {
      const { record, blocks } = await place(position, bytes);
      await ports.catalog.putChunk({ position, durationSeconds, record, blocks });
      const { present, wanted } = copiesOf(record);
      playedSeconds += durationSeconds;
      chunksStored += 1;
      if (present < wanted) chunksAtRisk += 1;
      report({ progress: progress() });
    },
  };
}
