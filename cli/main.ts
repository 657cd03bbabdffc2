/** `vstack`: arguments to commands. Exit codes: 0 done, 1 failed, 2 wrong usage. */
import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import type { ChunkHash, NodeId, VideoId } from "#core/ids.ts";
import { parseChunkHash, parseNodeId, parseVideoId } from "#core/ids.ts";
import type { VideoSort } from "#wire/contract/catalog-api.ts";
import { VIDEO_SORTS } from "#wire/contract/catalog-api.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { MAX_NODES } from "#wire/contract/limits.ts";
import { OVERRIDES } from "#wire/contract/redundancy-schemas.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import { VERSION } from "#wire/contract/version.ts";
import type { GetOptions } from "./commands/get.ts";
import { get } from "./commands/get.ts";
import type { ListOptions } from "./commands/library.ts";
import { list, remove, rename, show } from "./commands/library.ts";
import { runRole } from "./commands/role.ts";
import { status } from "./commands/status.ts";
import type { TokenOptions } from "./commands/token.ts";
import { token } from "./commands/token.ts";
import type { UpOptions } from "./commands/up.ts";
import { localUrl, up } from "./commands/up.ts";
import type { UploadOptions } from "./commands/upload.ts";
import { upload } from "./commands/upload.ts";
import { addBenchCommands } from "./bench-command.ts";
import type { ConsensusOptions } from "./consensus-command.ts";
import { addConsensusCommands, consensusSettings, withConsensusOptions } from "./consensus-command.ts";
import { readClusterKey } from "./cluster-folder.ts";
import type { MediaOptions } from "./media-options.ts";
import { mediaSettings, withMediaOptions } from "./media-options.ts";
import { addNetworkCommands } from "./network-command.ts";
import { addRedundancyCommands } from "./redundancy-command.ts";
import { addSimulateCommands } from "./simulate-command.ts";
import { clusterUrl, DEFAULT_URL, jsonOption, parsedBy, urlOption, whole } from "./option-values.ts";

const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"];

const videoArgument = parsedBy<VideoId>(parseVideoId, "a video id of 26 characters, as `vstack list` shows");
const port = whole(1, 65_535);
const seconds = whole(1, 86_400);

const dataOption = (fallback: string) =>
  new Option("--data <folder>", "where it keeps everything").env("VSTACK_DATA").default(fallback);
const hostOption = () =>
  new Option("--host <address>", "address to listen on; 0.0.0.0 for all").env("VSTACK_HOST").default("127.0.0.1");
const keyOption = () => new Option("--cluster-key <file>", "file with the cluster key").env("VSTACK_CLUSTER_KEY_FILE");
const labOption = () =>
  new Option(
    "--lab",
    "lab mode: networks can be emulated, chunks are not cached by browsers (or VSTACK_LAB=1)",
  ).default(environmentFlag("VSTACK_LAB", false));
const logOption = () =>
  new Option("--log-level <level>", "logs on standard error")
    .env("VSTACK_LOG_LEVEL")
    .choices(LOG_LEVELS)
    .default("warn");

/** A switch from the environment: 1 or true, 0 or false. */
function environmentFlag(name: string, fallback: boolean): boolean {
  const text = process.env[name];
  return text === undefined || text === "" ? fallback : text === "1" || text === "true";
}

/** Commands set the exit code; the process ends when its work has ended. */
function exitWith(code: number): void {
  process.exitCode = code;
}

function addClusterCommands(program: Command): void {
  withConsensusOptions(withMediaOptions(program.command("up")))
    .description("run a whole cluster on this machine: one metadata server, storage nodes on the ports after it")
    .addOption(
      new Option("--port <number>", "of the metadata server; nodes take the next ones")
        .env("VSTACK_PORT")
        .default(8080)
        .argParser(whole(1, 65_000)),
    )
    .addOption(dataOption("./.vstack"))
    .addOption(
      new Option("--nodes <count>", "storage nodes").env("VSTACK_NODES").default(6).argParser(whole(1, MAX_NODES)),
    )
    .addOption(hostOption())
    .addOption(new Option("--no-demo", "start with an empty library"))
    .addOption(labOption())
    .addOption(
      new Option(
        "--domains <labels>",
        "failure domains that the nodes take in turn, such as a,b,c (default: each its own)",
      )
        .env("VSTACK_DOMAINS")
        .argParser((text: string) => text.split(",")),
    )
    .addOption(
      new Option("--copies <count>", "copies of each chunk, with --lab only (default: 3)").argParser(
        whole(2, MAX_NODES),
      ),
    )
    .addOption(logOption())
    .action(async (options: UpOptions) => {
      const demo = options.demo && environmentFlag("VSTACK_DEMO", true);
      await up({ ...options, demo });
    });
  program
    .command("node")
    .description("run one storage node in the foreground")
    .addOption(
      new Option("--id <name>", "the node's name in the cluster")
        .env("VSTACK_NODE_ID")
        .makeOptionMandatory()
        .argParser(parsedBy<NodeId>(parseNodeId, "a-z, 0-9 and -")),
    )
    .addOption(new Option("--port <number>", "to listen on").env("VSTACK_PORT").makeOptionMandatory().argParser(port))
    .addOption(hostOption())
    .addOption(new Option("--data <folder>", "where it keeps chunks").env("VSTACK_DATA").makeOptionMandatory())
    .addOption(
      new Option("--metadata <address>", "the metadata server")
        .env("VSTACK_METADATA_URL")
        .default(DEFAULT_URL)
        .argParser(parsedBy(clusterUrl, "an http address")),
    )
    .addOption(
      new Option("--public-url <address>", "where browsers reach it")
        .env("VSTACK_PUBLIC_URL")
        .argParser(parsedBy(clusterUrl, "an http address")),
    )
    .addOption(
      new Option("--internal-url <address>", "where the metadata server reaches it (default: as browsers do)")
        .env("VSTACK_INTERNAL_URL")
        .argParser(parsedBy(clusterUrl, "an http address")),
    )
    .addOption(
      new Option("--domain <label>", "what fails together with it, a machine or a house (default: nothing else)").env(
        "VSTACK_DOMAIN",
      ),
    )
    .addOption(keyOption())
    .addOption(labOption())
    .addOption(logOption())
    .action(async (options: NodeOptions) => {
      exitWith(await runRole("node", options.id, await nodeSettings(options)));
    });
  withConsensusOptions(withMediaOptions(program.command("metadata")))
    .description("run the metadata server in the foreground")
    .addOption(new Option("--port <number>", "to listen on").env("VSTACK_PORT").default(8080).argParser(port))
    .addOption(hostOption())
    .addOption(new Option("--data <folder>", "where it keeps the catalogue").env("VSTACK_DATA").makeOptionMandatory())
    .addOption(
      new Option("--public-url <address>", "where browsers reach it")
        .env("VSTACK_PUBLIC_URL")
        .argParser(parsedBy(clusterUrl, "an http address")),
    )
    .addOption(keyOption())
    .addOption(labOption())
    .addOption(logOption())
    .action(async (options: RoleOptions & MediaOptions & ConsensusOptions) => {
      const settings = { ...(await roleSettings(options)), ...mediaSettings(options), ...consensusSettings(options) };
      exitWith(await runRole("metadata", "metadata", settings));
    });
}

interface RoleOptions {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly publicUrl?: string;
  readonly clusterKey?: string;
  readonly lab: boolean;
  readonly logLevel: string;
}

interface NodeOptions extends RoleOptions {
  readonly id: NodeId;
  readonly metadata: string;
  readonly internalUrl?: string;
  readonly domain?: string;
}

async function roleSettings(options: RoleOptions): Promise<Record<string, string>> {
  return {
    VSTACK_PORT: String(options.port),
    VSTACK_HOST: options.host,
    VSTACK_DATA: resolve(options.data),
    VSTACK_PUBLIC_URL: options.publicUrl ?? localUrl(options.host, options.port),
    VSTACK_CLUSTER_KEY: (await readClusterKey(options)).trim(),
    VSTACK_LAB: options.lab ? "1" : "0",
    VSTACK_LOG_LEVEL: options.logLevel,
  };
}

async function nodeSettings(options: NodeOptions): Promise<Record<string, string>> {
  return {
    ...(await roleSettings(options)),
    VSTACK_NODE_ID: options.id,
    VSTACK_METADATA_URL: options.metadata,
    ...(options.domain === undefined ? {} : { VSTACK_DOMAIN: options.domain }),
    VSTACK_INTERNAL_URL: options.internalUrl ?? options.publicUrl ?? localUrl(options.host, options.port),
  };
}

function addVideoCommands(program: Command): void {
  program
    .command("upload")
    .description("store videos and print where to watch them")
    .argument("<file...>", "video files: MP4, MOV, MKV, WebM; with ffmpeg on the server almost anything")
    .option("--title <text>", "title (default: the file's name)")
    .addOption(new Option("--redundancy <form>", "how it is kept").choices(OVERRIDES).default("auto"))
    .option(
      "--renditions",
      "the files are one video: its qualities, with keyframes at the same times, and its subtitles",
      false,
    )
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (files: string[], options: UploadOptions) => {
      exitWith(await upload(files, options));
    });
  program
    .command("list")
    .description("list the library")
    .option("--search <text>", "only titles that contain it")
    .addOption(new Option("--sort <order>", "which first").choices(VIDEO_SORTS).default("newest" satisfies VideoSort))
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (options: ListOptions) => {
      await list(options);
    });
  program
    .command("show")
    .description("show one video and its renditions")
    .argument("<id>", "the video", videoArgument)
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (id: VideoId, options: { url: string; json: boolean }) => {
      await show(id, options);
    });
  program
    .command("get")
    .description("fetch a video from the nodes, verify it, and write one playable file")
    .argument("<id>", "the video", videoArgument)
    .requiredOption("-o, --output <file>", "where to write it")
    .option("--rendition <id>", "which quality (default: the best)")
    .addOption(
      new Option("--strategy <name>", "how nodes are chosen")
        .choices(STRATEGIES)
        .default("smart" satisfies StrategyName),
    )
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (id: VideoId, options: GetOptions) => {
      await get(id, options);
    });
  program
    .command("rename")
    .description("give a video another title")
    .argument("<id>", "the video", videoArgument)
    .argument("<title>", "what it is called from now on")
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (id: VideoId, title: string, options: { url: string; json: boolean }) => {
      await rename(id, title, options);
    });
  program
    .command("rm")
    .description("delete a video; its bytes leave the nodes unless another video shares them")
    .argument("<id>", "the video", videoArgument)
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (id: VideoId, options: { url: string; json: boolean }) => {
      await remove(id, options);
    });
}

function addOperationCommands(program: Command): void {
  program
    .command("status")
    .description("show nodes, their health, how full they are, and what redundancy does")
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (options: { url: string; json: boolean }) => {
      await status(options);
    });
  program
    .command("token")
    .description(
      "mint a short-lived capability to write one chunk to a node (?capability=TOKEN or Authorization: Bearer TOKEN)",
    )
    .addOption(new Option("--method <name>", "what it allows").choices(["PUT", "DELETE"]).makeOptionMandatory())
    .addOption(
      new Option("--hash <hash>", "SHA-256 of the chunk")
        .makeOptionMandatory()
        .argParser(parsedBy<ChunkHash>(parseChunkHash, "64 lower-case hexadecimal digits")),
    )
    .addOption(new Option("--lifetime-seconds <seconds>", "how long it lasts").default(300).argParser(seconds))
    .addOption(keyOption())
    .addOption(dataOption("./.vstack"))
    .addOption(jsonOption())
    .action(async (options: TokenOptions) => {
      await token(options);
    });
}

async function main(): Promise<void> {
  const program = new Command("vstack")
    .description("Streams video from a handful of ordinary servers; the viewer's browser is the load balancer")
    .version(VERSION)
    // What stands behind a command is that command's: "bench consensus --out" is not "bench --out".
    .enablePositionalOptions()
    .showHelpAfterError("(add --help for help)")
    .exitOverride();
  addClusterCommands(program);
  addVideoCommands(program);
  addOperationCommands(program);
  addConsensusCommands(program, exitWith);
  addRedundancyCommands(program, exitWith);
  addNetworkCommands(program, exitWith);
  addSimulateCommands(program, exitWith);
  addBenchCommands(program, exitWith);
  for (const command of program.commands) command.exitOverride().showHelpAfterError("(add --help for help)");
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      exitWith(error.exitCode === 0 ? 0 : 2);
      return;
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    exitWith(errorCode(error) === "bad-request" ? 2 : 1);
  }
}

await main();
