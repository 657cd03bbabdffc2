/**
 * A whole play of the simulator, kept frame by frame, so that a person may step back as well as forward: a frame is what
 * stands after one step in which something was seen. Everything follows from the setup; to act is to record again.
 */
import type { SimulationEvent } from "#core/simulation/consensus/events.ts";
import type { PlaySetup, PlayView, TimedAction } from "#core/simulation/consensus/playground.ts";
import { Playground } from "#core/simulation/consensus/playground.ts";
import type { UserAction } from "#core/simulation/consensus/user-actions.ts";
import { hash32 } from "#core/text-hash.ts";

export interface Frame {
  readonly view: PlayView;
  /** Events of the log up to and with this frame. */
  readonly eventCount: number;
}

export interface Recording {
  readonly setup: PlaySetup;
  readonly events: readonly SimulationEvent[];
  /** The first one is before the first step; 2001 at most. */
  readonly frames: readonly Frame[];
  /** Eight hexadecimal digits that name the log: the same setup has the same everywhere. */
  readonly hash: string;
}

/** Plays a setup to its end. Steps in which nothing is to be seen (a deadline that nobody waits for) have no frame. */
export function record(setup: PlaySetup): Recording {
  const playground = new Playground(setup);
  const frames: Frame[] = [];
  const keep = () => {
    const eventCount = playground.events.length;
    const last = frames.at(-1);
    if (last === undefined || eventCount > last.eventCount) frames.push({ view: playground.view, eventCount });
  };
  keep();
  while (playground.step()) keep();
  const hash = hash32(JSON.stringify(playground.events)).toString(16).padStart(8, "0");
  return { setup, events: playground.events, frames, hash };
}

/** The frame, within bounds. */
export function frameAt({ frames }: Recording, at: number): Frame {
  const frame = frames[Math.min(Math.max(0, at), frames.length - 1)];
  if (frame === undefined) throw new RangeError("Cannot show a recording without frames");
  return frame;
}

/** What happened from the frame before to this one. */
export function eventsOfFrame(recording: Recording, at: number): readonly SimulationEvent[] {
  const from = at === 0 ? 0 : frameAt(recording, at - 1).eventCount;
  return recording.events.slice(from, frameAt(recording, at).eventCount);
}

/** Number of the frame in which an event happened. */
export function frameOfEvent({ frames }: Recording, index: number): number {
  const found = frames.findIndex(({ eventCount }) => eventCount > index);
  return found === -1 ? frames.length - 1 : found;
}

/** Number of the first frame behind `at` in which such an event happened; -1 when there is none. */
export function nextFrameWith(recording: Recording, at: number, kinds: readonly SimulationEvent["kind"][]): number {
  const from = frameAt(recording, at).eventCount;
  const found = recording.events.findIndex(({ index, kind }) => index >= from && kinds.includes(kind));
  return found === -1 ? -1 : frameOfEvent(recording, found);
}

/** The setup in which a person acts at this frame: what was planned for later steps is forgotten. */
export function withAction(recording: Recording, at: number, action: UserAction): PlaySetup {
  const afterStep = frameAt(recording, at).view.step;
  const kept = recording.setup.actions.filter((timed) => timed.afterStep <= afterStep);
  const added: TimedAction = { afterStep, action };
  return { ...recording.setup, actions: [...kept, added] };
}
