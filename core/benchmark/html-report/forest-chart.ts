/** Paired differences with intervals, one row for each network: right of the line is better for the strategy. */
import { LEAST_PAIRS } from "../claims.ts";
import { figureText } from "../figure-text.ts";
import { METRIC_RULES } from "../metrics.ts";
import type { Comparison } from "../report.ts";
import { box, line, picture, px, scale, words } from "./svg.ts";

export interface ForestColumn {
  readonly title: string;
  /** How much worse is still not worse, >= 0. */
  readonly margin: number;
  /** By network; undefined where nothing was compared. */
  readonly cells: readonly (Comparison | undefined)[];
}

const NAME_WIDTH = 165;
const COLUMN_WIDTH = 245;
const ROW_HEIGHT = 20;
const TOP = 22;
const TEXT_WIDTH = 62;

/** @param names of the rows */
export function forestChart(title: string, names: readonly string[], columns: readonly ForestColumn[]): string {
  const height = TOP + names.length * ROW_HEIGHT + 4;
  const content = [
    ...names.map((name, at) => words(0, TOP + at * ROW_HEIGHT + 14, name)),
    ...columns.flatMap((column, at) => columnOf(column, NAME_WIDTH + at * COLUMN_WIDTH, height)),
  ];
  return picture(
    { width: NAME_WIDTH + columns.length * COLUMN_WIDTH, height },
    `${title}: paired differences`,
    content,
  );
}

function columnOf({ title, margin, cells }: ForestColumn, left: number, height: number): string[] {
  const found = cells.filter((cell) => cell !== undefined);
  const ends = found.flatMap((cell) => cell.interval.map((end) => goodness(cell, end)));
  const reach = Math.max(margin * 1.5, ...ends.map(Math.abs), 1e-9);
  const x = scale([-reach, reach], [left + 4, left + COLUMN_WIDTH - TEXT_WIDTH - 6]);
  return [
    words((x(-reach) + x(reach)) / 2, 13, title, "soft mid"),
    box({ x: x(-margin), y: TOP, width: x(reach) - x(-margin), height: height - TOP - 4 }, "allowed"),
    line([x(0), TOP], [x(0), height - 4], "zero"),
    ...cells.flatMap((cell, at) => (cell === undefined ? [] : markOf(cell, x, TOP + at * ROW_HEIGHT + 10))),
    ...cells.map((cell, at) =>
      words(
        left + COLUMN_WIDTH - 8,
        TOP + at * ROW_HEIGHT + 14,
        cell === undefined ? "-" : effectText(cell),
        "soft end",
      ),
    ),
  ];
}

function markOf(cell: Comparison, x: (value: number) => number, y: number): string[] {
  const [one, other] = cell.interval.map((end) => goodness(cell, end));
  const [low, high] = [Math.min(one ?? 0, other ?? 0), Math.max(one ?? 0, other ?? 0)];
  // A pair or two have no width to be unsure by.
  const isKnown = cell.pairs >= LEAST_PAIRS;
  const kind = isKnown && low > 0 ? "better" : isKnown && high < 0 ? "worse" : "even";
  const middle = goodness(cell, cell.estimate);
  return [
    line([x(low), y], [x(high), y], `whisker ${kind}`),
    `<circle cx="${px(x(middle))}" cy="${px(y)}" r="3.5" class="${kind}"/>`,
  ];
}

/** Positive is better: differences in the unit of the metric, ratios as logarithm. */
function goodness({ metric, effect }: Comparison, value: number): number {
  const plain = effect === "ratio" ? Math.log(Math.max(Number.MIN_VALUE, value)) : value;
  // Nothing lost is 0, not -0.
  return METRIC_RULES[metric].better === "low" ? 0 - plain : plain;
}

function effectText({ metric, effect, estimate }: Comparison): string {
  const points = (estimate * 100).toFixed(2);
  const sign = estimate > 0 ? "+" : "";
  if (effect === "ratio") return figureText(estimate, "ratio");
  const { unit } = METRIC_RULES[metric];
  if (unit !== "share") return `${sign}${figureText(estimate, unit)}`;
  // What rounds to nothing has no direction.
  return Number(points) === 0 ? "0.00 pt" : `${sign}${points} pt`;
}
