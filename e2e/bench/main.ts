/**
 * The browser tier of `vstack bench`, which starts it: plays sessions in Chromium on lab clusters of its own and writes a
 * BenchPart. Paired by seed, strategies interleaved in an order that the seed decides; what the page itself takes is measured
 * first, with a browser that has just begun.
 *
 *     node --import tsx e2e/bench/main.ts --mode ci --seed 1 --out part.json [--scenario A B] [--strategy A B] [--seeds N]
 *       [--traces DIR] [--seconds N] [--media DIR]
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Browser } from "playwright";
import { chromium } from "playwright";
import * as v from "valibot";
import type { BenchPart, BenchSession } from "#core/benchmark/report.ts";
import { BENCH_SCHEMA } from "#core/benchmark/report.ts";
import { seededRandom } from "#core/random.ts";
import { BenchPartSchema } from "#wire/contract/bench-report.ts";
import { CHROMIUM_ARGS, findChromium } from "../fixtures/browser.ts";
import type { Extent, Mode } from "./bench-extent.ts";
import { EXTENTS, MODES } from "./bench-extent.ts";
import { makeMedia, startBenchCluster } from "./bench-media.ts";
import { measuredNetworks, nodeCountOf } from "./lab.ts";
import { measurePromises } from "./measure-promises.ts";
import { pageStartup } from "./page-trials.ts";
import type { SessionWish, Stage } from "./play-session.ts";
import { playerOf, playSession } from "./play-session.ts";
import { TRIAL_NODES, TRIAL_SECONDS } from "./trials.ts";

interface Asked extends Extent {
  readonly mode: Mode;
  readonly seed: number;
  readonly out: string;
  readonly traces: string | undefined;
  readonly media: string | undefined;
}

async function asked(): Promise<Asked> {
  const { values } = parseArgs({
    options: {
      ...{ mode: { type: "string", default: "custom" }, seed: { type: "string", default: "1" } },
      ...{ out: { type: "string", default: "browser-part.json" }, traces: { type: "string" } },
      ...{ scenario: { type: "string", multiple: true }, strategy: { type: "string", multiple: true } },
      ...{ seeds: { type: "string" }, seconds: { type: "string" }, media: { type: "string" } },
    },
    // `--scenario A B`, as the command line of vstack has it.
    args: repeated(process.argv.slice(2), ["--scenario", "--strategy"]),
  });
  const mode = v.parse(v.picklist(MODES), values.mode);
  const extent = EXTENTS[mode];
  const unknown = values.strategy?.find((name) => playerOf(name) === undefined);
  if (unknown !== undefined) throw new Error(`Nothing plays as "${unknown}"`);
  const { traces } = values;
  const usual = traces === undefined ? extent.scenarios : await measuredNetworks(traces, extent.scenarios.length);
  return {
    ...{ ...extent, mode, seed: Number(values.seed), out: values.out, traces, media: values.media },
    scenarios: values.scenario ?? usual,
    strategies: values.strategy ?? extent.strategies,
    seedCount: Number(values.seeds ?? extent.seedCount),
    seconds: Number(values.seconds ?? extent.seconds),
  };
}

/** `--name A B` becomes `--name A --name B`. */
function repeated(words: readonly string[], names: readonly string[]): string[] {
  let name: string | undefined;
  return words.flatMap((word) => {
    if (word.startsWith("--")) {
      name = names.includes(word) ? word : undefined;
      return name === undefined ? [word] : [];
    }
    return name === undefined ? [word] : [name, word];
  });
}

/** Everything that must be ended, in the reverse of how it was begun. */
const open: (() => Promise<unknown>)[] = [];
let isOver = false;

async function closeAll(): Promise<void> {
  isOver = true;
  for (const close of open.splice(0).reverse()) await close().catch(() => undefined);
}

async function run(ask: Asked): Promise<BenchPart> {
  const startedMs = performance.now();
  const emptyVideo = { seconds: ask.seconds, segmentSeconds: 4, ladderBitsPerSecond: [] };
  const nothing = { schema: BENCH_SCHEMA, tier: "browser", chromium: null, sessions: [], measurements: [] } as const;
  say("making the video");
  const files = await makeMedia(ask.media, ask.seconds);
  if (files === undefined) {
    const notRun = ["not run: the browser's video is made by ffmpeg, which is not on the PATH"];
    return { ...nothing, video: emptyVideo, notRun };
  }
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...CHROMIUM_ARGS] });
  open.push(() => browser.close());
  const stages = await openStages(ask, browser, files);
  const [first] = stages.values();
  if (first === undefined) return { ...nothing, video: emptyVideo, notRun: ["not run: no scenario was asked for"] };
  say("what the page itself takes");
  const page = await pageStartup(first);
  const { sessions, notRun } = await playAll(ask, stages, startedMs);
  const part: Omit<BenchPart, "measurements" | "notRun"> = {
    ...{ schema: BENCH_SCHEMA, tier: "browser", chromium: browser.version(), video: first.video.facts, sessions },
    ...(page === undefined ? {} : { pageStartup: page }),
  };
  const { trialsUntilMs } = ask;
  if (trialsUntilMs === null || isOver) return { ...part, measurements: [], notRun };
  const isTimeUp = () => isOver || performance.now() - startedMs > trialsUntilMs;
  const stage = await trialStage(ask, stages, browser);
  const measurements = await measurePromises(stage, { seed: ask.seed, page, say, isTimeUp });
  return { ...part, measurements, notRun };
}

/** Whatever breaks or comes too late is said to be not run. */
async function playAll(
  ask: Asked,
  stages: ReadonlyMap<string, Stage>,
  startedMs: number,
): Promise<{ readonly sessions: readonly BenchSession[]; readonly notRun: readonly string[] }> {
  const wishes = orderOf(ask);
  const sessions: BenchSession[] = [];
  const notRun: string[] = [];
  for (const [index, wish] of wishes.entries()) {
    const name = `${wish.scenario}, ${wish.strategy}, seed ${wish.seed}`;
    if (isOver) break;
    if (performance.now() - startedMs > ask.budgetMs) {
      notRun.push(`not run: ${wishes.length - index} sessions from "${name}" on, as the time was up`);
      break;
    }
    say(`session ${index + 1} of ${wishes.length}: ${name}`);
    try {
      sessions.push(await playSession(stageOf(stages, wish), wish));
    } catch (error) {
      notRun.push(`not run: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { sessions, notRun };
}

/** One cluster for each number of nodes that a scenario has, with the video on every one of them; by scenario. */
async function openStages(ask: Asked, browser: Browser, files: readonly string[]): Promise<Map<string, Stage>> {
  const byCount = new Map<number, Stage>();
  const stages = new Map<string, Stage>();
  for (const scenario of ask.scenarios) {
    const nodeCount = await nodeCountOf(scenario, ask.traces);
    const stage = byCount.get(nodeCount) ?? (await openStage({ nodeCount, browser, traces: ask.traces }, files));
    byCount.set(nodeCount, stage);
    stages.set(scenario, stage);
  }
  return stages;
}

async function openStage(
  parts: Pick<Stage, "nodeCount" | "browser" | "traces">,
  files: readonly string[],
): Promise<Stage> {
  say(`starting ${parts.nodeCount} nodes and storing the video`);
  const { cluster, video } = await startBenchCluster(parts.nodeCount, files);
  open.push(() => cluster.stop());
  return { ...parts, cluster, video };
}

/** Trials have networks of four nodes, and a video of their own length: the sessions' cluster, when it is like that. */
async function trialStage(ask: Asked, stages: ReadonlyMap<string, Stage>, browser: Browser): Promise<Stage> {
  const alike = [...stages.values()].find(
    ({ nodeCount, video }) => nodeCount === TRIAL_NODES && video.facts.seconds === TRIAL_SECONDS,
  );
  if (alike !== undefined) return alike;
  const files = (await makeMedia(ask.media, TRIAL_SECONDS)) ?? [];
  return await openStage({ nodeCount: TRIAL_NODES, browser, traces: undefined }, files);
}

function stageOf(stages: ReadonlyMap<string, Stage>, { scenario }: SessionWish): Stage {
  const stage = stages.get(scenario);
  if (stage === undefined) throw new Error(`No cluster was started for "${scenario}"`);
  return stage;
}

/** Seed by seed, so that a run that is cut short has whole pairs; inside a seed in an order of chance. */
function orderOf({ scenarios, strategies, seed, seedCount }: Asked): SessionWish[] {
  const random = seededRandom(seed);
  return Array.from({ length: seedCount }, (_, at) => seed + at).flatMap((one) =>
    shuffled(scenarios, random).flatMap((scenario) =>
      shuffled(strategies, random).map((strategy) => ({ scenario, strategy, seed: one })),
    ),
  );
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

function say(words: string): void {
  process.stderr.write(`browser: ${words}\n`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void closeAll().then(() => process.exit(1));
  });
}
const ask = await asked();
try {
  const part = await run(ask);
  await writeFile(ask.out, `${JSON.stringify(v.parse(BenchPartSchema, part))}\n`);
  say(
    `${part.sessions.length} sessions, ${part.sessions.filter((one) => one.invalidReason !== null).length} of them do not count`,
  );
} finally {
  await closeAll();
}
