/** How far each running job is, for whoever asks or watches. Lives in memory: the rows keep what must survive. */
import type { VideoId } from "#core/ids.ts";
import type { UploadPhase } from "#wire/contract/upload-api.ts";
import type { Progress } from "./upload-store.ts";

export interface JobState {
  readonly phase: UploadPhase;
  readonly progress: Progress;
  /** Why it does not go on just now; null while it does. */
  readonly notice: string | null;
}

/** Tells what has changed of a job's state. */
export type JobReport = (change: Partial<JobState>) => void;

export interface ProgressBoard {
  read(videoId: VideoId): JobState | undefined;
  /** Changes what is known and tells the watchers. */
  report(videoId: VideoId, state: JobState): void;
  /** Tells the watchers that something else changed, such as received bytes. */
  touch(videoId: VideoId): void;
  /** The job is over; what is known is in the rows. */
  forget(videoId: VideoId): void;
  /** @returns ends the watching */
  watch(videoId: VideoId, onChange: () => void): () => void;
}

export function progressBoard(): ProgressBoard {
  const states = new Map<VideoId, JobState>();
  const watchers = new Map<VideoId, Set<() => void>>();
  const touch = (videoId: VideoId) => {
    for (const onChange of watchers.get(videoId) ?? []) onChange();
  };
  return {
    read: (videoId) => states.get(videoId),
    report(videoId, state) {
      states.set(videoId, state);
      touch(videoId);
    },
    touch,
    forget(videoId) {
      states.delete(videoId);
      touch(videoId);
    },
    watch(videoId, onChange) {
      const own = watchers.get(videoId) ?? new Set();
      watchers.set(videoId, own.add(onChange));
      return () => {
        own.delete(onChange);
        if (own.size === 0) watchers.delete(videoId);
      };
    },
  };
}
