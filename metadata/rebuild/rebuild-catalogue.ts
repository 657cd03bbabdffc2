/**
 * Makes the catalogue again after its database was lost: acceptor groups and their values from the nodes, titles and qualities
 * from the `meta` chunks, block lists from the bytes. It may be repeated: what is there already stays as it is.
 *
 * Views, and when each video was last changed, were in the database alone: they begin anew.
 */
import type { Member } from "#core/consensus/group.ts";
import { quorumOf } from "#core/consensus/group.ts";
import type { VideoId } from "#core/ids.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Position } from "#core/placement/position.ts";
import { parsePosition } from "#core/placement/position.ts";
import type { AcceptorTarget, Asking, GroupsAnswer } from "#wire/client/acceptor-client.ts";
import { askGroups, askStates } from "#wire/client/acceptor-client.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { RebuildState } from "#wire/contract/consensus-view-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Log } from "#wire/server/log.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { Consensus } from "../consensus/assemble-consensus.ts";
import { membersFor } from "../consensus/group-members.ts";
import { disownVideos } from "../consensus/ownership.ts";
import type { Database } from "../database/open-database.ts";
import type { DecidedValue } from "../placement/placement-index.ts";
import type { GroupEvidence } from "./group-evidence.ts";
import { evidenceOf, missingFor } from "./group-evidence.ts";
import type { RebuildVideosPorts } from "./rebuild-videos.ts";
import { rebuildVideos } from "./rebuild-videos.ts";
import { recoverGroup } from "./recover-group.ts";

const QUESTION_DEADLINE_MS = 5000;
/** Positions read at once: a message or two to each acceptor. */
const READ_AT_ONCE = 1024;

export const IDLE_REBUILD: RebuildState = {
  ...{ phase: "idle", groupsDone: 0, groupsTotal: 0, positions: 0, videosDone: 0, videosTotal: 0 },
  ...{ chunksDone: 0, unfinished: 0, problems: [], failure: null },
};

export type RebuildReport = (change: Partial<RebuildState>) => void;

export interface RebuildPorts extends RebuildVideosPorts {
  readonly db: Database;
  readonly consensus: Consensus;
  readonly directory: Pick<NodeDirectory, "members" | "internalUrls">;
  readonly fetch: FetchPort;
  readonly log: Log;
}

/**
 * @throws VStackError `unavailable` saying which nodes are missing, when what was decided cannot be known from those that are
 *   there: nothing was changed then but that old epochs may have been closed
 */
export async function rebuildCatalogue(ports: RebuildPorts, report: RebuildReport, signal: AbortSignal): Promise<void> {
  const { consensus } = ports;
  report({ ...IDLE_REBUILD, phase: "groups" });
  const answers = await askNodes(ports, signal);
  const evidence = evidenceOf(answers);
  requireEnough(evidence, answers, ports);
  report({ groupsTotal: evidence.length });
  await consensus.master.beginAnew();
  for (const [index, one] of evidence.entries()) {
    signal.throwIfAborted();
    await takeOver(one, answers, ports, signal);
    report({ groupsDone: index + 1 });
  }
  for (const { nodeId, incarnation } of answers) consensus.acceptors.judge(nodeId, incarnation, "welcome");
  report({ phase: "records" });
  const videoIds = new Set<VideoId>();
  let positions = 0;
  for (const { group } of evidence) {
    for await (const page of positionsOf(group, ports, signal)) {
      for (const { videoId } of page) videoIds.add(videoId);
      // Ballots of round 0 of these videos were somebody else's.
      await disownVideos(ports.db, [...new Set(page.map(({ videoId }) => videoId))], consensus.proposer);
      positions += await learnPositions(page, ports, signal);
      report({ positions });
    }
  }
  report({ phase: "videos", videosTotal: videoIds.size });
  await rebuildVideos([...videoIds].sort(), ports, { report, signal });
  report({ phase: "done" });
}

async function askNodes(ports: RebuildPorts, signal: AbortSignal): Promise<GroupsAnswer[]> {
  const { consensus, directory, fetch, log } = ports;
  const asking: Asking = { mint: consensus.mint, fetch, signal, deadlineMs: QUESTION_DEADLINE_MS };
  const answers = await Promise.all(
    [...directory.internalUrls()].map(async ([nodeId, url]): Promise<GroupsAnswer[]> => {
      try {
        return [await askGroups({ nodeId, url }, asking)];
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ nodeId, err: error }, "A node does not say its groups");
        return [];
      }
    }),
  );
  return answers.flat();
}

function requireEnough(
  evidence: readonly GroupEvidence[],
  present: readonly Member[],
  { directory }: RebuildPorts,
): void {
  const members = evidence.flatMap(({ configs }) => configs.flatMap((config) => config.members));
  const known = directory.members().map(({ heartbeat }) => heartbeat.nodeId);
  const named = [...new Set([...members.map(({ nodeId }) => nodeId), ...known])];
  const reasons = evidence.flatMap((one) => missingFor(one, { present, named }) ?? []);
  const [first, ...others] = reasons;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : `, and ${others.length} more groups`;
  throw new VStackError("unavailable", `Cannot rebuild the catalogue as ${first}${more}: bring those nodes back first`);
}

/** Nothing to do when this catalogue already knows the newest members. */
async function takeOver(
  evidence: GroupEvidence,
  answers: readonly GroupsAnswer[],
  ports: RebuildPorts,
  signal: AbortSignal,
): Promise<void> {
  const { consensus, fetch } = ports;
  const { group, configs } = evidence;
  const newest = configs.at(-1);
  const ours = (await consensus.master.state(group))?.active?.epoch ?? 0;
  if (newest === undefined || ours >= newest.epoch) return;
  const nodes = answers.map(({ nodeId, incarnation }) => ({
    ...{ nodeId, incarnation, presence: "here" as const, isWelcome: true },
    isDraining: consensus.acceptors.isDraining(nodeId),
  }));
  const members = membersFor({ group, current: newest.members, nodes, wanted: consensus.settings.acceptors });
  const { master, mint, coordinator } = consensus;
  const targetOf = (nodeId: string) => consensus.targetOf(nodeId);
  await recoverGroup(evidence, members, { ports: { master, coordinator, targetOf, mint, fetch }, signal });
  consensus.groups.forget(group);
}

/** Pages of the positions of which a majority of a group's members has ever accepted anything. */
async function* positionsOf(group: number, ports: RebuildPorts, signal: AbortSignal): AsyncGenerator<Position[]> {
  const { consensus } = ports;
  const config = await consensus.groups.current(group, signal);
  const keys = new Set<string>();
  const targets = config.members.flatMap(({ nodeId }) => consensus.targetOf(nodeId) ?? []);
  const told = await Promise.all(targets.map((target) => collectKeys(target, { group, keys }, ports, signal)));
  if (told.filter(Boolean).length < quorumOf(config)) {
    throw new VStackError("unavailable", `Cannot list group ${group} as a majority of its members does not answer`);
  }
  const positions = [...keys].sort().flatMap((key) => parsePosition(key) ?? []);
  const own = positions.filter(({ videoId }) => groupOfVideo(videoId) === group);
  for (let from = 0; from < own.length; from += READ_AT_ONCE) yield own.slice(from, from + READ_AT_ONCE);
}

async function collectKeys(
  target: AcceptorTarget,
  { group, keys }: { readonly group: number; readonly keys: Set<string> },
  { consensus, fetch }: RebuildPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const asking: Asking = { mint: consensus.mint, fetch, signal, deadlineMs: QUESTION_DEADLINE_MS };
  try {
    for (let after = ""; ; ) {
      const page = await askStates(target, { group, after }, asking);
      for (const { key } of page.states) keys.add(key);
      if (page.isLast) return true;
      after = page.states.at(-1)?.key ?? after;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VStackError) return false;
    throw error;
  }
}

/** @returns positions at which something stands */
async function learnPositions(
  positions: readonly Position[],
  { consensus }: RebuildPorts,
  signal: AbortSignal,
): Promise<number> {
  const decided = await Promise.all(
    positions.map(async (position): Promise<DecidedValue[]> => {
      const { outcome } = await consensus.decider.decide({ position, change: { change: "keep" } }, signal);
      if (outcome.outcome === "unknown") {
        throw new VStackError("unavailable", "Cannot read what was decided as no majority of the acceptors answers");
      }
      return outcome.outcome === "empty" || outcome.value === null ? [] : [{ position, value: outcome.value }];
    }),
  );
  await consensus.index.learn(decided.flat());
  return decided.flat().filter(({ value }) => value.body !== null).length;
}
