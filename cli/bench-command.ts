/** The words of `vstack bench`; what they do is in commands/bench.ts. */
import { type Command, Option } from "commander";
import { TIERS } from "#core/benchmark/report.ts";
import type { BenchOptions } from "./commands/bench.ts";
import { bench } from "./commands/bench.ts";
import type { CodecOptions } from "./commands/bench-codec.ts";
import { benchCodec } from "./commands/bench-codec.ts";
import type { BenchConsensusOptions } from "./commands/bench-consensus.ts";
import { benchConsensus } from "./commands/bench-consensus.ts";
import type { BenchHealOptions } from "./commands/bench-heal.ts";
import { benchHeal } from "./commands/bench-heal.ts";
import type { BenchLoadOptions } from "./commands/bench-load.ts";
import { benchLoad } from "./commands/bench-load.ts";
import { benchDiff } from "./commands/bench-diff.ts";
import type { BenchWorkerOptions } from "./commands/bench-worker.ts";
import { benchWorker } from "./commands/bench-worker.ts";
import type { TargetsOptions } from "./commands/bench-targets.ts";
import { benchTargets } from "./commands/bench-targets.ts";
import { LINK_PROXY, serveLinks } from "./bench/links/link-proxy.ts";
import { serveSimJobs, SIM_WORKER } from "./bench/sim-tier.ts";
import { clusterUrl, jsonOption, parsedBy, whole } from "./option-values.ts";

const MAX_SEEDS = 1_000;
const MAX_SEED = 1_000_000_000;
const MAX_CODEC_ROUNDS = 1_000;
/** Four qualities of ten minutes are 1.4 GB, on every node. */
const MAX_SECONDS = 600;
const LOAD_SECONDS = 75;
/** Twelve times as much is written to the disk before it begins. */
const MAX_HEAL_GIGABYTES = 10;
/** Each is a few sockets to every node, all from this machine. */
const MAX_PLAYERS = 1_000;

type LoadWords = Pick<BenchLoadOptions, "players" | "megabits" | "url"> & { readonly load?: boolean };

const seedOption = () =>
  new Option("--seed <number>", "decides everything left to chance").default(1).argParser(whole(0, MAX_SEED));
const seedsOption = () => new Option("--seeds <number>", "sessions of each kind").argParser(whole(1, MAX_SEEDS));
const tracesOption = () => new Option("--traces <folder>", "measured networks instead of generated ones");
const tierOption = () => new Option("--tier <name...>", "simulated, or measured in Chromium").choices(TIERS);

export function addBenchCommands(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command("bench")
    .description("compare strategies in simulated and real sessions; writes a report as JSON and as a page")
    .addOption(new Option("--smoke", "simulated only, under a minute").conflicts(["ci", "full"]))
    .addOption(new Option("--ci", "both tiers, under ten minutes").conflicts("full"))
    .option("--full", "every scenario, every strategy, both tiers")
    .addOption(
      new Option("--load", "viewers without pictures on one cluster: late segments are counted").conflicts([
        ...["smoke", "ci", "full", "tier", "traces", "scenario", "strategy", "seeds", "out"],
      ]),
    )
    .addOption(new Option("--players <number>", "of --load").default(100).argParser(whole(1, MAX_PLAYERS)))
    .addOption(
      new Option("--megabits <number>", "that each of them reads a second").default(2).argParser(whole(1, 100)),
    )
    .addOption(
      new Option("--url <address>", "a running cluster for --load (default: a temporary one)").argParser(
        parsedBy(clusterUrl, "an http address"),
      ),
    )
    .addOption(tierOption())
    .addOption(tracesOption())
    .option("--scenario <name...>", "networks (default: every topology)")
    .option("--strategy <name...>", "who plays (default: smart, the baselines, plain hls.js in two settings)")
    .addOption(seedsOption())
    .addOption(seedOption())
    .addOption(
      new Option("--seconds <number>", "length of the browser's video, or of --load (75)").argParser(
        whole(8, MAX_SECONDS),
      ),
    )
    .option("--out <folder>", "where the report goes (default: ./bench-results/<time>)")
    .addOption(jsonOption())
    .enablePositionalOptions()
    .action(async ({ load, players, megabits, url, ...options }: BenchOptions & LoadWords) => {
      if (load !== true) {
        exitWith(await bench(options));
        return;
      }
      const { seconds = LOAD_SECONDS, seed, json } = options;
      exitWith(
        await benchLoad({ ...{ players, megabits, seconds, seed, json }, ...(url === undefined ? {} : { url }) }),
      );
    });
  wordsFail(command.command("targets"))
    .description("what the scheduler is promised to do: measured, limit, verdict")
    .addOption(tierOption())
    .addOption(tracesOption())
    .addOption(seedsOption())
    .addOption(seedOption())
    .option("--out <folder>", "where the report goes (default: ./bench-results/<time>)")
    .addOption(jsonOption())
    .action(async (options: TargetsOptions) => {
      exitWith(await benchTargets(options));
    });
  wordsFail(command.command("codec"))
    .description("how fast Reed-Solomon is, in Node and in Chromium, beside the best native codec")
    .addOption(
      new Option("--rounds <number>", "each measures everything once")
        .default(40)
        .argParser(whole(1, MAX_CODEC_ROUNDS)),
    )
    .option("--out <folder>", "where the report goes (default: ./bench-results/<time>)")
    .addOption(jsonOption())
    .action(async (options: CodecOptions) => {
      exitWith(await benchCodec(options));
    });
  wordsFail(command.command("worker"))
    .description("what the worker's own work costs per MiB, verified (in Node; the browser tier measures Chromium)")
    .addOption(seedOption())
    .addOption(jsonOption())
    .action(async (options: BenchWorkerOptions) => {
      exitWith(await benchWorker(options));
    });
  wordsFail(command.command("consensus"))
    .description("our acceptors beside a three-node etcd, in turns on this machine")
    .addOption(new Option("--rounds <number>", "of one slice for each side").default(6).argParser(whole(1, 100)))
    .addOption(new Option("--slice-seconds <number>", "length of a slice").default(1).argParser(whole(1, 60)))
    .addOption(new Option("--warm-seconds <number>", "before it counts").default(10).argParser(whole(1, 600)))
    .addOption(new Option("--kills <number>", "of an acceptor, and of the leader").default(3).argParser(whole(0, 20)))
    .addOption(new Option("--acceptors <number>", "ours; etcd has three").default(3).argParser(whole(3, 5)))
    .option("--etcd <program>", "etcd 3.4 or later", "etcd")
    .addOption(seedOption())
    .option("--out <folder>", "where the report goes (default: ./bench-results/<time>)")
    .addOption(jsonOption())
    .action(async (options: BenchConsensusOptions) => {
      exitWith(await benchConsensus(options));
    });
  wordsFail(command.command("heal"))
    .description("a node loses its disk while people watch: how fast it is filled again, and what they notice")
    .addOption(new Option("--gigabytes <number>", "on each node").default(1).argParser(whole(1, MAX_HEAL_GIGABYTES)))
    .addOption(new Option("--nodes <number>", "of the cluster").default(6).argParser(whole(5, 20)))
    .addOption(
      new Option("--players <number>", "viewers without pictures").default(24).argParser(whole(1, MAX_PLAYERS)),
    )
    .addOption(new Option("--megabits <number>", "that each of them reads a second").default(4).argParser(whole(1, 25)))
    .addOption(
      new Option("--rounds <number>", "nodes that lose their disk, in turn").default(2).argParser(whole(1, 10)),
    )
    .addOption(new Option("--quiet-seconds <number>", "before, between and after").default(60).argParser(whole(5, 600)))
    .addOption(seedOption())
    .addOption(jsonOption())
    .action(async (options: BenchHealOptions) => {
      exitWith(await benchHeal(options));
    });
  wordsFail(command.command("diff"))
    .description("what changed from one report to another, on the cells that both have")
    .argument("<before>", "report.json of the first run")
    .argument("<after>", "report.json of the second run")
    .addOption(jsonOption())
    .action(async (before: string, after: string, { json }: { json: boolean }) => {
      exitWith(await benchDiff({ before, after, json }));
    });
  program.command(SIM_WORKER, { hidden: true }).action(serveSimJobs);
  program.command(LINK_PROXY, { hidden: true }).action(serveLinks);
}

function wordsFail(command: Command): Command {
  return command.exitOverride().showHelpAfterError("(add --help for help)");
}
