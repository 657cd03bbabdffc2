/** How many sessions had started by when, one curve for each strategy; who never started keeps a curve below the top. */
import { strategyClass } from "./colours.ts";
import { line, picture, px, scale, words } from "./svg.ts";

export interface StartupCurve {
  readonly strategy: string;
  /** Null: nothing was ever shown. */
  readonly startupsMs: readonly (number | null)[];
}

const WIDTH = 1100;
const HEIGHT = 300;
const EDGE = { left: 44, right: 24, top: 10, bottom: 34 };

export function cdfChart(curves: readonly StartupCurve[]): string {
  const all = curves.flatMap(({ startupsMs }) => startupsMs.filter((value) => value !== null));
  const low = Math.floor(Math.log10(Math.max(1, Math.min(...all, 1e5))));
  const high = Math.ceil(Math.log10(Math.max(10, ...all)));
  const x = scale([low, high], [EDGE.left, WIDTH - EDGE.right]);
  const y = scale([0, 1], [HEIGHT - EDGE.bottom, EDGE.top]);
  const decades = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  const axes = [
    ...decades.flatMap((power) => [
      line([x(power), EDGE.top], [x(power), y(0)], "axis"),
      words(x(power), y(0) + 14, power < 3 ? `${10 ** power} ms` : `${10 ** (power - 3)} s`, "soft mid"),
    ]),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      line([EDGE.left, y(share)], [WIDTH - EDGE.right, y(share)], "axis"),
      words(EDGE.left - 5, y(share) + 4, `${share * 100} %`, "soft end"),
    ]),
    words(WIDTH - EDGE.right, HEIGHT - 3, "startup, logarithmic", "soft end"),
  ];
  const lines = curves.map(({ strategy, startupsMs }) => {
    const rising = startupsMs.filter((value) => value !== null).toSorted((a, b) => a - b);
    const steps = rising.map((value, at) => {
      const atX = px(x(Math.log10(Math.max(1, value))));
      return `H${atX}V${px(y((at + 1) / startupsMs.length))}`;
    });
    const path = `M${px(EDGE.left)} ${px(y(0))}${steps.join("")}H${px(WIDTH - EDGE.right)}`;
    return `<g class="${strategyClass(strategy)}"><title>${strategy}</title><path d="${path}" class="curve"/></g>`;
  });
  return picture({ width: WIDTH, height: HEIGHT }, "Share of sessions that had started by when", [...axes, ...lines]);
}
