/**
 * Histories of a real cluster under faults: proposers race for a few hundred positions (create, compare-and-set, read), every
 * answer is noted with its times, and in the end each position's history must be one that a single register could have given.
 */
import { loadavg } from "node:os";
import type { HistoryOperation } from "#core/consensus/linearizability.ts";
import { whyNotLinearizable } from "#core/consensus/linearizability.ts";
import type { ProposalOutcome } from "#core/consensus/proposal.ts";
import type { Change, Value } from "#core/consensus/value.ts";
import { parseChunkHash, parseRenditionId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { RECORD_SCHEMA } from "#core/placement/record.ts";
import type { Random } from "#core/random.ts";
import { seededRandom } from "#core/random.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { Link, Links } from "../../cli/bench/links/start-links.ts";
import { startLinks } from "../../cli/bench/links/start-links.ts";
import type { AcceptorCluster } from "./acceptor-cluster.ts";
import { startAcceptorCluster } from "./acceptor-cluster.ts";
import type { Faults } from "./faults.ts";
import { startFaults } from "./faults.ts";
import type { ProposerClient } from "./proposer-client.ts";
import { startProposer } from "./proposer-client.ts";
import { CLI } from "./real-node.ts";

const NODES = 6;
const ACCEPTORS = 5;
const GROUPS = 3;
const PROPOSERS = 4;
/** Operations under way of one proposer. */
const IN_FLIGHT = 100;
const POSITIONS_OF_VIDEO = 250;
/** Of every video, so many positions get a twentieth of all operations more: rivals meet there. */
const HOT_POSITIONS = 4;
const HOT_SHARE = 0.05;
/** After the faults every position must be readable within this. */
const FINAL_READ_MS = 60_000;
const PROGRESS_MS = 5_000;

export interface TortureOptions {
  readonly operations: number;
  readonly seed: number;
  /** Fewer operations are done when this is over. */
  readonly limitMs: number;
  readonly say: (line: string) => void;
}

export interface TortureReport {
  readonly seed: number;
  readonly operations: number;
  /** Changes that were told that they stand. */
  readonly acknowledged: number;
  readonly conflicts: number;
  readonly unknown: number;
  /** Acknowledged changes that the final history has no place for. */
  readonly lost: number;
  /** What no register does, each with its position. */
  readonly violations: readonly string[];
  readonly faults: Faults["counts"];
  readonly readmissionMsMost: number;
  readonly seconds: number;
  readonly loadAverage: number;
}

interface Run {
  readonly options: TortureOptions;
  readonly random: Random;
  readonly histories: Map<string, HistoryOperation[]>;
  readonly proposers: Proposer[];
  begun: number;
  done: number;
}

interface Proposer {
  client: ProposerClient;
  /** Newest version that it has heard of, by position. */
  readonly versions: Map<string, number>;
}

export async function torture(options: TortureOptions): Promise<TortureReport> {
  const startedMs = performance.now();
  const cluster = await startAcceptorCluster({ nodeCount: NODES, acceptors: ACCEPTORS, groups: GROUPS });
  const links = startLinks(CLI);
  try {
    const ways = await openWays(cluster, links);
    const run = begin(options, cluster, ways);
    const faults = startFaults({
      ...{ cluster, links: ways, random: seededRandom(options.seed + 1), signal: new AbortController().signal },
      sleep: (ms) => liveClock.sleep(ms, new AbortController().signal),
      restartProposer: (at) => {
        restart(run, at, cluster, ways);
      },
    });
    const telling = setInterval(() => {
      options.say(`${run.done} of ${options.operations} operations, faults ${JSON.stringify(faults.counts)}`);
    }, PROGRESS_MS);
    await operate(run, cluster, startedMs).finally(() => {
      clearInterval(telling);
    });
    await faults.heal();
    await readEverything(run, cluster, ways);
    return report(run, faults, performance.now() - startedMs);
  } finally {
    links.stop();
    await cluster.stop();
  }
}

/** A link of its own from each proposer to each node. */
function openWays(cluster: AcceptorCluster, links: Links): Promise<Link[][]> {
  const opening = Array.from({ length: PROPOSERS }, () => cluster.nodes.map((node) => links.open(node.port(), 0)));
  return Promise.all(opening.map((ofProposer) => Promise.all(ofProposer)));
}

function begin(options: TortureOptions, cluster: AcceptorCluster, ways: readonly (readonly Link[])[]): Run {
  const run: Run = {
    ...{ options, random: seededRandom(options.seed), histories: new Map(), proposers: [] },
    ...{ begun: 0, done: 0 },
  };
  for (const at of ways.keys()) {
    run.proposers.push({ client: proposerOver(run, at, cluster, ways), versions: new Map() });
  }
  return run;
}

/** Proposer n owns the n-th video for as long as it lives and its first epoch lasts; nobody owns the others. */
function proposerOver(
  run: Run,
  at: number,
  cluster: AcceptorCluster,
  ways: readonly (readonly Link[])[],
): ProposerClient {
  const isFirst = run.proposers[at] === undefined;
  return startProposer({
    clusterKey: cluster.clusterKey,
    urlOf: (nodeId) => ways[at]?.[cluster.nodes.findIndex((node) => node.nodeId === nodeId)]?.url,
    active: (group) => cluster.master.active(group),
    owns: (videoId, _, { epoch }) => isFirst && epoch === 1 && cluster.videos[at] === videoId,
  });
}

function restart(run: Run, at: number, cluster: AcceptorCluster, ways: readonly (readonly Link[])[]): void {
  const proposer = run.proposers[at];
  if (proposer === undefined) return;
  const before = proposer.client;
  proposer.client = proposerOver(run, at, cluster, ways);
  before.stop();
}

async function operate(run: Run, cluster: AcceptorCluster, startedMs: number): Promise<void> {
  const { operations, limitMs } = run.options;
  const work = async (proposer: Proposer) => {
    while (run.begun < operations && performance.now() - startedMs < limitMs) {
      run.begun += 1;
      const position = drawPosition(run.random, cluster);
      await operateOnce(run, proposer, position, drawChange(run.random, proposer, position));
      run.done += 1;
    }
  };
  const workers = run.proposers.flatMap((proposer) => Array.from({ length: IN_FLIGHT }, () => work(proposer)));
  await Promise.all(workers);
}

const RENDITION = parseRenditionId("720p");

function drawPosition(random: Random, { videos }: AcceptorCluster): Position {
  const videoId = videos[Math.floor(random() * videos.length)];
  if (videoId === undefined || RENDITION === undefined) throw new Error("No video to work on");
  const count = random() < HOT_SHARE ? HOT_POSITIONS : POSITIONS_OF_VIDEO;
  return { slot: "segment", videoId, rendition: RENDITION, seq: Math.floor(random() * count) };
}

/** A few deletions leave most positions alive to the end; hot ones are never deleted. */
function drawChange(random: Random, { client, versions }: Proposer, position: Position): Change<ChunkRecord> {
  const version = versions.get(positionText(position));
  const draw = random();
  const id = client.newValueId();
  if (version === undefined || draw < 0.05) {
    return draw < 0.8 ? { change: "create", id, body: recordFor(1) } : { change: "keep" };
  }
  if (draw < 0.4) return { change: "keep" };
  const isHot = position.slot === "segment" && position.seq < HOT_POSITIONS;
  const body = random() < 0.002 && !isHot ? null : recordFor(version + 1);
  return { change: "replace", id, expectedVersion: version, body };
}

function recordFor(version: number): ChunkRecord {
  const hash = parseChunkHash(version.toString(16).padStart(64, "0"));
  if (hash === undefined) throw new Error(`No hash of version ${version}`);
  return {
    ...{ schema: RECORD_SCHEMA, version, hash, sizeBytes: 1_000_000, blockSizeBytes: 65_536, blocksDigest: hash },
    ...{ scheme: { kind: "replication" }, holders: [] },
  };
}

async function operateOnce(
  run: Run,
  proposer: Proposer,
  position: Position,
  change: Change<ChunkRecord>,
): Promise<ProposalOutcome<ChunkRecord>> {
  const { decider, signal } = proposer.client;
  const key = positionText(position);
  const invokedAt = performance.now();
  const { outcome } = await decider.decide({ position, change }, signal);
  const endedAt = performance.now();
  const history = run.histories.get(key) ?? [];
  run.histories.set(key, history);
  history.push({ change: light(change), outcome: lightOutcome(outcome), invokedAt, endedAt });
  if ("value" in outcome && outcome.value !== null) proposer.versions.set(key, outcome.value.version);
  return outcome;
}

/** A hundred thousand records need not be kept to know whether there was one. */
const PRESENT = "present";
const bodyOf = (body: unknown) => (body === null ? null : PRESENT);

function light(change: Change<unknown>): Change<unknown> {
  return change.change === "keep" ? change : { ...change, body: bodyOf(change.body) };
}

function lightOutcome(outcome: ProposalOutcome<unknown>): ProposalOutcome<unknown> {
  if (!("value" in outcome) || outcome.value === null) return outcome;
  const value: Value<unknown> = { ...outcome.value, body: bodyOf(outcome.value.body) };
  return { ...outcome, value };
}

/** With every node back and no link cut, each position can be read by somebody who comes new. */
async function readEverything(run: Run, cluster: AcceptorCluster, ways: readonly (readonly Link[])[]): Promise<void> {
  for (const { client } of run.proposers) client.stop();
  const reader: Proposer = { client: proposerOver(run, 0, cluster, ways), versions: new Map() };
  const positions = cluster.videos.flatMap((videoId) =>
    Array.from({ length: POSITIONS_OF_VIDEO }, (_, seq): Position => {
      if (RENDITION === undefined) throw new Error("No rendition");
      return { slot: "segment", videoId, rendition: RENDITION, seq };
    }),
  );
  const deadline = performance.now() + FINAL_READ_MS;
  await Promise.all(
    positions.map(async (position) => {
      for (;;) {
        const outcome = await operateOnce(run, reader, position, { change: "keep" });
        if (outcome.outcome !== "unknown") return;
        if (performance.now() > deadline) throw new Error(`${positionText(position)} cannot be read after all faults`);
      }
    }),
  );
  reader.client.stop();
}

function report(run: Run, faults: Faults, durationMs: number): TortureReport {
  const violations: string[] = [];
  let lost = 0;
  for (const [key, history] of run.histories) {
    const why = whyNotLinearizable(history);
    if (why !== null) violations.push(`${key}: ${why}`);
    lost += lostOf(history);
  }
  const all = [...run.histories.values()].flat();
  const count = (wanted: string) => all.filter(({ outcome }) => outcome.outcome === wanted).length;
  const acknowledged = all.filter(({ change, outcome }) => change.change !== "keep" && isAcknowledged(outcome)).length;
  return {
    ...{ seed: run.options.seed, operations: all.length, acknowledged, lost, violations },
    ...{ conflicts: count("conflict"), unknown: count("unknown"), faults: faults.counts },
    readmissionMsMost: Math.round(Math.max(0, ...faults.readmissionsMs)),
    seconds: Math.round(durationMs / 100) / 10,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

const isAcknowledged = ({ outcome }: ProposalOutcome<unknown>): boolean =>
  outcome === "chosen" || outcome === "replaced";

/** Acknowledged versions beyond what the last reading saw, or that somebody else has. */
function lostOf(history: readonly HistoryOperation[]): number {
  const last = history.at(-1)?.outcome;
  const newest = last !== undefined && "value" in last ? (last.value?.version ?? 0) : 0;
  const ids = new Map<number, string>();
  let lost = 0;
  for (const { change, outcome } of history) {
    if (change.change === "keep" || outcome.outcome !== "chosen") continue;
    const { version, id } = outcome.value;
    if (version > newest || (ids.get(version) ?? id) !== id) lost += 1;
    ids.set(version, id);
  }
  return lost;
}
