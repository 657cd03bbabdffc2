/**
 * The sound of the demo video: slow chords, a quiet chime where a block arrives (pitch and side are its node's), and a
 * bell at the start of each segment. The bells climb a scale, one step a segment, so that segments played in the wrong
 * order are heard at once.
 */
import { frameCount, framesPerSecond, segmentCount, segmentSeconds, transfers } from "./story.mjs";

export const sampleRate = 48_000;

/** Set by the meter: -20 LUFS as a whole (ffmpeg ebur128). */
const gain = 0.7;

const turn = Math.PI * 2;
const sampleCount = (frameCount / framesPerSecond) * sampleRate;
const pitch = (semitonesFromA4) => 440 * 2 ** (semitonesFromA4 / 12);

/** Semitones from A4; one chord a segment: D, B minor 7, G major 7, A suspended. */
const chords = [
  [-31, -19, -12, -3, 0, 9],
  [-34, -22, -15, -7, 0, 2],
  [-26, -14, -10, -3, 2, 4],
  [-24, -17, -12, -7, -5, 2],
].map((chord) => chord.map(pitch));
/** D major pentatonic, twelve steps up from D4. */
const bells = [-7, -5, -3, 0, 2, 5, 7, 9, 12, 14, 17, 19].map(pitch);
/** One note for each node, left to right as the nodes stand. */
const chimes = [9, 12, 7, 5, 2, 14].map((note) => pitch(note + 12));
const sides = [0.35, 0.7, 0.35, -0.35, -0.7, -0.35];

/** Adds a tone with equal-power panning; `side` -1 left to 1 right, `shape(seconds)` its loudness. */
function addTone(track, { hertz, start, length, side = 0, phase = 0 }, shape) {
  const angle = ((side + 1) * Math.PI) / 4;
  const [toLeft, toRight] = [Math.cos(angle), Math.sin(angle)];
  const first = Math.max(0, Math.round(start * sampleRate));
  const last = Math.min(sampleCount, Math.round((start + length) * sampleRate));
  for (let at = first; at < last; at += 1) {
    const since = at / sampleRate - start;
    const value = Math.sin(turn * hertz * since + phase) * shape(since);
    track.left[at] += value * toLeft;
    track.right[at] += value * toRight;
  }
}

function addChord(track, segment) {
  const length = segmentSeconds + 2.4;
  const start = segment === 0 ? 0 : segment * segmentSeconds - 0.3;
  const swell = (since) => Math.sin((Math.PI / 2) * Math.min(1, since / 1.5)) ** 2;
  const fall = (since) => Math.cos((Math.PI / 2) * Math.min(1, Math.max(0, (since - 3.4) / (length - 3.4)))) ** 2;
  chords[segment % chords.length].forEach((hertz, voice) => {
    const loudness = [0.2, 0.17, 0.12, 0.1, 0.085, 0.05][voice];
    const spread = voice < 2 ? 0 : 0.55;
    for (const side of [-1, 1]) {
      for (const [harmonic, part] of [
        [1, 1],
        [2, 0.28],
        [3, 0.1],
      ]) {
        const tone = {
          hertz: hertz * harmonic * (1 + side * 0.0011),
          start,
          length,
          side: side * spread,
          phase: voice,
        };
        const sway = (since) => 1 + 0.12 * Math.sin(turn * (0.21 + 0.05 * voice) * since + side);
        addTone(track, tone, (since) => 0.5 * loudness * part * swell(since) * fall(since) * sway(since));
      }
    }
  });
}

function addBell(track, segment) {
  const start = segment * segmentSeconds;
  const hit = (decay) => (since) => Math.min(1, since / 0.004) * Math.exp(-since * decay);
  const [body, shimmer, click] = [hit(3.2), hit(7), hit(70)];
  const hertz = bells[segment];
  addTone(track, { hertz, start, length: 2.4 }, (since) => 0.3 * body(since));
  addTone(track, { hertz: hertz * 2.76, start, length: 1.2 }, (since) => 0.045 * shimmer(since));
  addTone(track, { hertz: 2400, start, length: 0.12 }, (since) => 0.12 * click(since));
}

function addChimes(track) {
  for (const { slot, node, arrive, lost } of transfers) {
    if (lost !== null || slot % 2 === 1 || arrive < 0) continue;
    const tone = { hertz: chimes[node], start: arrive, length: 0.9, side: sides[node] };
    addTone(track, tone, (since) => 0.02 * Math.min(1, since / 0.006) * Math.exp(-since * 6));
  }
}

/** A small room: four echoing combs a side and two smoothers (Schroeder), mixed under the dry sound. */
function withRoom(dry, delaysMs) {
  const wet = new Float32Array(dry.length);
  for (const delayMs of delaysMs) {
    const delay = Math.round((delayMs / 1000) * sampleRate);
    const line = new Float32Array(delay);
    let soft = 0;
    for (let at = 0; at < dry.length; at += 1) {
      const heard = line[at % delay];
      soft += 0.45 * (heard - soft);
      line[at % delay] = dry[at] + 0.8 * soft;
      wet[at] += heard / delaysMs.length;
    }
  }
  for (const delayMs of [5.1, 1.7]) {
    const delay = Math.round((delayMs / 1000) * sampleRate);
    const line = new Float32Array(delay);
    for (let at = 0; at < wet.length; at += 1) {
      const heard = line[at % delay];
      line[at % delay] = wet[at] + 0.6 * heard;
      wet[at] = heard - 0.6 * line[at % delay];
    }
  }
  return dry.map((value, at) => value + 0.5 * wet[at]);
}

/** @returns 16-bit stereo samples, interleaved, as long as the picture */
export function createSound() {
  const track = { left: new Float32Array(sampleCount), right: new Float32Array(sampleCount) };
  for (let segment = 0; segment < segmentCount; segment += 1) {
    addChord(track, segment);
    addBell(track, segment);
  }
  addChimes(track);
  const left = withRoom(track.left, [47.3, 58.1, 66.7, 71.9]);
  const right = withRoom(track.right, [49.1, 55.3, 68.9, 74.7]);
  const samples = Buffer.alloc(sampleCount * 4);
  for (let at = 0; at < sampleCount; at += 1) {
    const seconds = at / sampleRate;
    const ends = Math.min(1, seconds / 0.02, (sampleCount / sampleRate - seconds) / 1.6);
    const write = (value, offset) =>
      samples.writeInt16LE(Math.round(32767 * Math.tanh(value * gain * ends)), at * 4 + offset);
    write(left[at], 0);
    write(right[at], 2);
  }
  return samples;
}
