/** `vstack simulate ...`: arguments to the simulators. */
import { type Command, Option } from "commander";
import type { SimulateConsensusOptions } from "./commands/simulate-consensus.ts";
import { ruleName, simulateConsensus } from "./commands/simulate-consensus.ts";
import type { SimulateOptions } from "./commands/simulate.ts";
import { simulateScheduler } from "./commands/simulate.ts";
import type { SimulateRedundancyOptions } from "./commands/simulate-redundancy.ts";
import { simulateRedundancy } from "./commands/simulate-redundancy.ts";
import { jsonOption, whole } from "./option-values.ts";

/** @param exitWith told when a command is done */
export function addSimulateCommands(program: Command, exitWith: (code: number) => void): void {
  const simulate = program.command("simulate").description("run the system's decisions on a virtual clock");
  simulate
    .command("scheduler")
    .description("compare strategies in simulated sessions, against the bound that nobody can beat")
    .option(
      "--scenario <name...>",
      "networks: topologies, profile:NAME, scenario:NAME, drawn:NAME (default: every topology)",
    )
    .option("--strategy <name...>", "who plays (default: smart, the baselines, plain hls.js in two settings)")
    .addOption(new Option("--seeds <number>", "sessions of each kind").default(3).argParser(whole(1, 1000)))
    .addOption(new Option("--seed <number>", "the first seed").default(1).argParser(whole(0, 1_000_000_000)))
    .option("--traces <folder>", "measured networks instead of generated ones")
    .option("--cold", "no estimates from an earlier session", false)
    .option("--out <file>", "write every session as JSON")
    .addOption(jsonOption())
    .exitOverride()
    .showHelpAfterError("(add --help for help)")
    .action(async (options: SimulateOptions) => {
      exitWith(await simulateScheduler(options));
    });
  simulate
    .command("redundancy")
    .description("compare policies of redundancy with the best choice afterwards, and change chunks under faults")
    .option("--policy <name...>", "adaptive, views, hybrid, always-replication, always-erasure (default: all)")
    .addOption(new Option("--seeds <number>", "libraries of each kind").default(3).argParser(whole(1, 1000)))
    .addOption(new Option("--seed <number>", "the first seed").default(1).argParser(whole(0, 1_000_000_000)))
    .addOption(
      new Option("--schedules <number>", "of changes, repairs and faults")
        .default(2_000)
        .argParser(whole(0, 100_000_000)),
    )
    .option("--mutant <rule>", "take one rule of a change away: it must be noticed")
    .option("--out <file>", "write the report as JSON")
    .addOption(jsonOption())
    .exitOverride()
    .showHelpAfterError("(add --help for help)")
    .action(async (options: SimulateRedundancyOptions) => {
      exitWith(await simulateRedundancy(options));
    });
  simulate
    .command("consensus")
    .description("run the agreement among nodes under drawn faults, and check it at every decision")
    .addOption(new Option("--schedules <number>", "how many").default(20_000).argParser(whole(1, 1_000_000_000)))
    .addOption(new Option("--seed <number>", "the first seed").default(1).argParser(whole(0, 1_000_000_000)))
    .addOption(new Option("--mutant <rule>", "take one rule away: it must be found").argParser(ruleName))
    .option("--out <file>", "write the report as JSON")
    .addOption(new Option("--part").hideHelp().default(false))
    .addOption(jsonOption())
    .exitOverride()
    .showHelpAfterError("(add --help for help)")
    .action(async (options: SimulateConsensusOptions) => {
      exitWith(await simulateConsensus(options));
    });
}
