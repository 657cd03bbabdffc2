/**
 * Whether the simulator says what the browser does: the same network, strategy, seed and video in both. Simulated results
 * count as long as they are off by no more than a fifth.
 */
import { METRIC_RULES, ratioOfSums } from "./metrics.ts";
import type { BenchSession, Calibration, Metric } from "./report.ts";
import { figureOf, rankCorrelation } from "./statistics.ts";

const LARGEST_ERROR = 0.2;
/** Startup is left out: a browser has to load pages and decode, which the simulator does in no time. */
const CALIBRATED: readonly Metric[] = ["meanBitsPerSecond", "goodputBytesPerSecond", "stallShare"];

/**
 * @param measured sessions of the browser
 * @param simulated their twins
 * @returns null when no two are twins
 */
export function calibrate(measured: readonly BenchSession[], simulated: readonly BenchSession[]): Calibration | null {
  const cellOf = ({ scenario, strategy, quality }: BenchSession) => `${scenario} ${strategy} ${quality}`;
  const valid = measured.filter(({ invalidReason }) => invalidReason === null);
  const twins = new Map(simulated.map((session) => [`${cellOf(session)} ${session.seed}`, session]));
  const cells = [...new Set(valid.map(cellOf))].flatMap((name) => {
    const pairs = valid
      .filter((session) => cellOf(session) === name)
      .flatMap((own) => {
        const twin = twins.get(`${name} ${own.seed}`);
        return twin === undefined ? [] : [{ own, twin }];
      });
    const [first] = pairs;
    if (first === undefined) return [];
    const { scenario, strategy } = first.own;
    return CALIBRATED.flatMap((metric) => {
      const measuredFigure = figure(
        pairs.map(({ own }) => own),
        metric,
      );
      const simulatedFigure = figure(
        pairs.map(({ twin }) => twin),
        metric,
      );
      if (measuredFigure === null || simulatedFigure === null) return [];
      const error = errorOf(metric, simulatedFigure, measuredFigure);
      return [{ scenario, strategy, metric, simulated: simulatedFigure, measured: measuredFigure, error }];
    });
  });
  if (cells.length === 0) return null;
  const meanError = cells.reduce((sum, { error }) => sum + error, 0) / cells.length;
  const rates = cells.filter(({ metric }) => metric === "meanBitsPerSecond");
  return {
    ...{ cells, meanError, isValid: meanError <= LARGEST_ERROR },
    rankCorrelation: rankCorrelation(rates.map((cell) => [cell.simulated, cell.measured] as const)),
  };
}

function figure(sessions: readonly BenchSession[], metric: Metric): number | null {
  const members = sessions.map((session) => METRIC_RULES[metric].of(session)).filter((member) => member !== null);
  return members.length === 0 ? null : figureOf([members], ratioOfSums);
}

/** Shares of time are small and often 0: their difference counts as it is. */
function errorOf(metric: Metric, simulated: number, measured: number): number {
  const difference = Math.abs(simulated - measured);
  if (METRIC_RULES[metric].unit === "share") return difference;
  const larger = Math.max(Math.abs(simulated), Math.abs(measured));
  return larger === 0 ? 0 : difference / larger;
}
