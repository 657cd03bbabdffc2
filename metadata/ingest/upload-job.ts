/** One run of a video's job, from received files to its end: ready, failed, or stopped to be begun again or removed. */
import { setMaxListeners } from "node:events";
import type { VideoId } from "#core/ids.ts";
import { REPLICA_COUNT } from "#core/placement/record.ts";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { UploadPhase } from "#wire/contract/upload-api.ts";
import type { IngestPorts } from "./ingest-ports.ts";
import type { JobPlace } from "./job-queue.ts";
import type { JobReport, JobState, ProgressBoard } from "./progress-board.ts";
import { DRAIN_DEADLINE_MS, giveUpChunks, removeLeftovers } from "./remove-video.ts";
import { isPassing } from "./retry-upload.ts";
import { CHUNKS_IN_FLIGHT } from "./store-pieces.ts";
import { storeVideo } from "./store-video.ts";
import type { Turns } from "./turns.ts";
import { uploadFailure } from "./upload-failure.ts";
import type { Progress, Upload, UploadFailure } from "./upload-store.ts";
import { isOver, NO_PROGRESS } from "./upload-store.ts";

/** Copies under way wait for a job's end, and a few others; Node warns of a leak from the eleventh on. */
const MAX_END_LISTENERS = 2 * CHUNKS_IN_FLIGHT * REPLICA_COUNT;

export interface UploadJobPorts extends IngestPorts {
  readonly board: ProgressBoard;
  /** Encoding takes all cores: one video at a time. */
  readonly encoding: Turns;
}

/** @returns runs the job of a video; never rejects */
export function uploadJob(ports: UploadJobPorts): (videoId: VideoId, place: JobPlace) => Promise<void> {
  const { board, log } = ports;
  return async (videoId, place) => {
    try {
      await runJob(videoId, ports, place);
    } catch (error) {
      // Stopped from outside: whoever stopped it removes the video, or begins it again at the next start.
      if (place.signal.aborted) return;
      log.warn({ videoId, err: error }, "Cannot store a video");
      await failJob(videoId, uploadFailure(error), ports).catch((failing: unknown) => {
        log.error({ videoId, err: failing }, "Cannot end a failed job: it is begun again at the next start");
      });
    } finally {
      board.forget(videoId);
    }
  };
}

async function runJob(videoId: VideoId, ports: UploadJobPorts, place: JobPlace): Promise<void> {
  const { board, catalog, uploads } = ports;
  const { signal } = place;
  setMaxListeners(MAX_END_LISTENERS, signal);
  const files = await uploads.byVideo(videoId);
  const video = await catalog.video(videoId);
  if (video === undefined || files.every(isOver)) return;
  let state: JobState = { phase: "waiting", progress: NO_PROGRESS, notice: null };
  let leftOut: string | null = null;
  const report: JobReport = (change) => {
    state = { ...state, ...change };
    board.report(videoId, state);
  };
  report({});
  if (video.state !== "ready") {
    await ports.enoughNodes(signal);
    await requireWhole(files, ports);
    // Whatever an interrupted run, or another way, has decided is replaced; its intents stand until the end.
    const startOver = () => catalog.clearVideo(videoId);
    await startOver();
    const { title, createdAt } = video;
    const sources = files.map(({ id, fileName }) => ({ path: ports.files.pathOf(id), fileName }));
    const takeEncodingTurn = () => takeTurn(ports.encoding, place, report);
    const job = { videoId, title, createdAt, sources, signal, report, takeEncodingTurn };
    const stored = await storeVideo(job, {
      ...ports,
      startOver,
      removeLeftovers: () => removeLeftovers(videoId, ports),
    });
    signal.throwIfAborted();
    await catalog.finishVideo(videoId, stored);
    leftOut = stored.leftOut;
  }
  await ports.releases.settle(videoId, ports.register, ports.clock.wallMs());
  const chosen = files.find(({ redundancy }) => redundancy !== "auto");
  if (chosen !== undefined) await ports.chooseForm(videoId, chosen.redundancy);
  await endUploads(videoId, { phase: "ready", failure: null, progress: { ...state.progress, leftOut } }, ports);
}

async function takeTurn(encoding: Turns, { signal, stepAside }: JobPlace, report: JobReport): Promise<() => void> {
  stepAside();
  if (encoding.isTaken()) report({ notice: "Waiting for its turn: another video is being re-encoded" });
  const endTurn = await encoding.take(signal);
  report({ notice: null });
  return endTurn;
}

async function failJob(videoId: VideoId, failure: UploadFailure, ports: UploadJobPorts): Promise<void> {
  // A video that can be tried again keeps its registers: what was emptied can never be set again.
  const keepsRegisters = isPassing(failure);
  await giveUpChunks(videoId, { ...ports, keepsRegisters, wallMs: () => ports.clock.wallMs() });
  await ports.catalog.failVideo(videoId, failure.message);
  // Whoever reads "failed" finds nothing left on the nodes, as far as they can be reached.
  await ports.releaseLoop.drain(deadlineSignal(DRAIN_DEADLINE_MS));
  await endUploads(videoId, { phase: "failed", failure, progress: NO_PROGRESS }, ports);
}

async function endUploads(
  videoId: VideoId,
  end: { phase: UploadPhase; failure: UploadFailure | null; progress: Progress },
  { uploads, files, clock }: UploadJobPorts,
): Promise<void> {
  await uploads.step(videoId, { ...end, nowMs: clock.wallMs() });
  // For a retry; the sweep deletes them in the end.
  if (end.failure !== null && isPassing(end.failure)) return;
  for (const { id } of await uploads.byVideo(videoId)) await files.remove(id);
}

/** A crash of the machine may have cost the end of a file that was not on the disk yet. */
async function requireWhole(uploads: readonly Upload[], { files }: UploadJobPorts): Promise<void> {
  for (const { id, fileName, sizeBytes } of uploads) {
    const here = (await files.facts(id))?.sizeBytes ?? 0;
    if (here === sizeBytes) continue;
    throw new VStackError(
      "gone",
      `Cannot store "${fileName}" as ${here} of its ${sizeBytes} bytes are left: upload it again`,
    );
  }
}
