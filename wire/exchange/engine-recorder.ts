/**
 * Records what the engine of a program is told and answers (core/simulation/recording.ts): every estimate event, and every
 * step of every fetch that began since. Until it is started it keeps nothing and costs nothing.
 */
import type { EstimateBook, EstimateEvent } from "#core/estimate/estimate-book.ts";
import type { RecordedNote } from "#core/simulation/recording.ts";
import { recordBook } from "#core/simulation/recording.ts";
import type { EngineRecording } from "#wire/contract/engine-recording.ts";
import { MAX_RECORDING_NOTES, RECORDING_SCHEMA } from "#wire/contract/engine-recording.ts";
import { VERSION } from "#wire/contract/version.ts";
import type { EstimateStore, SegmentFetchPorts, StepNote } from "./segment-fetch.ts";

export interface EngineRecorder {
  /** Begins a new recording; one before it is forgotten. */
  start(book: EstimateBook, wallMs: number): void;
  /** What there is of it; undefined when none was started. */
  recording(): EngineRecording | undefined;
  /** The store, with everything that it is told recorded. */
  over(estimates: EstimateStore): EstimateStore;
  readonly onStep: NonNullable<SegmentFetchPorts["onStep"]>;
}

type Begun = Pick<EngineRecording, "book" | "startedAtMs">;

export function engineRecorder(): EngineRecorder {
  let begun: Begun | undefined;
  let notes: RecordedNote[] = [];
  let isWhole = true;
  /** Numbers of the fetches that began since the start, by their traces. */
  const fetches = new Map<string, number>();

  function note(next: RecordedNote): void {
    if (notes.length < MAX_RECORDING_NOTES) notes.push(next);
    else isWhole = false;
  }

  function onEstimate(event: EstimateEvent): void {
    if (begun !== undefined && isWhole) note({ is: "estimate", event });
  }

  function onStep(step: StepNote): void {
    if (begun === undefined || !isWhole) return;
    const { traceId, nowMs, commands } = step;
    if ("began" in step) {
      const fetch = fetches.size;
      fetches.set(traceId, fetch);
      note({ is: "begin", fetch, nowMs, seed: step.seed, input: step.began, commands });
      return;
    }
    const fetch = fetches.get(traceId);
    if (fetch !== undefined) note({ is: "event", fetch, nowMs, event: step.event, commands });
  }

  return {
    start(book, wallMs) {
      // Books are values: what the program believes later is another one.
      begun = { book: recordBook(book), startedAtMs: wallMs };
      notes = [];
      isWhole = true;
      fetches.clear();
    },
    recording: () =>
      begun === undefined
        ? undefined
        : { schema: RECORDING_SCHEMA, version: VERSION, ...begun, isWhole, notes: [...notes] },
    over: (estimates) => ({
      read: () => estimates.read(),
      apply(event) {
        onEstimate(event);
        estimates.apply(event);
      },
    }),
    onStep,
  };
}
