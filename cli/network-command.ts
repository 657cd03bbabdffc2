/** The words of `vstack network`: names and values to asks; what they do is in commands/network.ts. */
import { type Command, Option } from "commander";
import { FAULT_KINDS, type FaultKind } from "#core/network/conditions.ts";
import { UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import type { NetworkOptions, ProfileOptions, ScenarioOptions, SetOptions } from "./commands/network.ts";
import { clearNetworks, listNames, setProfile, setScenario, setValues, showNetworks } from "./commands/network.ts";
import { jsonOption, parsedBy, urlOption, whole } from "./option-values.ts";

const MEGABIT = 1_000_000 / 8;
const MAX_SEED = 0xffff_ffff;
const MAX_DELAY_MS = 60_000;

const rateOf = parsedBy((text) => {
  if (text === "unlimited") return UNLIMITED_BYTES_PER_SECOND;
  const megabits = numberOf(text);
  return megabits === undefined ? undefined : Math.min(megabits * MEGABIT, UNLIMITED_BYTES_PER_SECOND);
}, "a number of Mbit/s, or unlimited");
const delayOf = parsedBy((text) => {
  const delayMs = numberOf(text);
  return delayMs === undefined || delayMs > MAX_DELAY_MS ? undefined : delayMs;
}, `milliseconds from 0 to ${MAX_DELAY_MS}`);
const percentOf = parsedBy((text) => {
  const percent = numberOf(text.replace(/\s*%$/, ""));
  return percent === undefined || percent > 100 ? undefined : percent / 100;
}, "percent from 0 to 100");
/** Undefined where nobody said anything; `none` is said. */
const faultOf = parsedBy(
  (text): FaultKind | "none" | undefined => (text === "none" ? text : FAULT_KINDS.find((kind) => kind === text)),
  `none, ${FAULT_KINDS.join(", ")}`,
);

function numberOf(text: string): number | undefined {
  return /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : undefined;
}

const sessionOption = () => new Option("--session <name>", "for this player alone (default: everybody)");
const seedOption = () =>
  new Option("--seed <number>", "decides everything that is left to chance").default(1).argParser(whole(0, MAX_SEED));
const nodeOption = () => new Option("--node <id...>", "only these nodes (default: all)");
const tracesOption = () => new Option("--traces <folder>", "topologies of measured traces besides the generated ones");

export function addNetworkCommands(program: Command, exitWith: (code: number) => void): void {
  const network = program
    .command("network")
    .description("conditions between nodes and players, on a cluster that was started with --lab");
  network
    .command("list")
    .description("every name, with a line each")
    .addOption(tracesOption())
    .addOption(jsonOption())
    .action(async (options: { traces?: string; json: boolean }) => {
      await listNames(options);
    });
  withCluster(network.command("show"))
    .description("what is emulated now")
    .action(async (options: NetworkOptions) => {
      exitWith(await showNetworks(options));
    });
  withCluster(network.command("profile"))
    .description("the same conditions for good, on all nodes or some")
    .argument("<name>", "such as degraded")
    .addOption(nodeOption())
    .addOption(seedOption())
    .action(async (name: string, options: ProfileOptions) => {
      exitWith(await setProfile(name, options));
    });
  withCluster(network.command("scenario"))
    .description("conditions that change over time: a scenario or a topology")
    .argument("<name>", "such as hang, or s1-broadband-3")
    .addOption(tracesOption())
    .addOption(seedOption())
    .action(async (name: string, options: ScenarioOptions) => {
      exitWith(await setScenario(name, options));
    });
  withCluster(network.command("set"))
    .description("single values, the rest stays as it is")
    .addOption(nodeOption())
    .addOption(new Option("--rate <mbit/s>", "of the path; unlimited takes the limit away").argParser(rateOf))
    .addOption(new Option("--round-trip <ms>", "before each answer").argParser(delayOf))
    .addOption(new Option("--jitter <ms>", "each answer is early or late by up to this").argParser(delayOf))
    .addOption(new Option("--loss <percent>", "of packets").argParser(percentOf))
    .addOption(new Option("--fault <kind>", `none, ${FAULT_KINDS.join(", ")}`).argParser(faultOf))
    .addOption(new Option("--access <mbit/s>", "of the player's own link, behind all nodes").argParser(rateOf))
    .action(async (options: SetOptions) => {
      exitWith(await setValues(options));
    });
  withCluster(network.command("clear"))
    .description("take everything back, or with --session the network of that player")
    .action(async (options: NetworkOptions) => {
      await clearNetworks(options);
    });
  for (const command of network.commands) command.exitOverride().showHelpAfterError("(add --help for help)");
}

function withCluster(command: Command): Command {
  return command.addOption(sessionOption()).addOption(urlOption()).addOption(jsonOption());
}
