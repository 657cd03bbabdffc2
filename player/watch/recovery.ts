/**
 * What to do after a fatal error of the playback library: try again after a pause, rebuild the decoder, or give up and
 * say so. Pure; hls-engine.ts acts. Playback goes on from the buffer while the network is tried again.
 */

export type PlaybackFault = "network" | "media" | "other";

export interface RecoveryState {
  readonly networkTries: number;
  readonly mediaTries: number;
}

export type RecoveryAct =
  | { readonly do: "load-again"; readonly afterMs: number }
  | { readonly do: "rebuild-decoder" }
  | { readonly do: "give-up" };

export const FRESH_RECOVERY: RecoveryState = { networkTries: 0, mediaTries: 0 };

/** 0.5 + 1 + 2 + 4 + 9 x 8 s: a metadata server that is away for a minute is waited for. */
export const MAX_NETWORK_TRIES = 13;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
/** A decoder that fails three times on the same bytes will fail again. */
export const MAX_MEDIA_TRIES = 3;

export function afterFault(
  state: RecoveryState,
  fault: PlaybackFault,
): { readonly state: RecoveryState; readonly act: RecoveryAct } {
  if (fault === "network" && state.networkTries < MAX_NETWORK_TRIES) {
    const afterMs = Math.min(FIRST_PAUSE_MS * 2 ** state.networkTries, LONGEST_PAUSE_MS);
    return { state: { ...state, networkTries: state.networkTries + 1 }, act: { do: "load-again", afterMs } };
  }
  if (fault === "media" && state.mediaTries < MAX_MEDIA_TRIES) {
    return { state: { ...state, mediaTries: state.mediaTries + 1 }, act: { do: "rebuild-decoder" } };
  }
  return { state, act: { do: "give-up" } };
}
