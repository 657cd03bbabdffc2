/**
 * Whether the simulator says what the browser does: the same network, strategy, seed and video in both. Simulated results
 * count as long as they are off by no more than a fifth.
 */
import { figureText } from "./figure-text.ts";
import { METRIC_RULES, ratioOfSums } from "./metrics.ts";
import type { PageStartup } from "./page-startup.ts";
import type { BenchSession, Calibration, Metric } from "./report.ts";
import { figureOf, rankCorrelation } from "./statistics.ts";

const LARGEST_ERROR = 0.2;
const CALIBRATED: readonly Metric[] = ["startupMs", "stallShare", "meanBitsPerSecond", "goodputBytesPerSecond"];

/**
 * @param measured sessions of the browser
 * @param simulated their twins
 * @param pageStartup added to the startups of the twins; without, they are compared as they are
 * @returns null when no two are twins
 */
export function calibrate(
  measured: readonly BenchSession[],
  simulated: readonly BenchSession[],
  pageStartup?: PageStartup,
): Calibration | null {
  const cellOf = ({ scenario, strategy, quality }: BenchSession) => `${scenario} ${strategy} ${quality}`;
  const valid = measured.filter(({ invalidReason }) => invalidReason === null);
  const twins = new Map(
    simulated.map((session) => [`${cellOf(session)} ${session.seed}`, withPage(session, pageStartup)]),
  );
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
    ...(pageStartup === undefined ? {} : { pageStartup }),
    rankCorrelation: rankCorrelation(rates.map((cell) => [cell.simulated, cell.measured] as const)),
  };
}

/** As if it had been played in the page. */
function withPage(session: BenchSession, pageStartup: PageStartup | undefined): BenchSession {
  const { startupMs } = session.metrics;
  if (pageStartup === undefined || startupMs === null) return session;
  const pageMs = isPlain(session) ? pageStartup.plainMs : pageStartup.workerMs;
  return { ...session, metrics: { ...session.metrics, startupMs: startupMs + pageMs } };
}

/** Plain hls.js plays without a worker. */
function isPlain({ strategy }: BenchSession): boolean {
  return strategy.startsWith("hls-");
}

/** Mean error of each figure that was compared. */
export function errorsByMetric({ cells }: Calibration): readonly { readonly metric: Metric; readonly error: number }[] {
  return CALIBRATED.flatMap((metric) => {
    const own = cells.filter((cell) => cell.metric === metric);
    const sum = own.reduce((total, { error }) => total + error, 0);
    return own.length === 0 ? [] : [{ metric, error: sum / own.length }];
  });
}

/** What was added, for people. */
export function pageStartupText({ workerMs, plainMs }: PageStartup): string {
  const [worker, plain] = [figureText(workerMs, "ms"), figureText(plainMs, "ms")];
  return `Simulated startups with what the page takes where the network takes nothing, as measured: ${worker} with the worker, ${plain} without`;
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
