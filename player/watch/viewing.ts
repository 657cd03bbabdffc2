/** When a viewing counts: two seconds were really watched, seeks and pauses not included. Pure. */

const VIEW_AFTER_SECONDS = 2;
/** A longer step between two looks at the clock is a seek or a sleeping page, not watching. */
const LONGEST_STEP_SECONDS = 1.5;

export interface Viewing {
  readonly watchedSeconds: number;
  readonly lastSeconds: number | null;
}

export const NEW_VIEWING: Viewing = { watchedSeconds: 0, lastSeconds: null };

/** Takes the playing position at one look at the clock. */
export function watchedTo(viewing: Viewing, positionSeconds: number, isPlaying: boolean): Viewing {
  const step = viewing.lastSeconds === null ? 0 : positionSeconds - viewing.lastSeconds;
  const counts = isPlaying && step > 0 && step <= LONGEST_STEP_SECONDS;
  return { watchedSeconds: viewing.watchedSeconds + (counts ? step : 0), lastSeconds: positionSeconds };
}

export function viewingCounts(viewing: Viewing): boolean {
  return viewing.watchedSeconds >= VIEW_AFTER_SECONDS;
}
