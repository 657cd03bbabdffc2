/**
 * What a schedule happens to: nodes with pieces on their disks, the register, and what is kept durably. Pieces have no bytes
 * here, they are right or not; what is not right would not match its hash. The codec has its own tests.
 *
 * Failures come one at a time: the next one only when the chunk is whole again, and never more than two within the time
 * in which an old record may still be read by, since two losses are what every form survives. Seconds.
 */
import type { NodeId } from "../../ids.ts";
import { parseNodeId } from "../../ids.ts";
import { invariant } from "../../invariant.ts";
import type { ChunkRecord, Holder } from "../../placement/record.ts";
import type { Random } from "../../random.ts";
import type { ChangePlan } from "../../redundancy/change-plan.ts";
import type { Cluster, NodeFacts } from "../../redundancy/cluster.ts";
import { lossesSurvived } from "../../redundancy/durability.ts";
import { pieceText } from "../../redundancy/form.ts";
import type { Release } from "../../redundancy/release.ts";
import { mayDelete } from "../../redundancy/release.ts";
import type { ScrubState } from "../../redundancy/scrub-plan.ts";
import { NO_REPORTS } from "../../redundancy/scrub-plan.ts";

/** A reader uses a record for so long without asking again, and reads for so long with it. */
const RECORD_LIFE_SECONDS = 40;
const READ_SECONDS = 10;
/** So long after a record was replaced somebody may still read by it. */
export const OLD_READER_SECONDS = RECORD_LIFE_SECONDS + READ_SECONDS;
/** Longer than the above: the rule that is tested. */
export const GRACE_SECONDS = 60;
export const HOLD_OFF_SECONDS = 30;
/** Membership calls a node dead after so long. */
const DEAD_AFTER_SECONDS = 5;
const FAILURES_SURVIVED = 2;

interface StoredPiece {
  readonly piece: Holder;
  readonly isRight: boolean;
  readonly forVersion: number;
  readonly checkedAtSeconds: number;
}

export interface VirtualNode {
  readonly nodeId: NodeId;
  isUp: boolean;
  isGone: boolean;
  sinceSeconds: number;
  readonly pieces: Map<string, StoredPiece>;
  scrub: ScrubState;
}

interface Failure {
  readonly nodeId: NodeId;
  readonly what: string;
}

export interface KnownVersion {
  readonly record: ChunkRecord;
  /** Null for the one in force. */
  replacedAtSeconds: number | null;
}

export class DiskWorld {
  nowSeconds = 0;
  readonly nodes = new Map<NodeId, VirtualNode>();
  readonly versions: KnownVersion[];
  readonly releases = new Map<string, Release>();
  /** Durable plans, by the mover that owns them. */
  readonly plans = new Map<string, ChangePlan>();
  /** What scrubbing and returned nodes told about pieces. */
  readonly knownFaulty = new Set<string>();
  failure: Failure | null = null;
  /** Grows with everything that a reader could notice. */
  stamp = 0;
  readonly #failureEnds: number[] = [];

  constructor(nodeIds: readonly NodeId[], record: ChunkRecord) {
    for (const nodeId of nodeIds) {
      const node = { nodeId, isUp: true, isGone: false, sinceSeconds: 0, pieces: new Map(), scrub: NO_REPORTS };
      this.nodes.set(nodeId, node);
    }
    this.versions = [{ record, replacedAtSeconds: null }];
    for (const piece of record.holders) this.put(piece, record.version, true);
  }

  get record(): ChunkRecord {
    const last = this.versions.at(-1);
    invariant(last !== undefined, "Cannot read an empty register");
    return last.record;
  }

  node(nodeId: NodeId): VirtualNode {
    const node = this.nodes.get(nodeId);
    invariant(node !== undefined, `Cannot find node "${nodeId}"`);
    return node;
  }

  setRecord(record: ChunkRecord): void {
    this.stamp += 1;
    const last = this.versions.at(-1);
    if (last !== undefined) last.replacedAtSeconds = this.nowSeconds;
    this.versions.push({ record, replacedAtSeconds: null });
  }

  /**
   * The node's answer to a PUT: the highest version that it was given the piece for stays, and so do bytes that it has and
   * finds intact. Else a bad write of one mover would replace what another one has verified.
   */
  put(piece: Holder, version: number, isRight: boolean): void {
    this.stamp += 1;
    const { pieces } = this.node(piece.nodeId);
    const text = pieceText(piece);
    const stored = pieces.get(text);
    const forVersion = Math.max(version, stored?.forVersion ?? 0);
    const isIntact = isRight || stored?.isRight === true;
    pieces.set(text, { piece, isRight: isIntact, forVersion, checkedAtSeconds: this.nowSeconds });
    this.knownFaulty.delete(text);
  }

  /** The node's answer to a delete; whether it refused. */
  delete(piece: Holder, epoch: number, hasFence: boolean): "deleted" | "refused" {
    const { pieces } = this.node(piece.nodeId);
    const stored = pieces.get(pieceText(piece));
    if (stored !== undefined && hasFence && !mayDelete(stored.forVersion, epoch)) return "refused";
    this.stamp += 1;
    pieces.delete(pieceText(piece));
    return "deleted";
  }

  isRight(piece: Holder): boolean {
    return this.node(piece.nodeId).pieces.get(pieceText(piece))?.isRight === true;
  }

  isReadable(piece: Holder): boolean {
    return this.node(piece.nodeId).isUp && this.isRight(piece);
  }

  /** What membership says. */
  cluster(): Cluster {
    const cluster = new Map<NodeId, NodeFacts>();
    for (const { nodeId, isUp, sinceSeconds } of this.nodes.values()) {
      const isDead = !isUp && this.nowSeconds - sinceSeconds >= DEAD_AFTER_SECONDS;
      const state = isUp ? "alive" : isDead ? "dead" : "suspect";
      cluster.set(nodeId, {
        nodeId,
        domain: nodeId,
        weight: 1,
        state,
        stateSinceSeconds: sinceSeconds,
        freeBytes: 1e9,
      });
    }
    return cluster;
  }

  /** Pieces of this record that upkeep knows to be bad. */
  faultyOf({ holders }: ChunkRecord): Holder[] {
    return holders.filter((piece) => this.knownFaulty.has(pieceText(piece)));
  }

  mayFail(): boolean {
    if (this.failure !== null) return false;
    const since = this.nowSeconds - OLD_READER_SECONDS;
    return this.#failureEnds.filter((end) => end >= since).length < FAILURES_SURVIVED;
  }

  /**
   * Ends the failure under way when nothing of it is left: every node is back, what the record names is there, and no change
   * is under way that may have verified a piece before the failure took it.
   */
  noteHealed(): void {
    const { failure } = this;
    if (failure === null) return;
    for (const { isUp, isGone } of this.nodes.values()) if (!isUp && !isGone) return;
    if (!this.record.holders.every((piece) => this.isReadable(piece))) return;
    for (const { write } of this.plans.values()) if (write.some(({ nodeId }) => nodeId === failure.nodeId)) return;
    for (const { isRight } of this.node(failure.nodeId).pieces.values()) if (!isRight) return;
    this.failure = null;
    this.#failureEnds.push(this.nowSeconds);
  }

  /** Losses that the pieces on disk survive, those of nodes that are only away included. */
  lossesLeft(): number {
    const { scheme, holders } = this.record;
    const right = holders.filter((piece) => this.isRight(piece));
    return lossesSurvived({ scheme, pieces: right.map((piece) => ({ piece, domain: piece.nodeId })) });
  }

  /** Whether somebody who has this record, and no other, can read the chunk at this moment. */
  canRead({ scheme, holders }: ChunkRecord): boolean {
    const shards = new Set<number>();
    for (const piece of holders) {
      if (!this.isReadable(piece)) continue;
      if (piece.holds === "replica") return true;
      shards.add(piece.shard);
    }
    return scheme.kind === "erasure" && shards.size >= scheme.dataShards;
  }
}

export function nodeNames(count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) => {
    const nodeId = parseNodeId(`node-${at + 1}`);
    invariant(nodeId !== undefined, "Cannot name a node");
    return nodeId;
  });
}

export function pick<T>(from: readonly T[], random: Random): T {
  const one = from[Math.floor(random() * from.length)];
  invariant(one !== undefined, "Cannot pick from nothing");
  return one;
}
