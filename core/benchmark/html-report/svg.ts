/** Small pieces of SVG and HTML as text. What comes from outside goes through {@link escaped}. */

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Coordinates need no more than a tenth of a pixel. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Below this width a large picture scrolls instead of shrinking to nothing. */
const LEAST_LARGE_WIDTH = 640;

/** A picture that grows with its place; `label` is read aloud instead of it. */
export function picture(size: { width: number; height: number }, label: string, content: readonly string[]): string {
  const { width, height } = size;
  const isLarge = width > LEAST_LARGE_WIDTH;
  const style = `max-width:${px(width)}px${isLarge ? `;min-width:${LEAST_LARGE_WIDTH}px` : ""}`;
  const drawn = `<svg viewBox="0 0 ${px(width)} ${px(height)}" style="${style}" role="img" aria-label="${escaped(label)}">${content.join("")}</svg>`;
  return isLarge ? `<div class="wide">${drawn}</div>` : drawn;
}

export function words(x: number, y: number, text: string, kind = ""): string {
  return `<text x="${px(x)}" y="${px(y)}" class="${kind}">${escaped(text)}</text>`;
}

export function line(from: readonly [number, number], to: readonly [number, number], kind: string): string {
  return `<line x1="${px(from[0])}" y1="${px(from[1])}" x2="${px(to[0])}" y2="${px(to[1])}" class="${kind}"/>`;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function box({ x, y, width, height }: Box, kind: string, title?: string): string {
  const told = title === undefined ? "" : `<title>${escaped(title)}</title>`;
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="${px(height)}" class="${kind}">${told}</rect>`;
}

/** From values to pixels. */
export type Scale = (value: number) => number;

export function scale(values: readonly [number, number], pixels: readonly [number, number]): Scale {
  const [low, high] = values;
  const [from, to] = pixels;
  const span = high - low;
  return (value) => (span === 0 ? (from + to) / 2 : from + ((value - low) / span) * (to - from));
}

/** About `count` round values within the range: 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const found: number[] = [];
  for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at += 1) found.push(at * step);
  return found;
}

/** Several tables or pictures that wrap like words. */
export function grid(cells: readonly string[]): string {
  return `<div class="grid">${cells.join("")}</div>`;
}

export function figure(caption: string, content: string): string {
  return `<figure><figcaption>${caption}</figcaption>${content}</figure>`;
}

/** On a phone each row is a card: its first cell the title, each other one with the name of its column. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = head.map((title) => `<th scope="col">${escaped(title)}</th>`).join("");
  const cell = (content: string, at: number) =>
    `<td${at === 0 ? "" : ` data-name="${escaped(head[at] ?? "")}"`}>${content}</td>`;
  const body = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("");
  return `<div class="wide"><table class="rows"><thead><tr>${titles}</tr></thead><tbody>${body}</tbody></table></div>`;
}
