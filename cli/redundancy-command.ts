/** Commands about redundancy: `repair`, `scrub`. */
import type { Command } from "commander";
import type { RedundancyOptions } from "./commands/redundancy.ts";
import { runRedundancyWork } from "./commands/redundancy.ts";
import { jsonOption, urlOption } from "./option-values.ts";

const WORDS = {
  repair: "make missing and rotten pieces again now, without waiting for the next look, and watch",
  scrub: "read every piece on every node again, compare, and watch; what is wrong is repaired",
} as const;

export function addRedundancyCommands(program: Command, exitWith: (code: number) => void): void {
  for (const what of ["repair", "scrub"] as const) {
    program
      .command(what)
      .description(WORDS[what])
      .option("--no-wait", "only begin it")
      .addOption(urlOption())
      .addOption(jsonOption())
      .action(async (options: RedundancyOptions) => {
        exitWith(await runRedundancyWork(what, options));
      });
  }
}
