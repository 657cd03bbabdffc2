/**
 * Uploads from their first byte to a video that plays: takes files in, groups them, runs their jobs a few at a time, tells
 * how far they are, and leaves nothing behind when one fails, is cancelled, is abandoned or is cut short by a crash.
 */
import type { VideoId } from "#core/ids.ts";
import { ACKNOWLEDGED_COPIES } from "#core/placement/record.ts";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { UploadList, UploadStatus } from "#wire/contract/upload-api.ts";
import type { NewUpload } from "./accept-upload.ts";
import { acceptUpload, MAX_OPEN_UPLOADS, requireRoom } from "./accept-upload.ts";
import type { IngestPorts } from "./ingest-ports.ts";
import { jobQueue } from "./job-queue.ts";
import { progressBoard } from "./progress-board.ts";
import type { Removal } from "./remove-video.ts";
import { DRAIN_DEADLINE_MS, EMPTYING_DEADLINE_MS, removeVideo } from "./remove-video.ts";
import { canRetry, requireRetry } from "./retry-upload.ts";
import { oneAtATime } from "./turns.ts";
import { sweepUploads } from "./sweep-uploads.ts";
import { uploadJob } from "./upload-job.ts";
import type { Upload } from "./upload-store.ts";
import { isOver } from "./upload-store.ts";

/** What a removal left for want of acceptors is tried again this often. */
const REMOVAL_MS = 3000;
/** Jobs at once: packaging is work for the processor, and two cores also have viewers to serve. */
const JOBS_AT_ONCE = 2;
const SWEEP_MS = 600_000;
/** Uploads of one list: all that may be open, and as many failed ones. */
const MAX_LISTED = 2 * MAX_OPEN_UPLOADS;

const TOO_FEW_NODES = `Waiting for storage nodes: at least ${ACKNOWLEDGED_COPIES} that are alive and not full are needed`;

export interface Ingest {
  /**
   * Takes an upload in, before its first byte.
   *
   * @throws VStackError `too-many-requests` when too many are open, `conflict` when its group is full or another
   */
  accept(upload: NewUpload): Promise<void>;
  /** So many bytes of a file are here. */
  receiving(uploadId: string, receivedBytes: number): Promise<void>;
  /** The file is complete; the job begins when its whole group is. */
  received(uploadId: string): Promise<void>;
  /** Cancels an upload, and with it those of its group. @returns false when it is unknown or over */
  cancel(uploadId: string): Promise<boolean>;
  /** Removes a video in any state. @returns false when there is none */
  removeVideo(videoId: VideoId): Promise<boolean>;
  status(uploadId: string): Promise<UploadStatus | undefined>;
  /** Uploads under way and failed ones, newest first. */
  list(): Promise<UploadList>;
  /**
   * Begins the job of a failed upload's video again.
   *
   * @throws VStackError `not-found`, `conflict` when it cannot help, `too-many-requests` when too many are open
   */
  retry(uploadId: string): Promise<void>;
  /** @returns ends the watching; undefined when the upload is unknown */
  watch(uploadId: string, onChange: () => void): Promise<(() => void) | undefined>;
  /** Ends what a crash has left half done and begins unfinished jobs again. Call it once, before anything else. */
  resume(): Promise<void>;
  /** Sweeps, and finishes removals, now and then until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Stops jobs; they are begun again at the next start. */
  close(): Promise<void>;
}

export function createIngest(ports: IngestPorts): Ingest {
  const { catalog, uploads, files, clock, log } = ports;
  const board = progressBoard();
  const received = new Map<string, number>();
  /** Removals under way. */
  const removing = new Set<VideoId>();
  const runJob = uploadJob({ ...ports, board, encoding: oneAtATime() });
  const queue = jobQueue<VideoId>({ concurrency: JOBS_AT_ONCE, maxWaiting: MAX_OPEN_UPLOADS, run: runJob });
  const enqueue = (videoId: VideoId) => {
    if (!queue.add(videoId)) log.warn({ videoId }, "Cannot begin a job now: it is begun at the next start");
  };
  const takeAway = async (videoId: VideoId): Promise<Removal | undefined> => {
    const stopJob = (id: VideoId) => queue.cancel(id, new VStackError("aborted", "The video was removed"));
    removing.add(videoId);
    const ended = () => removing.delete(videoId);
    try {
      const removal = await removeVideo(videoId, { ...ports, wallMs: () => clock.wallMs(), stopJob });
      if (removal === undefined) ended();
      else void removal.emptied.then(ended);
      return removal;
    } catch (error) {
      ended();
      throw error;
    } finally {
      board.forget(videoId);
    }
  };
  const remove = async (videoId: VideoId): Promise<boolean> => {
    const removal = await takeAway(videoId);
    if (removal === undefined) return false;
    const waiting = new AbortController();
    const emptiedOrLate = Promise.race([removal.emptied, clock.sleep(EMPTYING_DEADLINE_MS, waiting.signal)]);
    await Promise.all([
      emptiedOrLate.finally(() => {
        waiting.abort();
      }),
      ports.releaseLoop.drain(deadlineSignal(DRAIN_DEADLINE_MS)),
    ]);
    return true;
  };
  const finishRemovals = async () => {
    for (const videoId of await catalog.removals()) {
      if (removing.has(videoId) || !(await ports.register.canChange(videoId))) continue;
      await (await takeAway(videoId))?.emptied;
    }
  };
  const abandon = async (videoId: VideoId) => {
    log.info({ videoId }, "Forgetting an abandoned upload");
    await remove(videoId);
  };
  const beginWhenComplete = async (videoId: VideoId) => {
    const group = await uploads.byVideo(videoId);
    const complete = group.length > 0 && group.length === group[0]?.groupSize;
    if (complete && group.every(({ phase }) => phase !== "receiving")) enqueue(videoId);
  };

  const statusOf = async (upload: Upload): Promise<UploadStatus> => {
    const isReceiving = upload.phase === "receiving";
    const here = isReceiving
      ? (received.get(upload.id) ?? (await files.facts(upload.id))?.sizeBytes ?? 0)
      : upload.sizeBytes;
    const job = isOver(upload) || isReceiving ? undefined : board.read(upload.videoId);
    const { phase, progress } = job ?? upload;
    const { leftOut, ...figures } = progress;
    const waits = isOver(upload) || isReceiving || ports.canPlace() ? null : TOO_FEW_NODES;
    // Mending goes on when the job has ended.
    const mended = upload.phase === "ready" ? { chunksAtRisk: await catalog.countAtRisk(upload.videoId) } : {};
    return {
      id: upload.id,
      phase,
      videoId: upload.phase === "cancelled" ? null : upload.videoId,
      title: upload.title,
      receivedBytes: Math.min(here, upload.sizeBytes),
      sizeBytes: upload.sizeBytes,
      ...figures,
      ...mended,
      notice: waits ?? job?.notice ?? leftOut,
      failure: upload.failure,
    };
  };

  /** Groups are joined one upload at a time: two first files of a group must not make two videos. */
  let lastAccept: Promise<unknown> = Promise.resolve();
  return {
    accept(upload) {
      const accepted = lastAccept.then(() => acceptUpload(upload, { ...ports, nowMs: clock.wallMs() }));
      lastAccept = accepted.catch(() => undefined);
      return accepted;
    },
    async receiving(uploadId, receivedBytes) {
      received.set(uploadId, receivedBytes);
      const upload = await uploads.byId(uploadId);
      if (upload !== undefined) board.touch(upload.videoId);
    },
    async received(uploadId) {
      received.delete(uploadId);
      await uploads.markReceived(uploadId, clock.wallMs());
      const upload = await uploads.byId(uploadId);
      if (upload === undefined) return;
      board.touch(upload.videoId);
      await beginWhenComplete(upload.videoId);
    },
    async cancel(uploadId) {
      const upload = await uploads.byId(uploadId);
      if (upload === undefined || isOver(upload)) return false;
      received.delete(uploadId);
      return await remove(upload.videoId);
    },
    removeVideo: remove,
    async status(uploadId) {
      const upload = await uploads.byId(uploadId);
      return upload === undefined ? undefined : await statusOf(upload);
    },
    async list() {
      const listed = (await uploads.unfinished(MAX_LISTED)).map(async (upload) => ({
        ...(await statusOf(upload)),
        filename: upload.fileName,
        createdAt: new Date(upload.createdMs).toISOString(),
        canRetry: await canRetry(upload, ports),
      }));
      return { uploads: await Promise.all(listed) };
    },
    async retry(uploadId) {
      const upload = await uploads.byId(uploadId);
      if (upload === undefined) throw new VStackError("not-found", `There is no upload "${uploadId}"`);
      await requireRetry(upload, ports);
      await requireRoom(uploads);
      await uploads.reopen(upload.videoId, clock.wallMs());
      await catalog.clearVideo(upload.videoId);
      enqueue(upload.videoId);
    },
    async watch(uploadId, onChange) {
      const upload = await uploads.byId(uploadId);
      return upload === undefined ? undefined : board.watch(upload.videoId, onChange);
    },
    async resume() {
      for (const videoId of await catalog.removals()) await remove(videoId);
      const open = await uploads.open();
      // The row of an upload is there before its file, also of one that comes in just now.
      await files.removeUnless(async (id) => {
        const upload = await uploads.byId(id);
        return upload !== undefined && (!isOver(upload) || (await canRetry(upload, ports)));
      });
      // A file whose last byte came just before a crash is complete though nobody noted it.
      for (const { id, phase, sizeBytes } of open) {
        const isComplete = (await files.facts(id))?.sizeBytes === sizeBytes;
        if (phase === "receiving" && isComplete) await uploads.markReceived(id, clock.wallMs());
      }
      for (const videoId of new Set(open.map((upload) => upload.videoId))) await beginWhenComplete(videoId);
    },
    async run(signal) {
      const often = async (pauseMs: number, what: string, work: () => Promise<unknown>) => {
        while (!signal.aborted) {
          await work().catch((error: unknown) => {
            log.error({ err: error }, `Cannot ${what}: will try again`);
          });
          await clock.sleep(pauseMs, signal);
        }
      };
      await Promise.all([
        often(SWEEP_MS, "sweep the uploads", () => sweepUploads({ uploads, files, nowMs: clock.wallMs(), abandon })),
        often(REMOVAL_MS, "finish a removal", finishRemovals),
      ]);
    },
    close: () => queue.close(new VStackError("aborted", "The server stops")),
  };
}
