/** Chunks committed on a real cluster: two uploaders that race, a node that dies, and every message of one commit. */
import { randomBytes } from "node:crypto";
import { videoIdFromBytes, type VideoId } from "#core/ids.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import { rankByRendezvous } from "#core/placement/rendezvous.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { Commit } from "#wire/exchange/commit-chunk.ts";
import { commitChunk } from "#wire/exchange/commit-chunk.ts";
import type { StorageTarget } from "#wire/exchange/store-chunk.ts";
import type { AcceptorCluster } from "./acceptor-cluster.ts";
import type { ProposerClient } from "./proposer-client.ts";
import { keptFetch, startProposer } from "./proposer-client.ts";

const CHUNK_BYTES = 16 * 1024;
const BLOCK_BYTES = 4096;
const COPIES = 3;

interface Uploader extends ProposerClient {
  /** Bytes of its own at a position, on the three homes that follow from the position. */
  commit(position: Position): Promise<Commit>;
}

/** @param owner whether this uploader owns the positions of every video that it is asked for */
function startUploader(cluster: AcceptorCluster, owner: boolean, fetch?: FetchPort): Uploader {
  const { clusterKey, master, urlOf } = cluster;
  const client = startProposer({
    ...{ clusterKey, urlOf, owns: () => owner },
    ...(fetch === undefined ? {} : { fetch }),
    active: (group) => master.active(group),
  });
  return {
    ...client,
    commit(position) {
      const bytes = new Uint8Array(randomBytes(CHUNK_BYTES));
      const { links, decider, mint, signal } = client;
      const request = { bytes, position, blockSizeBytes: BLOCK_BYTES, homes: homesOf(cluster, client, position) };
      const ports = { clock: liveClock, fetch: fetch ?? keptFetch, links, decider };
      return commitChunk({ ...request, valueId: client.newValueId(), mint, signal }, ports);
    },
  };
}

/** Members of the group alone, those that did not answer last at the end. */
function homesOf(cluster: AcceptorCluster, { links }: ProposerClient, position: Position): StorageTarget[] {
  const { members } = cluster.master.active(groupOfVideo(position.videoId));
  const nodes = cluster.nodes.filter(({ nodeId }) => members.some((member) => member.nodeId === nodeId));
  const targets = nodes.map(({ nodeId }) => ({ nodeId, url: cluster.urlOf(nodeId) ?? "", weight: 1 }));
  const ranked = rankByRendezvous(positionText(position), targets).flatMap((id) =>
    targets.filter(({ nodeId }) => nodeId === id),
  );
  const doubt = ({ nodeId }: StorageTarget) => (links.isDoubtful(nodeId) ? 1 : 0);
  return ranked.toSorted((a, b) => doubt(a) - doubt(b)).slice(0, COPIES);
}

/** The meta position of a new video in a group that the cluster has. */
function newPosition({ videos }: AcceptorCluster): Position {
  const groups = new Set(videos.map(groupOfVideo));
  let videoId: VideoId;
  do videoId = videoIdFromBytes(randomBytes(16));
  while (!groups.has(groupOfVideo(videoId)));
  return { slot: "meta", videoId };
}

export interface RaceReport {
  /** Ids of the values that somebody was told, of each race; one of each is right. */
  readonly valuesOf: readonly (readonly string[])[];
  /** Uploaders that won, of each race; one is right. */
  readonly winners: readonly number[];
  /** How many uploaders needed so many ballots. */
  readonly ballots: Readonly<Record<number, number>>;
  readonly ballotsP99: number;
}

/** Two uploaders with different bytes for the same new position, again and again: one owns it in every second race. */
export async function raceUploaders(cluster: AcceptorCluster, races: number): Promise<RaceReport> {
  const owner = startUploader(cluster, true);
  const others = [startUploader(cluster, false), startUploader(cluster, false)];
  const [valuesOf, winners, needed]: [string[][], number[], number[]] = [[], [], []];
  for (let race = 0; race < races; race += 1) {
    const position = newPosition(cluster);
    const uploaders = race % 2 === 0 ? [...others.slice(1), owner] : others;
    const commits = await Promise.all(uploaders.map((uploader) => uploader.commit(position)));
    const outcomes = commits.map(({ decision }) => decision.outcome);
    const told = outcomes.map((outcome) => ("value" in outcome ? (outcome.value?.id ?? "none") : outcome.outcome));
    valuesOf.push([...new Set(told)]);
    winners.push(outcomes.filter(({ outcome }) => outcome === "chosen").length);
    needed.push(...commits.map(({ decision }) => decision.ballots));
  }
  for (const uploader of [owner, ...others]) uploader.stop();
  const ballots: Record<number, number> = {};
  for (const count of needed) ballots[count] = (ballots[count] ?? 0) + 1;
  const ballotsP99 = needed.toSorted((a, b) => a - b)[Math.ceil(needed.length * 0.99) - 1] ?? 0;
  return { valuesOf, winners, ballots, ballotsP99 };
}

export interface LossReport {
  /** Commits that were not told that they stand with two durable copies. */
  readonly failed: number;
  readonly beforeMs: readonly number[];
  readonly firstMs: number;
  readonly afterMs: readonly number[];
}

/** Commits one after the other; after half of them a node that votes on them, and is a home of the next, is killed. */
export async function commitThroughLoss(cluster: AcceptorCluster, commits: number): Promise<LossReport> {
  const uploader = startUploader(cluster, true);
  const timesMs: number[] = [];
  let failed = 0;
  for (let at = 0; at < 2 * commits; at += 1) {
    const position = newPosition(cluster);
    if (at === commits) {
      const [home] = homesOf(cluster, uploader, position);
      await cluster.nodes.find(({ nodeId }) => nodeId === home?.nodeId)?.kill();
    }
    const startedMs = performance.now();
    const { decision, holding } = await uploader.commit(position);
    timesMs.push(performance.now() - startedMs);
    if (decision.outcome.outcome !== "chosen" || holding.length < 2) failed += 1;
  }
  uploader.stop();
  const after = timesMs.slice(commits);
  return { failed, beforeMs: timesMs.slice(0, commits), firstMs: after[0] ?? NaN, afterMs: after.slice(1) };
}

/**
 * The requests of one commit, while no answer is let through before all that are expected were sent: whoever needs an answer
 * to go on never gets one.
 *
 * @returns method and path of each
 */
export async function requestsOfCommit(cluster: AcceptorCluster, expected: number): Promise<string[]> {
  const sent: string[] = [];
  let letGo: () => void;
  const all = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const uploader = startUploader(cluster, true, async (url, init) => {
    sent.push(`${init.method ?? "GET"} ${new URL(url).pathname.replace(/[0-9a-f]{64}/, "HASH")}`);
    if (sent.length === expected) letGo();
    const answer = await keptFetch(url, init);
    await all;
    return answer;
  });
  const { decision, settled } = await uploader.commit(newPosition(cluster));
  await settled;
  uploader.stop();
  if (decision.outcome.outcome !== "chosen") throw new Error(`The commit ended with ${decision.outcome.outcome}`);
  return sent.toSorted();
}
