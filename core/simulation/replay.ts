/**
 * Tells the engine again what a recording says that it was told, and compares every command with what it answered then.
 * The same engine answers the same, to the byte: what does not is hidden state, a clock or a chance that is no argument.
 */
import type { EstimateBook } from "../estimate/estimate-book.ts";
import { applyEvent } from "../estimate/estimate-book.ts";
import { chunkBlocks } from "../placement/blocks.ts";
import type { Random } from "../random.ts";
import { seededRandom } from "../random.ts";
import type { Step } from "../schedule/fetch-plan.ts";
import { beginFetch, onEvent } from "../schedule/fetch-plan.ts";
import { codedBlocks } from "../schedule/coded-blocks.ts";
import type { FetchInput, FetchPlan } from "../schedule/plan-state.ts";
import { STRATEGIES_BY_NAME } from "../schedule/strategies.ts";
import type { RecordedInput, RecordedNote, Recording } from "./recording.ts";
import { bookOfRecord } from "./recording.ts";

export interface Replay {
  readonly fetches: number;
  readonly steps: number;
  readonly commands: number;
  /** The first step that was answered otherwise; null when all are the same. */
  readonly difference: Difference | null;
}

export interface Difference {
  /** Index of the note. */
  readonly note: number;
  readonly fetch: number;
  /** Commands as JSON. */
  readonly recorded: string;
  readonly replayed: string;
}

interface Running {
  readonly plan: FetchPlan;
  readonly random: Random;
}

/** Replays to the end, or to the first difference: what comes behind it would be told to another plan. */
export function replayRecording({ book: first, notes }: Recording): Replay {
  let book = bookOfRecord(first);
  const running = new Map<number, Running>();
  const counts = { fetches: 0, steps: 0, commands: 0 };
  for (const [index, note] of notes.entries()) {
    if (note.is === "estimate") {
      book = applyEvent(book, note.event);
      continue;
    }
    const random = note.is === "begin" ? seededRandom(note.seed) : running.get(note.fetch)?.random;
    const step = random === undefined ? undefined : answer(note, running.get(note.fetch)?.plan, { book, random });
    const [recorded, replayed] = [JSON.stringify(note.commands), JSON.stringify(step?.commands ?? "no such fetch")];
    if (random === undefined || step === undefined || recorded !== replayed) {
      return { ...counts, difference: { note: index, fetch: note.fetch, recorded, replayed } };
    }
    running.set(note.fetch, { plan: step.plan, random });
    counts.fetches += note.is === "begin" ? 1 : 0;
    counts.steps += 1;
    counts.commands += step.commands.length;
  }
  return { ...counts, difference: null };
}

type StepOf = Exclude<RecordedNote, { readonly is: "estimate" }>;

function answer(
  note: StepOf,
  plan: FetchPlan | undefined,
  world: { readonly book: EstimateBook; readonly random: Random },
): Step | undefined {
  const context = { ...world, nowMs: note.nowMs };
  if (note.is === "begin") return beginFetch(fetchInput(note.input), context);
  return plan === undefined ? undefined : onEvent(plan, note.event, context);
}

function fetchInput({ sizeBytes, blockSizeBytes, code, ...input }: RecordedInput): FetchInput {
  const strategy = STRATEGIES_BY_NAME[input.strategy];
  if (code === undefined) return { ...input, blocks: chunkBlocks(sizeBytes, blockSizeBytes), strategy };
  const coded = codedBlocks(code, sizeBytes, blockSizeBytes);
  return { ...input, blocks: coded.blocks, coded, strategy };
}
