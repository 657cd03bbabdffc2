/**
 * What a network could have delivered by when, to a client that wanted all of it: A(t), the integral over time of
 * min(access, sum of all paths). No strategy can have had more. Faults count: a node that refuses, hangs or lies delivers
 * nothing. Windows of connections and answers of 503 are left out, so under those the limit is generous.
 */
import { invariant } from "../invariant.ts";
import type { NetworkPlan, PathConditions } from "../network/conditions.ts";
import { BROWN_OUT_BYTES_PER_SECOND, SLOW_DISK_MS } from "../network/conditions.ts";
import type { PathPhase } from "../network/path-phases.ts";
import { nextPhaseMs, pathPhases, phaseAt } from "../network/path-phases.ts";
import { nextChangeMs, rateAt } from "../network/rate-curve.ts";

/** Beyond this nobody watches: a supply that ends before is over. */
const MAX_MS = 7_200_000;

interface Path {
  readonly phases: readonly PathPhase[];
  rate: number;
  untilMs: number;
}

export class Supply {
  readonly #plan: NetworkPlan;
  readonly #paths: readonly Path[];
  /** A(t) at the ends of steps of a constant rate. */
  readonly #timesMs: number[] = [0];
  readonly #bytes: number[] = [0];
  #accessRate = 0;
  #accessUntilMs = 0;

  constructor(plan: NetworkPlan) {
    this.#plan = plan;
    this.#paths = plan.nodes.map(({ nodeId }) => ({ phases: phasesOf(plan, nodeId), rate: 0, untilMs: 0 }));
  }

  /** A(t). */
  bytesBy(atMs: number): number {
    this.#extend((lastMs) => lastMs >= atMs);
    return interpolate(this.#timesMs, this.#bytes, atMs);
  }

  /** When A reaches so many bytes; Infinity when it never does. */
  timeOf(bytes: number): number {
    this.#extend((_lastMs, lastBytes) => lastBytes >= bytes);
    if ((this.#bytes.at(-1) ?? 0) < bytes) return Infinity;
    return interpolate(this.#bytes, this.#timesMs, bytes);
  }

  /**
   * What cannot have been delivered of A after requests at `fromMs`, as first bytes take their time.
   *
   * @param isCold no connection was open
   * @param toMs counted up to here
   */
  bytesBeforeAnswers(fromMs: number, toMs: number, isCold: boolean): number {
    const firstBytesMs = this.#paths.map(({ phases }) => earliestByteMs(phases, fromMs, isCold));
    const lastMs = Math.min(toMs, Math.max(...firstBytesMs));
    let withAll = 0;
    let withAnswered = 0;
    for (let atMs = fromMs; atMs < lastMs; ) {
      const nextMs = Math.min(lastMs, this.#nextChangeMs(atMs), ...firstBytesMs.filter((ms) => ms > atMs));
      const rates = this.#paths.map(({ phases }) => usefulRate(phaseAt(phases, atMs).path, atMs));
      const answered = rates.map((rate, at) => ((firstBytesMs[at] ?? Infinity) <= atMs ? rate : 0));
      const access = rateAt(this.#plan.access, atMs);
      withAll += (Math.min(access, sum(rates)) * (nextMs - atMs)) / 1000;
      withAnswered += (Math.min(access, sum(answered)) * (nextMs - atMs)) / 1000;
      atMs = nextMs;
    }
    return withAll - withAnswered;
  }

  #nextChangeMs(atMs: number): number {
    const changes = this.#paths.map(({ phases }) => pathChangeMs(phases, atMs));
    return Math.min(nextChangeMs(this.#plan.access, atMs), ...changes);
  }

  #extend(isEnough: (lastMs: number, lastBytes: number) => boolean): void {
    for (;;) {
      const atMs = this.#timesMs.at(-1) ?? 0;
      const bytes = this.#bytes.at(-1) ?? 0;
      if (isEnough(atMs, bytes) || atMs >= MAX_MS) return;
      let total = 0;
      let nextMs = MAX_MS;
      for (const path of this.#paths) {
        if (atMs >= path.untilMs) {
          path.rate = usefulRate(phaseAt(path.phases, atMs).path, atMs);
          path.untilMs = pathChangeMs(path.phases, atMs);
        }
        total += path.rate;
        nextMs = Math.min(nextMs, path.untilMs);
      }
      if (atMs >= this.#accessUntilMs) {
        this.#accessRate = rateAt(this.#plan.access, atMs);
        this.#accessUntilMs = nextChangeMs(this.#plan.access, atMs);
      }
      nextMs = Math.min(nextMs, this.#accessUntilMs);
      this.#timesMs.push(nextMs);
      this.#bytes.push(bytes + (Math.min(this.#accessRate, total) * (nextMs - atMs)) / 1000);
    }
  }
}

function phasesOf(plan: NetworkPlan, nodeId: string): readonly PathPhase[] {
  const phases = pathPhases(plan, nodeId);
  invariant(phases !== undefined, `Cannot find the path of ${nodeId}`);
  return phases;
}

function pathChangeMs(phases: readonly PathPhase[], atMs: number): number {
  return Math.min(nextPhaseMs(phases, atMs), nextChangeMs(phaseAt(phases, atMs).path.rate, atMs));
}

/** Bytes per second that are of use. */
function usefulRate({ rate, fault, lossRatio }: PathConditions, atMs: number): number {
  switch (fault?.kind) {
    case "refuse":
    case "hang":
    case "corrupt":
      return 0;
    case "brown-out":
      return Math.min(BROWN_OUT_BYTES_PER_SECOND, rateAt(rate, atMs));
    case "unavailable":
    case "truncate":
    case "slow-disk":
    case undefined:
      return lossRatio >= 1 ? 0 : rateAt(rate, atMs);
  }
}

/** The earliest that a byte can come when nobody asked before `fromMs`; a request may pay off to be made later. */
function earliestByteMs(phases: readonly PathPhase[], fromMs: number, isCold: boolean): number {
  const inForce = phaseAt(phases, fromMs);
  const answers = phases
    .filter((phase) => phase === inForce || phase.atMs > fromMs)
    .map(({ atMs, path }) => {
      const { roundTripMs, jitterMs, fault } = path;
      const diskMs = fault?.kind === "slow-disk" ? SLOW_DISK_MS : 0;
      return Math.max(fromMs, atMs) + Math.max(0, roundTripMs - jitterMs) + (isCold ? roundTripMs : 0) + diskMs;
    });
  return Math.min(...answers);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The y of an x on a rising line of points; of several points with that x the first. */
function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  let [low, high] = [0, xs.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? Infinity) >= x) high = middle;
    else low = middle + 1;
  }
  const [x1 = 0, y1 = 0] = [xs[low], ys[low]];
  if (low === 0 || x1 === x) return y1;
  const [x0 = 0, y0 = 0] = [xs[low - 1], ys[low - 1]];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
