/**
 * A picture for a video that has none: layered bands whose hue, tilt and rhythm come from the id alone, so that a video
 * keeps its picture and neighbours differ.
 */
import { seededRandom } from "#core/random.ts";

export interface Placeholder {
  /** CSS `background`. */
  readonly background: string;
  /** One or two letters of the title. */
  readonly letters: string;
}

export function placeholderOf(id: string, title: string): Placeholder {
  const random = seededRandom(seedOf(id));
  const hue = Math.floor(random() * 360);
  const tilt = 110 + Math.floor(random() * 60);
  const layers = Array.from({ length: 3 }, (_, index) => {
    const from = Math.floor(random() * 60) + index * 8;
    const width = 8 + Math.floor(random() * 22);
    const light = `hsl(${(hue + index * 24) % 360} 60% ${70 - index * 10}% / 0.34)`;
    return `linear-gradient(${tilt + index * 7}deg, transparent ${from}%, ${light} ${from}% ${from + width}%, transparent ${from + width}%)`;
  });
  const ground = `linear-gradient(${tilt}deg, hsl(${hue} 46% 30%), hsl(${(hue + 46) % 360} 52% 20%))`;
  return { background: [...layers, ground].join(", "), letters: lettersOf(title) };
}

function lettersOf(title: string): string {
  const words = title.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const [first, second] = words.map((word) => /^./u.exec(word)?.[0] ?? "");
  return `${first ?? ""}${second ?? ""}`.toUpperCase();
}

function seedOf(id: string): number {
  let seed = 0;
  for (const character of id) seed = (Math.imul(seed, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return seed;
}
