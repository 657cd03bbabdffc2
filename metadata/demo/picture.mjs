/**
 * Draws one frame of the demo video: six storage nodes around the viewer, blocks flying from the one to the other, the
 * ring of the segment that plays and, outside it, the ring of the next segment being put together.
 *
 * Burnt in, so that a wrong segment is seen with the naked eye: rendition, segment number, frame number, timecode.
 */
import { Canvas } from "./canvas.mjs";
import {
  blockCount,
  captions,
  deliveries,
  frameCount,
  framesPerSecond,
  nodeCount,
  segmentCount,
  segmentSeconds,
  silentNode,
  silentUntilSeconds,
  timecode,
  transfers,
  vigour,
} from "./story.mjs";

const hex = (text) => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16) / 255);
const mix = (from, to, part) => from.map((value, channel) => value + (to[channel] - value) * part);

/** Six of the colours of Okabe and Ito, which stay apart for colour-blind eyes. */
const nodeColors = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7"].map(hex);
const white = hex("#f4f7ff");
const muted = hex("#93a0c0");
const ash = hex("#4a5470");

const center = { x: 640, y: 330 };
const innerRadius = 101;
const outerRadius = 126;
const turn = Math.PI * 2;

const clamp01 = (value) => Math.min(1, Math.max(0, value));
const smooth = (value) => clamp01(value) ** 2 * (3 - 2 * clamp01(value));
const easeOut = (value) => 1 - (1 - clamp01(value)) ** 3;

const nodes = Array.from({ length: nodeCount }, (_, index) => {
  const angle = ((-60 + 60 * index) / 360) * turn;
  return { x: center.x + 344 * Math.cos(angle), y: center.y + 216 * Math.sin(angle), color: nodeColors[index] };
});

const slotAngle = (slot) => ((slot + 0.5) / blockCount) * turn - turn / 4;

/** The way of a block: a curve from its node to its place in the outer ring. */
function placeOnWay({ node, slot }, part) {
  const from = nodes[node];
  const angle = slotAngle(slot);
  const direct = [Math.cos(angle), Math.sin(angle)];
  const to = { x: center.x + outerRadius * direct[0], y: center.y + outerRadius * direct[1] };
  const bend = { x: center.x + outerRadius * 1.75 * direct[0], y: center.y + outerRadius * 1.5 * direct[1] };
  const [a, b, c] = [(1 - part) ** 2, 2 * part * (1 - part), part ** 2];
  return { x: a * from.x + b * bend.x + c * to.x, y: a * from.y + b * bend.y + c * to.y };
}

/** What never moves: the room, the faint orbits, the wires. */
function drawBackground(canvas) {
  const [deep, dark] = [hex("#05070f"), hex("#131b34")];
  canvas.pixels.fill(0);
  const stage = { left: -20, top: 0, right: 1300, bottom: 720 };
  canvas.paint({ ...stage, color: deep }, () => 1);
  canvas.paint({ ...stage, color: dark }, (x, y) => {
    const away = Math.hypot((x - center.x) / 760, (y - center.y) / 520);
    return 1 - smooth(away);
  });
  for (const radius of [170, 230, 300, 380]) {
    canvas.arc({ ...center, radius, thickness: 1, color: white, alpha: 0.035 });
  }
  for (const node of nodes) {
    const span = Math.hypot(node.x - center.x, node.y - center.y);
    for (let at = outerRadius + 24; at < span - 48; at += 11) {
      const x = center.x + ((node.x - center.x) * at) / span;
      const y = center.y + ((node.y - center.y) * at) / span;
      canvas.disc({ x, y, radius: 1.3, color: node.color, alpha: 0.3 });
    }
  }
}

/** 1 when a block leaves the node, fading to 0. */
const leavingLight = (index, seconds) =>
  transfers.reduce((light, transfer) => {
    const since = seconds - transfer.depart;
    return transfer.node === index && since >= 0 && since < 0.5 ? Math.max(light, 1 - since / 0.5) : light;
  }, 0);

function drawNodeLight(canvas, index, { seconds }) {
  const node = nodes[index];
  const awake = vigour(index, seconds);
  canvas.glow({ ...node, radius: 124, color: node.color, alpha: awake * (0.27 + 0.1 * leavingLight(index, seconds)) });
  if (index === silentNode) {
    const since = seconds - silentUntilSeconds;
    const ripple = { ...node, thickness: 2, color: node.color, light: true };
    if (since > 0 && since < 1.6) {
      canvas.arc({ ...ripple, radius: 40 + 60 * easeOut(since / 1.6), alpha: 0.6 * (1 - since / 1.6) });
    }
  }
}

/** A storage node: three bars, as a stack, with a lamp that blinks when a block leaves. */
function drawNode(canvas, index, { seconds, hud }) {
  const node = nodes[index];
  const awake = vigour(index, seconds);
  const leaving = leavingLight(index, seconds);
  const color = mix(ash, node.color, awake);
  for (let bar = 0; bar < 3; bar += 1) {
    const shape = { x: node.x - 34, y: node.y - 33 + 23 * bar, width: 68, height: 19, round: 6 };
    canvas.box({ ...shape, color: hex("#0a0e1c"), alpha: 0.9 });
    canvas.box({ ...shape, color, alpha: 0.16 + 0.74 * awake });
    canvas.box({ ...shape, color, alpha: 0.9, edge: 1.6 });
    const lamp = { x: node.x + 23, y: shape.y + 9.5, radius: 3.4 };
    const lit = awake * (0.35 + 0.65 * (bar === 1 ? leaving : 0));
    canvas.disc({ ...lamp, color: mix(hex("#0a0e1c"), white, lit) });
    canvas.box({
      x: node.x - 26,
      y: shape.y + 7.7,
      width: 30,
      height: 3.6,
      round: 1.8,
      color: hex("#0a0e1c"),
      alpha: 0.4 * awake,
    });
  }
  const size = 17 * hud.small;
  const y = node.y < center.y - 1 ? node.y - 44 : node.y + 44 + size * 0.7;
  const label = { x: node.x, y, size, align: 0.5, tracking: 0.6, pen: 1.8 };
  canvas.text({ ...label, text: `node ${index + 1}`, color: white, alpha: 0.72 * awake });
  canvas.text({ ...label, text: "silent", color: muted, alpha: 1 - awake });
}

function drawBlocksOnTheWay(canvas, seconds) {
  for (const transfer of transfers) {
    const part = (seconds - transfer.depart) / (transfer.arrive - transfer.depart);
    if (part <= 0 || part >= 1) continue;
    const sinceLost = transfer.lost === null ? 0 : Math.max(0, seconds - transfer.lost);
    const alive = 1 - sinceLost / 0.45;
    if (alive <= 0) continue;
    const eased = smooth(part) * 0.75 + part * 0.25;
    const born = smooth(part * 7) * alive;
    const color = mix(ash, nodeColors[transfer.node], alive);
    for (let tail = 12; tail >= 1; tail -= 1) {
      const place = placeOnWay(transfer, Math.max(0, eased - tail * 0.013));
      canvas.disc({ ...place, radius: 5 - 0.32 * tail, color, alpha: born * (0.36 - 0.027 * tail) });
    }
    const head = placeOnWay(transfer, eased);
    canvas.glow({ ...head, radius: 24, color, alpha: 0.6 * born });
    canvas.disc({ ...head, radius: 5.4, color: mix(color, white, 0.25 * alive), alpha: born });
  }
}

/** The viewer: the segment that plays (inside), the next one arriving (outside), the segment's number. */
function drawViewer(canvas, { frame, seconds, hud }) {
  const segment = Math.floor(seconds / segmentSeconds);
  const since = seconds - segment * segmentSeconds;
  const progress = since / segmentSeconds;
  const settle = segment === 0 ? 1 : easeOut(since / 0.6);
  const gap = 0.022;
  const beat = Math.exp(-since * 3.2);

  canvas.glow({ ...center, radius: 235, color: hex("#5b7ad6"), alpha: 0.2 + 0.14 * beat });
  canvas.disc({ ...center, radius: 91, color: hex("#0b1122"), alpha: 0.86 });
  if (since < 1.5) {
    const ripple = { radius: 130 + 150 * easeOut(since / 1.5), thickness: 2, color: white, light: true };
    canvas.arc({ ...center, ...ripple, alpha: 0.3 * (1 - since / 1.5) ** 1.5 });
  }
  for (let slot = 0; slot < blockCount; slot += 1) {
    const [from, to] = [slot, slot + 1].map((edge) => (edge / blockCount) * turn - turn / 4);
    const arc = { ...center, from: from + gap, to: to - gap };
    const playing = nodeColors[deliveries[segment][slot].node];
    const played = clamp01(progress * blockCount - slot);
    const radius = outerRadius + (innerRadius - outerRadius) * settle;
    const arrived = 1 - settle;
    const alpha = Math.max(0.3 + 0.7 * played, arrived);
    canvas.arc({ ...arc, radius, thickness: 15 - 2 * settle, color: mix(playing, white, 0.5 * arrived), alpha });
    if (segment + 1 === segmentCount) continue;
    canvas.arc({ ...arc, radius: outerRadius, thickness: 15, color: white, alpha: 0.06 * settle });
    const next = deliveries[segment + 1][slot];
    const age = seconds - next.arrive;
    if (age < 0) continue;
    const flash = Math.exp(-age * 5);
    const thickness = 15 + 5 * flash;
    canvas.arc({ ...arc, radius: outerRadius, thickness, color: mix(nodeColors[next.node], white, 0.75 * flash) });
  }
  const hand = progress * turn - turn / 4;
  const tip = { x: center.x + innerRadius * Math.cos(hand), y: center.y + innerRadius * Math.sin(hand) };
  canvas.glow({ ...tip, radius: 22, color: white, alpha: 0.75 });
  canvas.disc({ ...tip, radius: 5.5, color: white });

  const pop = 1 + 0.07 * Math.exp(-since * 7) * Math.min(1, frame);
  const size = Math.round(104 * pop * 4) / 4;
  const number = String(segment).padStart(2, "0");
  canvas.text({
    text: number,
    ...center,
    y: center.y + 45 + (size - 104) * 0.35,
    size,
    color: white,
    align: 0.5,
    pen: 1.9,
  });
  const labelSize = 15 * hud.label;
  canvas.text({
    text: "SEGMENT",
    ...center,
    y: center.y - 49,
    size: labelSize,
    color: muted,
    align: 0.5,
    tracking: 1.6,
    pen: 1.9,
  });
}

/** One pill for each segment: played, playing, being fetched, to come. */
function drawTimeline(canvas, seconds) {
  const [width, pitch, height] = [50, 58, 7];
  const left = center.x - (pitch * segmentCount - (pitch - width)) / 2;
  for (let segment = 0; segment < segmentCount; segment += 1) {
    const pill = { x: left + pitch * segment, y: 613, width, height, round: height / 2 };
    const fetched = deliveries[segment].filter((block) => block.arrive <= seconds).length / blockCount;
    const played = clamp01(seconds / segmentSeconds - segment);
    canvas.box({ ...pill, color: white, alpha: 0.1 });
    if (fetched > 0 && played < 1) {
      canvas.box({ ...pill, width: Math.max(height, width * fetched), color: hex("#56b4e9"), alpha: 0.5 });
    }
    if (played > 0) canvas.box({ ...pill, width: Math.max(height, width * played), color: white, alpha: 0.92 });
  }
}

function drawCaption(canvas, { seconds, hud }) {
  const index = Math.floor(seconds / segmentSeconds);
  const since = seconds - index * segmentSeconds;
  const last = index === segmentCount - 1;
  const show = (index === 0 ? 1 : smooth((since - 0.1) / 0.5)) * (last ? 1 : 1 - smooth((since - 3.55) / 0.4));
  const rise = index === 0 ? 0 : 8 * (1 - easeOut((since - 0.1) / 0.6));
  canvas.text({
    text: captions[index],
    x: center.x,
    y: 672 + rise,
    size: 33 * hud.caption,
    color: white,
    alpha: show,
    align: 0.5,
    pen: 1.65,
  });
}

function drawCorners(canvas, { frame, rendition, hud }) {
  const edge = 46;
  const big = 46 * hud.corner;
  const small = 21 * hud.corner;
  const first = 44 + big * 0.7;
  const second = first + small * 1.55;
  canvas.text({ text: rendition.name, x: edge, y: first, size: big, color: white, pen: 2.3 });
  const shape = `${rendition.width} × ${rendition.height}`;
  canvas.text({ text: shape, x: edge, y: second, size: small, color: muted, pen: 1.8, tracking: 0.4 });
  const code = timecode(frame);
  const clockSize = big * 0.76;
  canvas.text({
    text: code,
    x: 1280 - edge,
    y: first,
    size: clockSize,
    color: white,
    pen: 1.9,
    align: 1,
    tracking: 0.4,
  });
  const count = `frame ${String(frame).padStart(4, "0")}`;
  canvas.text({ text: count, x: 1280 - edge, y: second, size: small, color: muted, pen: 1.8, align: 1, tracking: 0.4 });
  canvas.text({ text: "V-Stack", x: center.x, y: 69, size: 42, color: white, pen: 2.1, align: 0.5, tracking: 0.8 });
}

/**
 * @param rendition `{ name, width, height, hud }`; `hud` enlarges the writing where pixels are few
 * @returns a function that gives the yuv420p bytes of a frame, valid until the next call
 */
export function createPicture(rendition) {
  const canvas = new Canvas(rendition.width, rendition.height);
  drawBackground(canvas);
  const background = canvas.pixels.slice();
  return (frame) => {
    if (frame < 0 || frame >= frameCount) throw new RangeError(`Cannot draw frame ${frame}: there are ${frameCount}`);
    const moment = { frame, seconds: frame / framesPerSecond, rendition, hud: rendition.hud };
    canvas.pixels.set(background);
    for (let index = 0; index < nodeCount; index += 1) drawNodeLight(canvas, index, moment);
    drawBlocksOnTheWay(canvas, moment.seconds);
    for (let index = 0; index < nodeCount; index += 1) drawNode(canvas, index, moment);
    drawViewer(canvas, moment);
    drawTimeline(canvas, moment.seconds);
    drawCaption(canvas, moment);
    drawCorners(canvas, moment);
    return canvas.frame();
  };
}
