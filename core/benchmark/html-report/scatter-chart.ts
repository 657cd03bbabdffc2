/** Stalls against bitrate with intervals on both axes, better is up and to the right (as Puffer shows it, NSDI 2020). */
import { figureText } from "../figure-text.ts";
import type { Aggregate } from "../report.ts";
import { strategyClass } from "./colours.ts";
import { line, picture, px, scale, ticks, words } from "./svg.ts";

export interface ScatterPoint {
  readonly strategy: string;
  readonly stall: Aggregate;
  readonly bitrate: Aggregate;
}

const WIDTH = 400;
const HEIGHT = 250;
const EDGE = { left: 40, right: 14, top: 10, bottom: 34 };
/** A picture of differences smaller than that would show noise: half a point of stall, 5 % of the bitrate. */
const LEAST_STALL_SPAN = 0.005;
const LEAST_BITRATE_SPAN = 0.05;

export function scatterChart(title: string, points: readonly ScatterPoint[]): string {
  const stalls = points.flatMap(({ stall }) => [...stall.interval, stall.estimate]);
  const rates = points.flatMap(({ bitrate }) => [...bitrate.interval, bitrate.estimate]);
  const mostStall = Math.max(LEAST_STALL_SPAN, ...stalls) * 1.05;
  const [leastRate, mostRate] = spanned(Math.min(...rates), Math.max(...rates));
  const x = scale([mostStall, 0], [EDGE.left, WIDTH - EDGE.right]);
  const y = scale([leastRate, mostRate], [HEIGHT - EDGE.bottom, EDGE.top]);
  const bottom = HEIGHT - EDGE.bottom;
  const axes = [
    ...ticks(0, mostStall, 5).flatMap((value) => [
      line([x(value), EDGE.top], [x(value), bottom], "axis"),
      words(x(value), bottom + 14, `${Number((value * 100).toPrecision(3))} %`, "soft mid"),
    ]),
    ...ticks(leastRate, mostRate, 4).flatMap((value) => [
      line([EDGE.left, y(value)], [WIDTH - EDGE.right, y(value)], "axis"),
      words(EDGE.left - 5, y(value) + 4, String(Number((value / 1e6).toPrecision(3))), "soft end"),
    ]),
    words(WIDTH - EDGE.right, HEIGHT - 3, "time stalled (less is right)", "soft end"),
    words(2, HEIGHT - 3, "Mbit/s (more is up)", "soft"),
  ];
  const marks = points.map(({ strategy, stall, bitrate }) => {
    const [cx, cy] = [x(stall.estimate), y(bitrate.estimate)];
    const told = `${strategy}: stalled ${figureText(stall.estimate, "share")}, ${figureText(bitrate.estimate, "bits-per-second")}`;
    return [
      `<g class="${strategyClass(strategy)}"><title>${told}</title>`,
      line([x(stall.interval[0]), cy], [x(stall.interval[1]), cy], "whisker"),
      line([cx, y(bitrate.interval[0])], [cx, y(bitrate.interval[1])], "whisker"),
      `<circle cx="${px(cx)}" cy="${px(cy)}" r="5" class="dot"/></g>`,
    ].join("");
  });
  return picture({ width: WIDTH, height: HEIGHT }, `${title}: stalls against bitrate`, [...axes, ...marks]);
}

function spanned(low: number, high: number): readonly [number, number] {
  const short = Math.max(0, LEAST_BITRATE_SPAN * high - (high - low));
  const edge = (high - low + short) * 0.06;
  return [Math.max(0, low - short / 2 - edge), high + short / 2 + edge];
}
