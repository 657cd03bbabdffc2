/**
 * Places the chunks of one job, indexes them, and counts how far the job is. While nodes are away it waits and says so: an
 * upload that is here is never given up for want of nodes.
 */
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { CatalogStore, StoredChunk } from "../catalog/catalog-store.ts";
import { copiesOf } from "../catalog/copies.ts";
import type { PlaceChunk, PlacedChunk } from "../placement/place-chunk.ts";
import type { JobReport } from "./progress-board.ts";
import type { Progress } from "./upload-store.ts";

/** Between two series of tries, each of which takes about a minute by itself. */
const PAUSE_MS = 5000;
/** When all chunks of a video are committed, its last copies have so long: then it goes on with those that there are. */
const LAST_COPIES_MS = 3000;

export interface ChunkKeeper {
  /** @param durationSeconds playing time that counts as progress; 0 for what is no segment of sound or picture */
  keep(position: Position, bytes: Uint8Array<ArrayBuffer>, durationSeconds: number): Promise<void>;
  /** Waits for copies that are late, no longer than they deserve; the index then says which there are. */
  settle(): Promise<void>;
  /** Stops what goes on behind; resolves when nothing of it runs any more. */
  close(): Promise<void>;
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

export function chunkKeeper({ signal: jobSignal, report }: KeptJob, ports: ChunkKeeperPorts): ChunkKeeper {
  const closing = new AbortController();
  let patience = new AbortController();
  const signal = AbortSignal.any([jobSignal, closing.signal]);
  const behind = new Set<Promise<void>>();
  let expected = { durationSeconds: 0, tracks: 1 };
  let [playedSeconds, chunksStored, chunksAtRisk] = [0, 0, 0];
  // In seconds of the video: one of three renditions stored is a third of it.
  const progress = () => {
    const storedSeconds = playedSeconds / expected.tracks;
    const durationSeconds = Math.max(expected.durationSeconds, storedSeconds);
    return { storedSeconds, durationSeconds, chunksStored, chunksAtRisk, leftOut: null };
  };
  const place = async (position: Position, bytes: Uint8Array<ArrayBuffer>): Promise<PlacedChunk> => {
    const told: string[] = [];
    const waiting = (why: string) => {
      told[0] = why;
      report({ notice: `Waiting for storage nodes: ${why}` });
    };
    for (;;) {
      try {
        const placed = await ports.placeChunk(position, bytes, { signal, patience: patience.signal, waiting });
        if (told.length > 0) report({ notice: null });
        return placed;
      } catch (error) {
        signal.throwIfAborted();
        if (errorCode(error) !== "unavailable") throw error;
        waiting(error instanceof Error ? error.message : String(error));
        await ports.clock.sleep(PAUSE_MS, signal);
      }
    }
  };
  /** @param before what is in the index already */
  const follow = async ({ blocks, later }: PlacedChunk, before: StoredChunk): Promise<void> => {
    const record = await later;
    if (signal.aborted || record.version === before.record.version) return;
    await ports.catalog.putChunk({ ...before, record, blocks });
    chunksAtRisk += riskOf(record) - riskOf(before.record);
    report({ progress: progress() });
  };
  return {
    progress,
    async settle() {
      const waiting = new AbortController();
      const late = ports.clock.sleep(LAST_COPIES_MS, AbortSignal.any([signal, waiting.signal]));
      await Promise.race([Promise.all(behind), late]);
      waiting.abort();
      patience.abort();
      patience = new AbortController();
      await Promise.all(behind);
    },
    async close() {
      closing.abort(new VStackError("aborted", "The job has ended"));
      await Promise.allSettled(behind);
    },
    expect(what) {
      expected = { ...what, tracks: Math.max(1, what.tracks) };
      [playedSeconds, chunksStored, chunksAtRisk] = [0, 0, 0];
      report({ progress: progress() });
    },
    async keep(position, bytes, durationSeconds) {
      const placed = await place(position, bytes);
      const { record, blocks } = placed;
      const chunk = { position, durationSeconds, record, blocks };
      await ports.catalog.putChunk(chunk);
      playedSeconds += durationSeconds;
      chunksStored += 1;
      chunksAtRisk += riskOf(record);
      report({ progress: progress() });
      const following = follow(placed, chunk);
      behind.add(following);
      // Its failure is found by whoever settles.
      void following.then(
        () => behind.delete(following),
        () => undefined,
      );
    },
  };
}

/** 1 for a chunk whose record names fewer holders than wanted. */
function riskOf(record: ChunkRecord): number {
  const { present, wanted } = copiesOf(record);
  return present < wanted ? 1 : 0;
}
