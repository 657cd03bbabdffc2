/** One run of a video's job, from received files to its end: ready, failed, or stopped to be begun again or removed. */
import type { VideoId } from "#core/ids.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { UploadPhase } from "#wire/contract/upload-api.ts";
import type { IngestPorts } from "./ingest-ports.ts";
import type { ProgressBoard } from "./progress-board.ts";
import { DRAIN_DEADLINE_MS, giveUpChunks } from "./remove-video.ts";
import { isPassing } from "./retry-upload.ts";
import { storeVideo } from "./store-video.ts";
import { uploadFailure } from "./upload-failure.ts";
import type { Progress, Upload, UploadFailure } from "./upload-store.ts";
import { isOver, NO_PROGRESS } from "./upload-store.ts";

export interface UploadJobPorts extends IngestPorts {
  readonly board: ProgressBoard;
}

/** @returns runs the job of a video; never rejects */
export function uploadJob(ports: UploadJobPorts): (videoId: VideoId, signal: AbortSignal) => Promise<void> {
  const { board, log } = ports;
  return async (videoId, signal) => {
    try {
      await runJob(videoId, ports, signal);
    } catch (error) {
      // Stopped from outside: whoever stopped it removes the video, or begins it again at the next start.
      if (signal.aborted) return;
      log.warn({ videoId, err: error }, "Cannot store a video");
      await failJob(videoId, uploadFailure(error), ports).catch((failing: unknown) => {
        log.error({ videoId, err: failing }, "Cannot end a failed job: it is begun again at the next start");
      });
    } finally {
      board.forget(videoId);
    }
  };
}

async function runJob(videoId: VideoId, ports: UploadJobPorts, signal: AbortSignal): Promise<void> {
  const { board, catalog, uploads } = ports;
  const files = await uploads.byVideo(videoId);
  const video = await catalog.video(videoId);
  if (video === undefined || files.every(isOver)) return;
  let phase: UploadPhase = "waiting";
  let progress: Progress = NO_PROGRESS;
  const report = (change: { phase?: UploadPhase; progress?: Progress }) => {
    phase = change.phase ?? phase;
    progress = change.progress ?? progress;
    board.report(videoId, { phase, progress });
  };
  report({});
  if (video.state !== "ready") {
    await ports.enoughNodes(signal);
    await requireWhole(files, ports);
    // Whatever an interrupted run has decided is decided anew; its intents stand until the end.
    await ports.register.removeByVideo(videoId);
    await catalog.clearVideo(videoId);
    const { title, createdAt } = video;
    const sources = files.map(({ id, fileName }) => ({ path: ports.files.pathOf(id), fileName }));
    const stored = await storeVideo({ videoId, title, createdAt, sources, signal, report }, ports);
    signal.throwIfAborted();
    await catalog.finishVideo(videoId, stored);
  }
  await ports.releases.settle(videoId, ports.register, ports.clock.wallMs());
  await endUploads(videoId, { phase: "ready", failure: null, progress }, ports);
}

async function failJob(videoId: VideoId, failure: UploadFailure, ports: UploadJobPorts): Promise<void> {
  await giveUpChunks(videoId, { ...ports, wallMs: () => ports.clock.wallMs() });
  await ports.catalog.failVideo(videoId, failure.message);
  // Whoever reads "failed" finds nothing left on the nodes, as far as they can be reached.
  await ports.releaseLoop.drain(AbortSignal.timeout(DRAIN_DEADLINE_MS));
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
