/**
 * Which qualities a video is encoded to. Chosen from the source, never larger than it; the bitrate is a ceiling, the
 * encoder spends less where the picture is simple.
 */

/** When a source that plays as it is gets qualities besides; decision 0008. */
export const LADDER_SETTINGS = ["auto", "always", "off"] as const;
export type LadderSetting = (typeof LADDER_SETTINGS)[number];

/** One quality. */
export interface Rung {
  /** Even, as 4:2:0 wants. Pixels. */
  readonly width: number;
  readonly height: number;
  readonly maxBitsPerSecond: number;
}

/** Measured on the short side, so that a film held upright is as sharp as one held across. Pixels. */
const SHORT_SIDES = [1080, 720, 480, 240] as const;
export const LARGEST_SHORT_SIDE = SHORT_SIDES[0];
export const SMALLEST_SHORT_SIDE = SHORT_SIDES[3];
/** Of a panorama the long side decides: decoders have limits. Pixels. */
const LARGEST_LONG_SIDE = 3840;
/** A rung this close below another is not worth its bytes. */
const NEAREST_RATIO = 1.2;
/** 240p is 426 by 240. */
const REFERENCE_PIXELS = 102_240;
const REFERENCE_BITS_PER_SECOND = 450_000;
/** Neighbouring pixels say the same, so rate grows slower than the picture: 2.8 Mbit/s at 720p, 5.6 at 1080p. */
const RATE_EXPONENT = 0.84;
/** Twice the frames are less than twice the news. */
const FAST_RATE_FACTOR = 1.4;
const FAST_RATE = 40;

/**
 * The qualities of a source, best first; at least one.
 *
 * @param picture as shown, in pixels, and its frames per second
 * @param isWhole false: the best one alone
 */
export function ladderOf(
  picture: { readonly width: number; readonly height: number; readonly frameRate: number },
  isWhole: boolean,
): Rung[] {
  const sourceSide = Math.min(picture.width, picture.height);
  const ratio = Math.max(picture.width, picture.height) / sourceSide;
  const top = Math.min(sourceSide, LARGEST_SHORT_SIDE, LARGEST_LONG_SIDE / ratio);
  const lower = isWhole ? SHORT_SIDES.filter((side) => side * NEAREST_RATIO <= top) : [];
  return [top, ...lower].map((side) => {
    const width = evenPixels((picture.width * side) / sourceSide);
    const height = evenPixels((picture.height * side) / sourceSide);
    return { width, height, maxBitsPerSecond: bitsPerSecondFor(width * height, picture.frameRate) };
  });
}

function evenPixels(pixels: number): number {
  return Math.max(2, 2 * Math.floor(pixels / 2 + 0.25));
}

function bitsPerSecondFor(pixels: number, frameRate: number): number {
  const rate = REFERENCE_BITS_PER_SECOND * (pixels / REFERENCE_PIXELS) ** RATE_EXPONENT;
  return 1000 * Math.round((rate * (frameRate > FAST_RATE ? FAST_RATE_FACTOR : 1)) / 1000);
}
