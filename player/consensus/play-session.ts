/**
 * One person's play: the recording, the frame that is shown, whether it plays, and the address that says all of it. Whoever
 * acts in the midst of a play begins another branch; the browser's Back leads to the one before.
 */
import type { PlaySetup } from "#core/simulation/consensus/playground.ts";
import type { UserAction } from "#core/simulation/consensus/user-actions.ts";
import { MAX_ACTIONS, parseQuery, queryOf } from "./play-address.ts";
import type { PlayWish } from "./play-wish.ts";
import type { Recording } from "./recording.ts";
import { eventsOfFrame, frameAt, nextFrameWith, record, withAction } from "./recording.ts";

export const SPEEDS = [1, 2, 4, 10] as const;
const USUAL_SPEED = 2;
/** Browsers refuse an address that changes more often than some ten times a second. */
const ADDRESS_PAUSE_MS = 250;

export interface PlayState {
  readonly recording: Recording;
  /** Number of the frame. */
  readonly at: number;
  readonly isPlaying: boolean;
  readonly stepsPerSecond: number;
  /** Number of the message that is lit in every view. */
  readonly selected: number | null;
}

export class PlaySession {
  #state: PlayState;
  readonly #onChange: (state: PlayState, words: string) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #address: ReturnType<typeof setTimeout> | undefined;

  /** @param onChange is told what to say aloud, too; nothing while it plays, but for decisions */
  constructor(onChange: (state: PlayState, words: string) => void, signal: AbortSignal) {
    this.#onChange = onChange;
    this.#state = fromAddress();
    window.addEventListener("popstate", () => this.#reopen(), { signal });
    signal.addEventListener("abort", () => {
      clearInterval(this.#timer);
      clearTimeout(this.#address);
    });
  }

  get state(): PlayState {
    return this.#state;
  }

  obey(wish: PlayWish): void {
    const { recording, at } = this.#state;
    switch (wish.want) {
      case "go":
        this.#pause();
        this.#go(wish.at);
        return;
      case "play":
        if (this.#state.isPlaying) this.#pause();
        else this.#play();
        return;
      case "speed":
        this.#change({ stepsPerSecond: wish.stepsPerSecond });
        if (this.#state.isPlaying) this.#play();
        return;
      case "next decision": {
        this.#pause();
        const next = nextFrameWith(recording, at, ["decide", "violation"]);
        this.#go(next === -1 ? recording.frames.length - 1 : next);
        return;
      }
      case "act":
        this.#act(wish.action);
        return;
      case "select":
        if (wish.message !== this.#state.selected) this.#change({ selected: wish.message });
    }
  }

  /** Another scenario, seed or rule, from its beginning. */
  open(setup: PlaySetup): void {
    this.#pause();
    this.#change({ recording: record(setup), at: 0, selected: null });
    this.#writeAddress("push");
  }

  /** Stands still and leaves the address to others. */
  rest(): void {
    this.#pause();
    clearTimeout(this.#address);
  }

  #act(action: UserAction): void {
    const { recording, at } = this.#state;
    if (recording.setup.actions.length >= MAX_ACTIONS) return;
    this.#pause();
    const before = frameAt(recording, at).eventCount;
    const branch = record(withAction(recording, at, action));
    this.#change({ recording: branch }, frameAt(branch, at).eventCount > before ? this.#words(branch, at) : "");
    this.#writeAddress("push");
  }

  #play(): void {
    clearInterval(this.#timer);
    const { recording, at, stepsPerSecond } = this.#state;
    const last = recording.frames.length - 1;
    this.#change({ isPlaying: true, at: at === last ? 0 : at });
    this.#timer = setInterval(() => {
      const next = this.#state.at + 1;
      if (next <= last) this.#change({ at: next }, this.#milestone(next));
      if (next >= last) this.#pause();
    }, 1000 / stepsPerSecond);
  }

  #pause(): void {
    clearInterval(this.#timer);
    if (!this.#state.isPlaying) return;
    this.#change({ isPlaying: false });
    this.#writeAddress("replace");
  }

  #go(wanted: number): void {
    const { recording, at: before } = this.#state;
    const at = Math.min(Math.max(0, wanted), recording.frames.length - 1);
    if (at === before) return;
    this.#change({ at }, this.#words(recording, at));
    this.#writeAddress("replace");
  }

  #words(recording: Recording, at: number): string {
    const texts = eventsOfFrame(recording, at).map(({ text }) => text);
    return `Step ${at}. ${texts.join(". ")}`;
  }

  #milestone(at: number): string {
    const { recording } = this.#state;
    const told = eventsOfFrame(recording, at).filter(({ kind }) => kind === "decide" || kind === "violation");
    return told.map(({ text }) => text).join(". ");
  }

  #change(parts: Partial<PlayState>, words = ""): void {
    this.#state = { ...this.#state, ...parts };
    this.#onChange(this.#state, words);
  }

  #writeAddress(how: "push" | "replace"): void {
    clearTimeout(this.#address);
    const write = () => {
      const { recording, at } = this.#state;
      const address = `${location.pathname}?${queryOf({ setup: recording.setup, at })}`;
      if (how === "push") history.pushState(null, "", address);
      else history.replaceState(null, "", address);
    };
    if (how === "push") write();
    else this.#address = setTimeout(write, ADDRESS_PAUSE_MS);
  }

  #reopen(): void {
    this.#pause();
    clearTimeout(this.#address);
    const { recording, at } = fromAddress();
    this.#change({ recording, at, selected: null });
  }
}

function fromAddress(): PlayState {
  const { setup, at } = parseQuery(location.search);
  const recording = record(setup);
  const bounded = Math.min(at, recording.frames.length - 1);
  return { recording, at: bounded, isPlaying: false, stepsPerSecond: USUAL_SPEED, selected: null };
}
