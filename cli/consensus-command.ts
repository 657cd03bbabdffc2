/** Commands and flags about who votes: `drain`, `rebuild-catalogue`, `--acceptors`, `--replace-after-seconds`. */
import type { Command } from "commander";
import { Option } from "commander";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import type { DrainOptions } from "./commands/consensus.ts";
import { drain, rebuildCatalogue } from "./commands/consensus.ts";
import { jsonOption, parsedBy, urlOption, whole } from "./option-values.ts";

export interface ConsensusOptions {
  readonly acceptors: string;
  readonly replaceAfterSeconds: number;
}

export function withConsensusOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--acceptors <count>", "nodes that vote on a video, when there are so many")
        .env("VSTACK_ACCEPTORS")
        .choices(["3", "5"])
        .default("5"),
    )
    .addOption(
      new Option("--replace-after-seconds <seconds>", "a voting node that is away for so long is replaced by another")
        .env("VSTACK_REPLACE_AFTER_SECONDS")
        .argParser(whole(1, 9_999_999))
        .default(600),
    );
}

/** The environment of the metadata server. */
export function consensusSettings({ acceptors, replaceAfterSeconds }: ConsensusOptions): Record<string, string> {
  return { VSTACK_ACCEPTORS: acceptors, VSTACK_REPLACE_AFTER_SECONDS: String(replaceAfterSeconds) };
}

export function addConsensusCommands(program: Command, exitWith: (code: number) => void): void {
  program
    .command("drain")
    .description("let a node leave: its votes and its bytes move to the others")
    .argument("<node>", "the node's name", parsedBy<NodeId>(parseNodeId, "a node id, as `vstack status` shows"))
    .option("--undo", "let it stay after all", false)
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (nodeId: NodeId, options: DrainOptions) => {
      exitWith(await drain(nodeId, options));
    });
  program
    .command("rebuild-catalogue")
    .description("make the catalogue again from the storage nodes, after its database was lost")
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (options: { url: string; json: boolean }) => {
      exitWith(await rebuildCatalogue(options));
    });
}
