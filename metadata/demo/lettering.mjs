/**
 * The alphabet of the demo video: rounded letters drawn with one pen, so that the picture is the same on every
 * machine and no font file is needed. Units: 20 to the em, baseline 0, small letters 10 high, capitals 14, y upwards.
 *
 * A letter is a string of pen commands: `M x y` lift and move, `L x y` line, `A cx cy rx ry from to` elliptic arc in
 * degrees (joined by a line to where the pen is), `D x y` dot.
 */

const bowl = "A 4.6 5 4.6 5 0 360";

const letters = {
  a: `${bowl} M 9.2 10 L 9.2 0`,
  b: `M 0 14 L 0 0 M 9.2 5 ${bowl}`,
  c: "A 4.6 5 4.6 5 48 312",
  d: `${bowl} M 9.2 14 L 9.2 0`,
  e: "M 0.2 5 L 9.2 5 A 4.6 5 4.6 5 0 315",
  f: "M 1.8 0 L 1.8 11 A 4.8 11 3 3 180 80 M -0.2 9.4 L 4.8 9.4",
  g: `${bowl} M 9.2 10 L 9.2 0.2 A 4.6 0.2 4.6 4.4 0 -145`,
  h: "M 0 14 L 0 0 M 0 5.8 A 4.2 5.8 4.2 4.2 180 0 L 8.4 0",
  i: "M 0 10 L 0 0 D 0 13.7",
  j: "M 2 10 L 2 -1.6 A -0.6 -1.6 2.6 2.6 0 -80 D 2 13.7",
  k: "M 0 14 L 0 0 M 7 10 L 0 4 M 2.5 6.1 L 7.4 0",
  l: "M 0 14 L 0 0",
  m: "M 0 10 L 0 0 M 0 6.3 A 3.6 6.3 3.6 3.7 180 0 L 7.2 0 M 7.2 6.3 A 10.8 6.3 3.6 3.7 180 0 L 14.4 0",
  n: "M 0 10 L 0 0 M 0 5.8 A 4.2 5.8 4.2 4.2 180 0 L 8.4 0",
  o: bowl,
  p: `M 0 10 L 0 -4.2 M 9.2 5 ${bowl}`,
  q: `${bowl} M 9.2 10 L 9.2 -4.2`,
  r: "M 0 10 L 0 0 M 0 5.4 A 4.4 5.4 4.4 4.6 180 78",
  s: "A 3.5 7.55 3 2.45 28 270 A 3.5 2.55 3.4 2.55 90 -152",
  t: "M 1.8 13.4 L 1.8 3 A 4.8 3 3 3 180 285 M -0.4 10 L 5 10",
  u: "M 0 10 L 0 4.2 A 4.2 4.2 4.2 4.2 180 360 M 8.4 10 L 8.4 0",
  v: "M 0 10 L 4.1 0 L 8.2 10",
  w: "M 0 10 L 3.3 0 L 6.6 10 L 9.9 0 L 13.2 10",
  x: "M 0 10 L 7.6 0 M 7.6 10 L 0 0",
  y: "M 0 10 L 4.2 0 M 8.2 10 L 2.4 -4.2",
  z: "M 0.3 10 L 7.4 10 L 0 0 L 7.6 0",
  A: "M 0 0 L 5.6 14 L 11.2 0 M 2 5 L 9.2 5",
  B: "M 0 7.4 L 5 7.4 A 5 10.7 3.3 3.3 -90 90 L 0 14 L 0 0 L 5.2 0 A 5.2 3.7 3.8 3.7 -90 90",
  C: "A 6.8 7 6.8 7 46 314",
  D: "M 0 0 L 0 14 L 4.4 14 A 4.4 7 6.8 7 90 -90 L 0 0",
  E: "M 8 14 L 0 14 L 0 0 L 8 0 M 0 7.2 L 7 7.2",
  F: "M 8 14 L 0 14 L 0 0 M 0 7.2 L 7 7.2",
  G: "A 6.8 7 6.8 7 46 360 L 7.6 7",
  H: "M 0 14 L 0 0 M 10 14 L 10 0 M 0 7.2 L 10 7.2",
  I: "M 0 14 L 0 0",
  J: "M 6.6 14 L 6.6 3.6 A 3 3.6 3.6 3.6 360 195",
  L: "M 0 14 L 0 0 L 7.6 0",
  M: "M 0 0 L 0 14 L 6.2 4.6 L 12.4 14 L 12.4 0",
  N: "M 0 0 L 0 14 L 10 0 L 10 14",
  O: "A 7 7 7 7 0 360",
  P: "M 0 0 L 0 14 L 5 14 A 5 10.2 3.8 3.8 90 -90 L 0 6.4",
  R: "M 0 0 L 0 14 L 5 14 A 5 10.2 3.8 3.8 90 -90 L 0 6.4 M 4.8 6.4 L 9 0",
  S: "A 4.6 10.55 4 3.45 30 270 A 4.6 3.55 4.6 3.55 90 -150",
  T: "M 0 14 L 10 14 M 5 14 L 5 0",
  U: "M 0 14 L 0 4.8 A 4.8 4.8 4.8 4.8 180 360 L 9.6 14",
  V: "M 0 14 L 5.6 0 L 11.2 14",
  W: "M 0 14 L 4.2 0 L 8.4 14 L 12.6 0 L 16.8 14",
  Y: "M 0 14 L 5 7 L 10 14 M 5 7 L 5 0",
  0: "A 4.2 7 4.2 7 0 360",
  1: "M 1.4 11.4 L 4.8 14 L 4.8 0",
  2: "A 4.2 9.9 4.1 4.1 165 -38 L 0.2 0 L 8.4 0",
  3: "A 4.1 10.45 3.6 3.55 152 -90 A 4.1 3.45 4.2 3.45 90 -152",
  4: "M 6.4 0 L 6.4 14 L 0 4 L 8.6 4",
  5: "M 7.6 14 L 1.6 14 L 0.9 7.9 A 4 4.6 4.4 4.6 135 -150",
  6: "A 4.2 4.4 4.2 4.4 0 360 M 5 14 L 0.56 6.6",
  7: "M 0 14 L 8.2 14 L 2.8 0",
  8: "A 4.2 10.6 3.5 3.4 -90 270 A 4.2 3.6 4.2 3.6 90 450",
  9: "A 4.2 9.6 4.2 4.4 0 360 M 3.4 0 L 7.84 7.4",
  ".": "D 0.4 0.2",
  ",": "M 0.6 0.3 L 0 -2.4",
  ":": "D 0.4 1.6 D 0.4 8.4",
  "-": "M 0 5.2 L 5 5.2",
  "·": "D 0.4 5.2",
  "×": "M 0 8 L 6 2 M 0 2 L 6 8",
  "’": "M 0.6 14.2 L 0 11.2",
};

/** Width of the pen's path; digits are equally wide so that running numbers stand still. */
const boxWidth = (character, points) =>
  /[0-9]/.test(character) ? 8.6 : points.length === 0 ? 2.6 : Math.max(...points.map(([x]) => x));

/** Pairs that would gape if they only stood side by side. */
const kerning = {
  "V-": -1.6,
  "-S": -0.4,
  St: -0.6,
  ta: -0.8,
  ck: -0.5,
  No: -0.2,
  Vi: -1.4,
  Th: -1.2,
  "r.": -1.4,
  ry: -0.6,
  rv: -0.4,
  ve: -0.7,
  wo: -0.5,
  we: -0.5,
  ev: -0.6,
  ow: -0.6,
  ov: -0.6,
  ke: -0.6,
  xy: -0.4,
  It: -0.4,
  fe: -0.7,
  tc: -0.6,
  co: -0.4,
  te: -0.6,
  to: -0.7,
  rs: -0.5,
  re: -0.7,
  ra: -0.7,
  ro: -0.7,
};

const strokeCache = new Map();

/** @returns the letter as straight pieces `[x0, y0, x1, y1]` (a dot has equal ends) and its width */
function strokesOf(character) {
  const known = strokeCache.get(character);
  if (known) return known;
  const program = character === " " ? "" : letters[character];
  if (program === undefined) throw new RangeError(`Cannot draw "${character}": the alphabet lacks it`);
  const words = program.split(" ");
  const pieces = [];
  let pen = null;
  const lineTo = (x, y) => {
    if (pen) pieces.push([pen[0], pen[1], x, y]);
    pen = [x, y];
  };
  for (let at = 0; at < words.length; ) {
    const command = words[at];
    const number = (offset) => Number(words[at + offset]);
    if (command === "M") pen = [number(1), number(2)];
    if (command === "L") lineTo(number(1), number(2));
    if (command === "D") {
      pieces.push([number(1), number(2), number(1), number(2)]);
      pen = null;
    }
    if (command === "A") {
      const [cx, cy, rx, ry, from, to] = [1, 2, 3, 4, 5, 6].map(number);
      const steps = Math.ceil(Math.abs(to - from) / 7.5);
      for (let step = 0; step <= steps; step += 1) {
        const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
        lineTo(cx + rx * Math.cos(angle), cy + ry * Math.sin(angle));
      }
    }
    at += command === "A" ? 7 : 3;
  }
  const points = pieces.flatMap(([x0, y0, x1, y1]) => [
    [x0, y0],
    [x1, y1],
  ]);
  const entry = { pieces, width: boxWidth(character, points) };
  strokeCache.set(character, entry);
  return entry;
}

/** Places a line of text; positions are in units of the alphabet (20 to the em), starting at 0. */
export function layOut(text, trackingUnits = 0) {
  const places = [];
  let x = 0;
  let right = 0;
  for (let at = 0; at < text.length; at += 1) {
    const { width } = strokesOf(text[at]);
    places.push({ character: text[at], x });
    right = x + width;
    x = right + 3.1 + trackingUnits + (kerning[text.slice(at, at + 2)] ?? 0);
  }
  return { places, width: right };
}

const coverageCache = new Map();

/**
 * One letter as a small map of pixel coverage, 0 to 1.
 * @param unitPx pixels per unit of the alphabet
 * @param penPx thickness of the pen
 * @param shift where the letter's origin lies inside a pixel, in quarters, so that moving text moves smoothly
 */
export function coverageOf(character, { unitPx, penPx, shift }) {
  const key = `${character} ${unitPx} ${penPx} ${shift}`;
  const known = coverageCache.get(key);
  if (known) return known;
  const { pieces, width } = strokesOf(character);
  const margin = Math.ceil(penPx + 2);
  const left = -margin + Math.floor(Math.min(0, ...pieces.flatMap(([x0, , x1]) => [x0, x1])) * unitPx);
  const top = Math.ceil(15 * unitPx) + margin;
  const columns = Math.ceil(width * unitPx) - left + margin + 1;
  const rows = top + Math.ceil(5 * unitPx) + margin;
  const alpha = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const x = (left + column + 0.5 - shift / 4) / unitPx;
      const y = (top - row - 0.5) / unitPx;
      let reach = -Infinity;
      for (const [x0, y0, x1, y1] of pieces) {
        const dot = x0 === x1 && y0 === y1;
        const lengthSquared = (x1 - x0) ** 2 + (y1 - y0) ** 2 || 1;
        const along = Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / lengthSquared));
        const distance = Math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)) * unitPx;
        reach = Math.max(reach, penPx * (dot ? 0.66 : 0.5) - distance);
      }
      alpha[row * columns + column] = Math.min(1, Math.max(0, reach + 0.5));
    }
  }
  const entry = { left, top, columns, rows, alpha };
  coverageCache.set(key, entry);
  return entry;
}
