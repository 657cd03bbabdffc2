/**
 * A chunk on its way to the nodes: wait until there are enough of them, choose its homes, note the intent, store and decide.
 * What comes back is decided and durable on at least two nodes. A home that fails is replaced behind it, by compare-and-set.
 */
import type { NodeId } from "#core/ids.ts";
import { blockSizeFor } from "#core/placement/blocks.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ACKNOWLEDGED_COPIES, REPLICA_COUNT } from "#core/placement/record.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { Commit, CommitPorts } from "#wire/exchange/commit-chunk.ts";
import { commitChunk } from "#wire/exchange/commit-chunk.ts";
import type { Groups } from "#wire/exchange/decide-record.ts";
import type { MintCapability, StorageTarget } from "#wire/exchange/store-chunk.ts";
import { putCopy } from "#wire/exchange/store-chunk.ts";
import { rankHomes } from "./choose-homes.ts";
import type { LaterCopies } from "./later-copies.ts";
import type { PlacementIndex } from "./placement-index.ts";
import type { PlacementRegister } from "./placement-register.ts";
import type { Releases } from "./releases.ts";

/** Looks for nodes this often while there are too few. */
const WAIT_STEP_MS = 250;
/** Failures of one chunk in a row while enough nodes are said to be alive; with the pauses about a minute. */
const MAX_FAILURES = 8;
/** A node that goes away fails the chunks on their way once. */
const FAILURES_WORTH_SAYING = 2;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 15_000;

export interface PlacedChunk {
  readonly record: ChunkRecord;
  /** Block hashes for the manifest, base64. */
  readonly blocks: string;
  /** The record once every copy is made or given up: another one when a home had to be replaced. Never rejects. */
  readonly later: Promise<ChunkRecord>;
}

export interface PlaceSignals {
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Ends the wait for late copies: those that are there have to do. */
  readonly patience: AbortSignal;
  /** Is told why it is tried again. */
  readonly waiting?: (why: string) => void;
}

/** @throws VStackError `unavailable` when it fails again and again, `gone` when the video was removed, the signal's reason */
export type PlaceChunk = (
  position: Position,
  bytes: Uint8Array<ArrayBuffer>,
  signals: PlaceSignals,
) => Promise<PlacedChunk>;

export interface PlaceChunkPorts extends CommitPorts {
  readonly groups: Groups & { canDecide(group: number): Promise<boolean> };
  readonly register: PlacementRegister;
  readonly index: PlacementIndex;
  readonly releases: Releases;
  readonly laterCopies: LaterCopies;
  readonly newValueId: () => string;
  /** Nodes that may be given a chunk now. */
  readonly writable: () => readonly StorageTarget[];
  /** Of each chunk; {@link REPLICA_COUNT} when left out, another number in a lab. */
  readonly copies?: number;
  readonly mint: MintCapability;
}

export function chunkPlacer(ports: PlaceChunkPorts): PlaceChunk {
  return async (position, bytes, signals) => {
    const { signal } = signals;
    for (let failures = 0; ; ) {
      await enoughNodes(ports, signal);
      try {
        return await placeOnce(position, bytes, { ...signals, ports });
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        if (errorCode(error) !== "unavailable" || failures >= MAX_FAILURES) throw error;
        if (failures >= FAILURES_WORTH_SAYING) signals.waiting?.(error instanceof Error ? error.message : "");
        await ports.clock.sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), signal);
      }
    }
  };
}

/** Waits as long as it takes: whoever uploads sees why, and may cancel. */
export async function enoughNodes(
  { writable, clock }: Pick<PlaceChunkPorts, "writable" | "clock">,
  signal: AbortSignal,
): Promise<readonly StorageTarget[]> {
  for (;;) {
    signal.throwIfAborted();
    const nodes = writable();
    if (nodes.length >= ACKNOWLEDGED_COPIES) return nodes;
    await clock.sleep(WAIT_STEP_MS, signal);
  }
}

interface Placing extends PlaceSignals {
  readonly ports: PlaceChunkPorts;
}

async function placeOnce(position: Position, bytes: Uint8Array<ArrayBuffer>, placing: Placing): Promise<PlacedChunk> {
  const { ports, signal } = placing;
  const { copies = REPLICA_COUNT, groups, index, releases } = ports;
  const group = groupOfVideo(position.videoId);
  const config = await groups.current(group, signal);
  if (!(await groups.canDecide(group))) {
    throw new VStackError("unavailable", `Cannot place "${positionText(position)}" as too few of its acceptors answer`);
  }
  const ranked = rankHomes(position, { nodes: ports.writable(), config }, (nodeId) => ports.links.isDoubtful(nodeId));
  const homes = ranked.slice(0, copies);
  const hash = await chunkHashOf(bytes);
  await releases.intend({ position, hash, nodeIds: homes.map(({ nodeId }) => nodeId) });
  const request = { bytes, position, blockSizeBytes: blockSizeFor(bytes.length), homes, valueId: ports.newValueId() };
  const committing = new AbortController();
  const stop = AbortSignal.any([signal, committing.signal]);
  const commit = await commitChunk({ ...request, mint: ports.mint, signal: stop }, ports);
  const { outcome } = commit.decision;
  const work: Unfinished = { position, bytes, commit, spare: ranked.slice(copies) };
  if (outcome.outcome === "unknown" || outcome.outcome === "empty") {
    committing.abort();
    await commit.settled;
    throw new VStackError("unavailable", `Cannot place "${positionText(position)}" as no majority has decided`);
  }
  if (outcome.value !== null) await index.learn([{ position, value: outcome.value }]);
  if (outcome.outcome === "conflict") {
    // Whoever is late by now is replaced: the job waits for this.
    if (commit.holding.length >= Math.min(homes.length, ACKNOWLEDGED_COPIES)) committing.abort();
    return await replaceValue(work, outcome.value?.body ?? null, placing);
  }
  if (commit.holding.length < Math.min(homes.length, ACKNOWLEDGED_COPIES)) {
    const record = await completeCopies(work, commit.record, placing);
    return { record, blocks: commit.blocks, later: Promise.resolve(record) };
  }
  if (commit.holding.length === homes.length) return placed(commit, Promise.resolve(commit.record));
  const later = ports.laterCopies.run(bytes.length, async (crowded) => {
    const impatient = AbortSignal.any([placing.patience, crowded]);
    const giveUp = () => {
      committing.abort();
    };
    impatient.addEventListener("abort", giveUp, { once: true });
    if (impatient.aborted) giveUp();
    // What cannot be changed now stands as it is: the copies are counted before the video is called ready.
    const late = { ...placing, patience: impatient };
    return await completeCopies(work, commit.record, late).catch(() => commit.record);
  });
  return placed(commit, later);
}

function placed({ record, blocks }: Commit, later: Promise<ChunkRecord>): PlacedChunk {
  return { record, blocks, later };
}

/** A chunk whose copies are not all there. */
interface Unfinished {
  readonly position: Position;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly commit: Commit;
  /** Nodes that could take the place of a home, best first. */
  readonly spare: readonly StorageTarget[];
}

/**
 * Something else stands here: of an earlier run of the same job, as nobody else stores at this video's positions. Ours takes
 * its place.
 */
async function replaceValue(work: Unfinished, held: ChunkRecord | null, placing: Placing): Promise<PlacedChunk> {
  const { position, commit } = work;
  if (held === null) {
    throw new VStackError("gone", `Cannot place "${positionText(position)}" as its video was removed`);
  }
  const isSame = held.hash === commit.record.hash && held.holders.every(isIn(commit.record));
  const base = isSame && held.holders.length === commit.record.holders.length ? held : null;
  const record = await completeCopies(
    work,
    base ?? { ...commit.record, version: held.version },
    placing,
    base === null,
  );
  return { record, blocks: commit.blocks, later: Promise.resolve(record) };
}

const isIn =
  ({ holders }: ChunkRecord) =>
  ({ nodeId }: ChunkRecord["holders"][number]): boolean =>
    holders.some((holder) => holder.nodeId === nodeId);

/**
 * Waits for the homes, puts a copy elsewhere for each that failed, and makes the record say who really holds the chunk.
 *
 * @param stands what the record says now, by its version
 * @param mustChange even if all homes hold it
 * @returns the record that stands then
 * @throws VStackError `unavailable` when fewer than two copies can be made, or nobody can decide
 */
async function completeCopies(
  { position, bytes, commit, spare }: Unfinished,
  stands: ChunkRecord,
  { ports, signal, patience }: Placing,
  mustChange = false,
): Promise<ChunkRecord> {
  const { register, releases, mint } = ports;
  const { hash } = commit.record;
  const outcomes = await commit.settled;
  signal.throwIfAborted();
  const holders = outcomes.flatMap(({ node, error }) => (error === undefined ? [node.nodeId] : []));
  if (holders.length === outcomes.length && !mustChange) return stands;
  const stop = AbortSignal.any([signal, patience]);
  const queue = spare.values();
  const version = stands.version + 1;
  const fillPlace = async () => {
    for (const node of queue) {
      if (stop.aborted) return;
      await releases.intend({ position, hash, nodeIds: [node.nodeId] });
      const { error } = await putCopy({ request: { bytes, position, version, mint, signal: stop }, ports, hash, node });
      if (error === undefined) {
        holders.push(node.nodeId);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: outcomes.length - holders.length }, fillPlace));
  signal.throwIfAborted();
  if (holders.length < Math.min(outcomes.length, ACKNOWLEDGED_COPIES)) {
    throw new VStackError(
      "unavailable",
      `Cannot store ${positionText(position)} as ${ACKNOWLEDGED_COPIES} durable copies are needed: ${holders.length} made`,
    );
  }
  const next = { ...commit.record, version, holders: holders.map(replicaOn) };
  const proposed = await register.propose(position, next, stands.version);
  if (proposed.outcome === "chosen") return proposed.record;
  throw new VStackError("conflict", `Cannot place "${positionText(position)}" as it was changed at the same time`);
}

function replicaOn(nodeId: NodeId): ChunkRecord["holders"][number] {
  return { nodeId, holds: "replica" };
}
