/**
 * From the place of a slider to a value and back. Rates by equal factors, delays and losses finer near nothing, as that is
 * where a difference is felt. Values are rounded as people say them.
 */
import { UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";

/** Sliders stand on whole places from 0 to this. */
export const LAST_PLACE = 100;

export interface SliderScale {
  /** @param place 0..{@link LAST_PLACE} */
  valueAt(place: number): number;
  /** The nearest place; values beyond the ends stand there. */
  placeOf(value: number): number;
}

const MEGABIT = 1_000_000 / 8;
const LEAST_RATE = 0.1 * MEGABIT;
/** The fastest path that was measured to be delivered as ordered (docs/emulation.md). */
const MOST_RATE = 200 * MEGABIT;
/** The last place is without a limit. */
const FASTEST_PLACE = LAST_PLACE - 1;

/** Bytes per second. */
export const RATE_SCALE: SliderScale = {
  valueAt: (place) =>
    place > FASTEST_PLACE
      ? UNLIMITED_BYTES_PER_SECOND
      : twoDigits((LEAST_RATE * (MOST_RATE / LEAST_RATE) ** (place / FASTEST_PLACE)) / MEGABIT) * MEGABIT,
  placeOf: (value) => {
    if (value > MOST_RATE) return LAST_PLACE;
    return within(FASTEST_PLACE, (FASTEST_PLACE * Math.log(value / LEAST_RATE)) / Math.log(MOST_RATE / LEAST_RATE));
  },
};

/** Milliseconds. */
export const ROUND_TRIP_SCALE = squareScale(2000, 1);
export const JITTER_SCALE = squareScale(500, 1);
/** 0..1 */
export const LOSS_SCALE = squareScale(0.3, 0.001);

function squareScale(most: number, grain: number): SliderScale {
  return {
    valueAt: (place) => {
      const grains = twoDigits((most * (place / LAST_PLACE) ** 2) / grain);
      return Number((Math.round(grains) * grain).toPrecision(6));
    },
    placeOf: (value) => within(LAST_PLACE, LAST_PLACE * Math.sqrt(value / most)),
  };
}

function within(last: number, place: number): number {
  return Math.round(Math.min(last, Math.max(0, place)));
}

function twoDigits(value: number): number {
  return Number(value.toPrecision(2));
}
