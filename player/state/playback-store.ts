/**
 * What one player is doing, as frozen snapshots: its element publishes, the band, the overlay and the page's interface
 * read. Also the list of players on this page.
 */
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import type { PlacedSegment, Quality, Track } from "../watch/hls-engine.ts";

/** Segments remembered as loaded: more than a day's film has. The oldest go first. */
const MAX_PLACED = 22_000;

export interface Playback {
  readonly session: string;
  readonly strategy: StrategyName;
  readonly durationSeconds: number;
  readonly positionSeconds: number;
  readonly bufferedAheadSeconds: number;
  /** Time ranges in the buffer, [start, end) in seconds. */
  readonly buffered: readonly (readonly [number, number])[];
  readonly isPlaying: boolean;
  readonly qualities: readonly Quality[];
  /** Chosen by the viewer; -1 is automatic. */
  readonly chosenQuality: number;
  /** Being shown; -1 before the first frame. */
  readonly shownQuality: number;
  readonly audioTracks: readonly Track[];
  readonly shownAudio: number;
  readonly subtitleTracks: readonly Track[];
  /** -1 without captions. */
  readonly shownSubtitles: number;
  readonly estimateBitsPerSecond: number | null;
  /** In the order of loading. */
  readonly placed: readonly PlacedSegment[];
  /** Who answered for the last segment: `worker` or `gateway`; null before the first. */
  readonly servedBy: string | null;
  /** The network is being tried again, and why. */
  readonly trouble: string | undefined;
  readonly failure: string | undefined;
}

/** Whether the quality stays as it is: there is one, or the viewer chose one. */
export function isQualityFixed({ qualities, chosenQuality }: Playback): boolean {
  return chosenQuality !== -1 || qualities.length === 1;
}

export class PlaybackStore {
  readonly #listeners = new Set<() => void>();
  #playback: Playback;

  constructor(session: string, strategy: StrategyName) {
    this.#playback = Object.freeze({
      ...{ session, strategy, durationSeconds: 0, positionSeconds: 0, bufferedAheadSeconds: 0, buffered: [] },
      ...{ isPlaying: false, qualities: [], chosenQuality: -1, shownQuality: -1, estimateBitsPerSecond: null },
      ...{ audioTracks: [], shownAudio: -1, subtitleTracks: [], shownSubtitles: -1 },
      ...{ placed: [], servedBy: null, trouble: undefined, failure: undefined },
    });
  }

  get playback(): Playback {
    return this.#playback;
  }

  change(parts: Partial<Playback>): void {
    this.#playback = Object.freeze({ ...this.#playback, ...parts });
    for (const listener of [...this.#listeners]) listener();
  }

  addPlaced(segment: PlacedSegment): void {
    this.change({ placed: [...this.#playback.placed, segment].slice(-MAX_PLACED) });
  }

  /** Calls back at every change, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Players on this page now, in the order in which they came. */
export const pagePlayers = new Set<PlaybackStore>();
/** Sessions of all players that this page ever had: their traces stay of interest when they are gone. */
export const pageSessions = new Set<string>();

/** Puts a player on the list until `signal`. */
export function listPlayer(store: PlaybackStore, signal: AbortSignal): void {
  pagePlayers.add(store);
  pageSessions.add(store.playback.session);
  signal.addEventListener("abort", () => pagePlayers.delete(store));
}
