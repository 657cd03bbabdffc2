/** Every strategy by name. `smart` and `naive` are for viewers, the rest for comparisons in the laboratory. */
import { naiveStrategy } from "./naive-strategy.ts";
import { nearestStrategy, originalStrategy, randomStrategy } from "./simple-strategies.ts";
import { smartStrategy, smartStrategyWith } from "./smart-strategy.ts";
import type { Strategy } from "./strategy.ts";

const ALL = { splits: true, hedges: true, races: true, minds: true };

export const STRATEGIES_BY_NAME = {
  smart: smartStrategy,
  naive: naiveStrategy,
  random: randomStrategy,
  nearest: nearestStrategy,
  original: originalStrategy,
  "smart-no-split": smartStrategyWith("smart-no-split", { ...ALL, splits: false }),
  "smart-no-hedge": smartStrategyWith("smart-no-hedge", { ...ALL, hedges: false }),
  "smart-no-race": smartStrategyWith("smart-no-race", { ...ALL, races: false }),
  "smart-no-deadline": smartStrategyWith("smart-no-deadline", { ...ALL, minds: false }),
} as const satisfies Readonly<Record<string, Strategy>>;

export type StrategyId = keyof typeof STRATEGIES_BY_NAME;
