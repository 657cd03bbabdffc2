/**
 * How many bytes background work may move, refilled by time: a token bucket whose rate follows what playback leaves.
 * Bytes, bytes a second, seconds.
 */
import { invariant } from "../invariant.ts";
import type { PolicyConfig } from "./policy-config.ts";

export interface ByteBudget {
  readonly bytes: number;
  readonly atSeconds: number;
}

/** What may be saved up: seconds of the rate. More would be a burst that playback feels. */
const BURST_SECONDS = 2;

/**
 * The budget as it is now.
 *
 * @param rateBytesPerSecond of the time since then, >= 0
 */
export function refilled(budget: ByteBudget, rateBytesPerSecond: number, nowSeconds: number): ByteBudget {
  const seconds = Math.max(0, nowSeconds - budget.atSeconds);
  const most = rateBytesPerSecond * BURST_SECONDS;
  const bytes = Math.min(most, budget.bytes + seconds * rateBytesPerSecond);
  return { bytes, atSeconds: Math.max(budget.atSeconds, nowSeconds) };
}

/** Work may begin while something is left, and may overdraw: else a piece larger than the burst would never be moved. */
export function isOpen({ bytes }: ByteBudget): boolean {
  return bytes > 0;
}

export function spent(budget: ByteBudget, bytes: number): ByteBudget {
  invariant(bytes >= 0, `Cannot spend ${bytes} bytes`);
  return { ...budget, bytes: budget.bytes - bytes };
}

/** What the nodes carry, and what of it players are using now. */
export interface Load {
  readonly capacityBytesPerSecond: number;
  readonly playbackBytesPerSecond: number;
}

/** The rate of repair: a share of what playback leaves, never above its own limit, never so low that it does not end. */
export function repairRate({ capacityBytesPerSecond, playbackBytesPerSecond }: Load, config: PolicyConfig): number {
  const left = Math.max(0, capacityBytesPerSecond - playbackBytesPerSecond) * config.repairShare;
  return Math.max(config.repairLeastBytesPerSecond, Math.min(config.repairBytesPerSecond, left));
}
