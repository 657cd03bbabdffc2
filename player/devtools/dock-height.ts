/** Height of the docked panel: enough to read, and never so much that the picture is gone. Pure. */

const LEAST_PX = 180;
/** Share of the window that the panel may take. */
const MOST_SHARE = 0.75;
/** One press of an arrow key on the handle. */
export const HEIGHT_STEP_PX = 32;

/** The wanted height within its bounds; what is no number becomes the least. */
export function clampedHeight(wantedPx: number, windowPx: number): number {
  const mostPx = Math.max(LEAST_PX, Math.floor(windowPx * MOST_SHARE));
  return Number.isNaN(wantedPx) ? LEAST_PX : Math.round(Math.min(Math.max(wantedPx, LEAST_PX), mostPx));
}
