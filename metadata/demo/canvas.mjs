/**
 * A small software canvas: colours as numbers 0 to 1, shapes by distance so that edges are smooth at every size.
 * Callers draw on a stage of 1280 x 720 whatever the size in pixels, so each rendition is drawn, not scaled, and its
 * letters are sharp. `frame()` gives planar YUV 4:2:0 (BT.709, limited range), the form the encoder works in.
 */
import { coverageOf, layOut } from "./lettering.mjs";

const clamp01 = (value) => Math.min(1, Math.max(0, value));

/** Ordered dither: a fixed pattern hides the steps of the dark gradients and, unlike noise, costs nothing per frame. */
const dither = Float32Array.from({ length: 64 }, (_, index) => {
  const x = index % 8;
  const y = index >> 3;
  let value = 0;
  for (let bit = 0; bit < 3; bit += 1) {
    value = value * 4 + (((((x ^ y) >> bit) & 1) << 1) | ((y >> bit) & 1));
  }
  return (value + 0.5) / 64;
});

export class Canvas {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.scale = height / 720;
    this.offsetX = width / 2 - 640 * this.scale;
    this.pixels = new Float32Array(width * height * 3);
    this.yuv = Buffer.alloc((width * height * 3) / 2);
  }

  /** Runs `alphaAt(x, y)`, in stage units, over a box of the stage and blends the colour by what it gives. */
  paint({ left, top, right, bottom, color, light = false }, alphaAt) {
    const { scale, offsetX, width, height, pixels } = this;
    const x0 = Math.max(0, Math.floor(left * scale + offsetX - 1));
    const x1 = Math.min(width, Math.ceil(right * scale + offsetX + 1));
    const y0 = Math.max(0, Math.floor(top * scale - 1));
    const y1 = Math.min(height, Math.ceil(bottom * scale + 1));
    const [red, green, blue] = color;
    for (let y = y0; y < y1; y += 1) {
      for (let x = x0; x < x1; x += 1) {
        const alpha = alphaAt((x + 0.5 - offsetX) / scale, (y + 0.5) / scale);
        if (alpha <= 0) continue;
        const at = (y * width + x) * 3;
        if (light) {
          pixels[at] += (1 - pixels[at]) * red * alpha;
          pixels[at + 1] += (1 - pixels[at + 1]) * green * alpha;
          pixels[at + 2] += (1 - pixels[at + 2]) * blue * alpha;
        } else {
          pixels[at] += (red - pixels[at]) * alpha;
          pixels[at + 1] += (green - pixels[at + 1]) * alpha;
          pixels[at + 2] += (blue - pixels[at + 2]) * alpha;
        }
      }
    }
  }

  /** Soft light around a point. */
  glow({ x, y, radius, color, alpha }) {
    if (alpha < 0.004) return;
    const box = { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius, color, light: true };
    this.paint(box, (px, py) => {
      const near = 1 - ((px - x) ** 2 + (py - y) ** 2) / (radius * radius);
      return near <= 0 ? 0 : alpha * near * near * near;
    });
  }

  disc({ x, y, radius, color, alpha = 1 }) {
    const box = { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius, color };
    this.paint(box, (px, py) => alpha * clamp01((radius - Math.hypot(px - x, py - y)) * this.scale + 0.5));
  }

  /** A circle or a piece of one; angles in radians, clockwise from three o'clock. */
  arc({ x, y, radius, thickness, from = 0, to = Math.PI * 2, color, alpha = 1, light = false }) {
    if (alpha < 0.004 || to <= from) return;
    const { scale } = this;
    const pen = Math.max(thickness, 1 / scale);
    const thin = thickness / pen;
    const reach = radius + pen;
    const middle = (from + to) / 2;
    const half = (to - from) / 2;
    const whole = to - from >= Math.PI * 2 - 1e-6;
    const box = { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach, color, light };
    if (half < 0.6) {
      const [cx, cy] = [x + radius * Math.cos(middle), y + radius * Math.sin(middle)];
      const around = radius * half + pen;
      Object.assign(box, { left: cx - around, top: cy - around, right: cx + around, bottom: cy + around });
    }
    this.paint(box, (px, py) => {
      const distance = Math.hypot(px - x, py - y);
      const across = (pen / 2 - Math.abs(distance - radius)) * scale + 0.5;
      if (across <= 0) return 0;
      if (whole) return alpha * thin * clamp01(across);
      let turn = Math.atan2(py - y, px - x) - middle;
      turn -= Math.round(turn / (Math.PI * 2)) * Math.PI * 2;
      const along = (half - Math.abs(turn)) * distance * scale + 0.5;
      return alpha * thin * clamp01(across) * clamp01(along);
    });
  }

  /** A rounded box, filled, or only its edge when `edge` is given. */
  box({ x, y, width, height, round, color, alpha = 1, edge }) {
    if (alpha < 0.004) return;
    const bounds = { left: x, top: y, right: x + width, bottom: y + height, color };
    this.paint(bounds, (px, py) => {
      const dx = Math.abs(px - x - width / 2) - width / 2 + round;
      const dy = Math.abs(py - y - height / 2) - height / 2 + round;
      const inside = round - Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) - Math.min(Math.max(dx, dy), 0);
      const depth = edge ? edge / 2 - Math.abs(inside - edge / 2) : inside;
      return alpha * clamp01(depth * this.scale + 0.5);
    });
  }

  /**
   * A line of text standing on `y`.
   * @param size em in stage units
   * @param pen thickness of the strokes, in units of the alphabet (20 to the em)
   * @param align where `x` lies: 0 left end, 0.5 middle, 1 right end
   */
  text({ text, x, y, size, color, alpha = 1, pen = 1.7, tracking = 0, align = 0 }) {
    if (alpha < 0.004) return;
    const { scale, offsetX, width, height, pixels } = this;
    const unitPx = (size / 20) * scale;
    const wanted = pen * unitPx;
    const penPx = Math.max(wanted, 1.05);
    const strength = alpha * Math.min(1, 0.35 + (0.65 * wanted) / penPx);
    const line = layOut(text, tracking);
    const startPx = x * scale + offsetX - line.width * unitPx * align;
    const basePx = Math.round(y * scale);
    for (const place of line.places) {
      const quarters = Math.round((startPx + place.x * unitPx) * 4);
      const shift = ((quarters % 4) + 4) % 4;
      const letter = coverageOf(place.character, { unitPx, penPx, shift });
      const originX = (quarters - shift) / 4 + letter.left;
      for (let row = 0; row < letter.rows; row += 1) {
        const py = basePx - letter.top + row;
        if (py < 0 || py >= height) continue;
        for (let column = 0; column < letter.columns; column += 1) {
          const px = originX + column;
          const cover = letter.alpha[row * letter.columns + column] * strength;
          if (cover <= 0 || px < 0 || px >= width) continue;
          const at = (py * width + px) * 3;
          for (let channel = 0; channel < 3; channel += 1) {
            pixels[at + channel] += (color[channel] - pixels[at + channel]) * cover;
          }
        }
      }
    }
  }

  /** @returns the picture as yuv420p; the buffer is used again for the next frame */
  frame() {
    const { width, height, pixels, yuv } = this;
    const chromaU = width * height;
    const chromaV = chromaU + (width * height) / 4;
    for (let y = 0; y < height; y += 2) {
      for (let x = 0; x < width; x += 2) {
        let sumRed = 0;
        let sumBlue = 0;
        let sumLuma = 0;
        for (let part = 0; part < 4; part += 1) {
          const px = x + (part & 1);
          const py = y + (part >> 1);
          const at = (py * width + px) * 3;
          const luma = 0.2126 * pixels[at] + 0.7152 * pixels[at + 1] + 0.0722 * pixels[at + 2];
          yuv[py * width + px] = 16 + 219 * luma + dither[(py & 7) * 8 + (px & 7)];
          sumRed += pixels[at];
          sumBlue += pixels[at + 2];
          sumLuma += luma;
        }
        const chroma = (y >> 1) * (width >> 1) + (x >> 1);
        yuv[chromaU + chroma] = 128.5 + (56 * (sumBlue - sumLuma)) / 1.8556;
        yuv[chromaV + chroma] = 128.5 + (56 * (sumRed - sumLuma)) / 1.5748;
      }
    }
    return yuv;
  }
}
