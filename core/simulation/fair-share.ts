/**
 * Max-min fairness on a tree: every node's path is shared equally by its transfers, and the access link by all of them;
 * what one cannot use, because its window or another link holds it, falls to the rest. Bertsekas and Gallager, "Data
 * Networks", section 6.5.2. Rates are bytes per second.
 */
import { fairLevel } from "../network/fair-level.ts";

/** Something that wants as much as it can get. */
export interface Flow {
  /** Its own limit, whatever the links would give; Infinity without one. */
  readonly windowRate: number;
  /** The result. */
  rate: number;
}

/** A path and who uses it. */
export interface SharedLink {
  readonly rate: number;
  readonly flows: readonly Flow[];
}

/** Sets the rate of every flow on every link. */
export function shareFairly(links: readonly SharedLink[], accessRate: number): void {
  let total = 0;
  for (const { rate, flows } of links) {
    if (flows.length === 0) continue;
    const level = levelOf(flows, rate);
    for (const flow of flows) {
      flow.rate = Math.min(flow.windowRate, level);
      total += flow.rate;
    }
  }
  if (total <= accessRate) return;
  // Whoever its own path holds below the common level keeps that; the level is the same for all others.
  const wanted = links.flatMap(({ flows }) => flows.map(({ rate }) => rate));
  const level = fairLevel(wanted, accessRate);
  for (const { flows } of links) {
    for (const flow of flows) flow.rate = Math.min(flow.rate, level);
  }
}

function levelOf(flows: readonly Flow[], capacity: number): number {
  if (isNobodyLimited(flows)) return capacity / flows.length;
  return fairLevel(
    flows.map(({ windowRate }) => windowRate),
    capacity,
  );
}

function isNobodyLimited(flows: readonly Flow[]): boolean {
  for (const { windowRate } of flows) if (windowRate !== Infinity) return false;
  return true;
}
