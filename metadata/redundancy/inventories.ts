/**
 * What nodes say that they keep, listed now and then: bytes are counted from it, and what records name and a disk does not
 * list is found without reading the disk. A node whose disk is another one, or that is back, is listed at once.
 */
import type { NodeId, VideoId } from "#core/ids.ts";
import type { Piece, PieceId } from "#core/placement/piece.ts";
import { pieceId } from "#core/placement/piece.ts";
import { parsePosition } from "#core/placement/position.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { PieceEntry } from "#wire/contract/piece-api.ts";
import type { PieceLinks } from "#wire/exchange/piece-links.ts";
import type { StorageTarget } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import type { PieceIndex } from "../catalog/piece-index.ts";
import { MAX_STRAYS } from "../upkeep/stray-pieces.ts";
import { FailureRest } from "./failure-rest.ts";

/** Looks whether a list is wanted. */
const ROUND_MS = 500;
/** Lists are older than this before they are made again for somebody who looks. */
const FRESH_MS = 3000;
/** Listing may take this share of the time at most: a million pieces take a while. */
const LIST_SHARE = 0.1;
/** Somebody looks, when asked so lately. */
const WATCHED_MS = 30_000;
/** Pieces of all nodes whose names are held; beyond it presence is known by checks alone. About 100 bytes each. */
const MAX_NAMES = 500_000;

export interface NodeCount {
  readonly replicas: number;
  readonly shards: number;
  readonly replicaBytes: number;
  readonly shardBytes: number;
  /** Of pieces that no record names: being written, or waiting for their release. */
  readonly unnamedBytes: number;
}

interface NodeList {
  readonly count: NodeCount;
  /** Null: too many to hold. */
  readonly names: ReadonlySet<PieceId> | null;
  readonly strays: readonly PieceEntry[];
  readonly atMs: number;
  readonly videoBytes: ReadonlyMap<VideoId, number>;
}

export interface InventoriesPorts {
  readonly pieces: Pick<PieceIndex, "named">;
  readonly links: Pick<PieceLinks, "inventory">;
  /** Nodes that answer. */
  readonly alive: () => readonly StorageTarget[];
  /** A node was listed: what it should have and has not is for the scrub to look at. */
  readonly onListed: (nodeId: NodeId, names: ReadonlySet<PieceId>, signal: AbortSignal) => Promise<void>;
  /** And what it has and no record names, as much as fits. */
  readonly onStrays: (nodeId: NodeId, strays: readonly PieceEntry[], signal: AbortSignal) => Promise<unknown>;
  /** Every node is listed at least this often. */
  readonly relistMs: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Counted {
  /** When listing ended, Unix seconds; null: nothing was listed yet. */
  readonly atSeconds: number | null;
  readonly nodes: ReadonlyMap<NodeId, NodeCount>;
  /** Bytes on all nodes, of pieces that a position of the video refers to. */
  readonly videoBytes: ReadonlyMap<VideoId, number>;
}

export class Inventories {
  readonly #ports: InventoriesPorts;
  readonly #lists = new Map<NodeId, NodeList>();
  readonly #wanted = new Set<NodeId>();
  /** Nodes that did not give their lists: one that has just died is believed to be alive for some seconds. */
  readonly #rest: FailureRest;
  #atSeconds: number | null = null;
  #askedAtMs = -Infinity;
  #listAtMs = -Infinity;
  #listing: Promise<void> | undefined;

  constructor(ports: InventoriesPorts) {
    this.#ports = ports;
    this.#rest = new FailureRest(() => ports.clock.nowMs());
  }

  /** The counts as they were lately; keeps them fresh for a while. */
  counted(): Counted {
    this.#askedAtMs = this.#ports.clock.nowMs();
    const videoBytes = new Map<VideoId, number>();
    for (const list of this.#lists.values()) {
      for (const [videoId, bytes] of list.videoBytes) videoBytes.set(videoId, (videoBytes.get(videoId) ?? 0) + bytes);
    }
    const nodes = new Map([...this.#lists].map(([nodeId, { count }]) => [nodeId, count]));
    return { atSeconds: this.#atSeconds, nodes, videoBytes };
  }

  /** Whether the node listed this piece; undefined when nobody knows. */
  has(nodeId: NodeId, piece: Piece): boolean | undefined {
    return this.#lists.get(nodeId)?.names?.has(pieceId(piece));
  }

  /** The node's disk may be another one: it is listed at the next round. */
  want(nodeId: NodeId): void {
    this.#wanted.add(nodeId);
    this.#rest.worked(nodeId);
  }

  /** Lists every node that answers now. */
  async refresh(signal: AbortSignal): Promise<void> {
    this.#listing ??= this.#list(this.#ports.alive(), signal).finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, alive, log } = this.#ports;
    while (!signal.aborted) {
      const isWatched = clock.nowMs() - this.#askedAtMs < WATCHED_MS && clock.nowMs() >= this.#listAtMs;
      const wanted = alive().filter(({ nodeId }) => this.#wanted.has(nodeId) || this.#isOld(nodeId));
      const listing = isWatched ? this.refresh(signal) : this.#list(wanted, signal);
      await listing.catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, "Cannot list what nodes keep: will try again");
      });
      await clock.sleep(ROUND_MS, signal);
    }
  }

  async #list(nodes: readonly StorageTarget[], signal: AbortSignal): Promise<void> {
    if (nodes.length === 0) return;
    const { clock, alive, log } = this.#ports;
    const beganMs = clock.nowMs();
    const there = new Set(alive().map(({ nodeId }) => nodeId));
    for (const nodeId of this.#lists.keys()) if (!there.has(nodeId)) this.#lists.delete(nodeId);
    for (const node of nodes) {
      if (this.#rest.isResting(node.nodeId)) continue;
      this.#wanted.delete(node.nodeId);
      try {
        const list = await this.#listNode(node, signal);
        this.#lists.set(node.nodeId, list);
        if (list.names !== null) await this.#ports.onListed(node.nodeId, list.names, signal);
        await this.#ports.onStrays(node.nodeId, list.strays, signal);
        this.#rest.worked(node.nodeId);
      } catch (error) {
        signal.throwIfAborted();
        this.#lists.delete(node.nodeId);
        this.#wanted.add(node.nodeId);
        this.#rest.failed(node.nodeId);
        log.warn({ nodeId: node.nodeId, err: error }, "Cannot list what a node keeps");
      }
    }
    this.#atSeconds = clock.wallMs() / 1000;
    const tookMs = clock.nowMs() - beganMs;
    this.#listAtMs = clock.nowMs() + Math.max(FRESH_MS, tookMs / LIST_SHARE);
  }

  #isOld(nodeId: NodeId): boolean {
    const { clock, relistMs } = this.#ports;
    const atMs = this.#lists.get(nodeId)?.atMs;
    return atMs !== undefined && clock.nowMs() >= Math.max(atMs + relistMs(), this.#listAtMs);
  }

  async #listNode(node: StorageTarget, signal: AbortSignal): Promise<NodeList> {
    let count: NodeCount = { replicas: 0, shards: 0, replicaBytes: 0, shardBytes: 0, unnamedBytes: 0 };
    const names = new Set<PieceId>();
    const videoBytes = new Map<VideoId, number>();
    const strays: PieceEntry[] = [];
    const others = [...this.#lists].reduce(
      (sum, [id, { names: held }]) => sum + (id === node.nodeId ? 0 : (held?.size ?? 0)),
      0,
    );
    let areHeld = true;
    for await (const page of this.#ports.links.inventory(node, signal)) {
      const here = page.filter(({ isHere }) => isHere);
      const named = await this.#ports.pieces.named(node.nodeId, here);
      for (const entry of here) {
        count = added(count, entry, named.has(pieceId(entry)));
        if (!named.has(pieceId(entry)) && strays.length < MAX_STRAYS) strays.push(entry);
        for (const videoId of videosOf(entry))
          videoBytes.set(videoId, (videoBytes.get(videoId) ?? 0) + entry.sizeBytes);
        if (areHeld) names.add(pieceId(entry));
      }
      areHeld &&= names.size + others <= MAX_NAMES;
    }
    return { count, names: areHeld ? names : null, strays, atMs: this.#ports.clock.nowMs(), videoBytes };
  }
}

function added(count: NodeCount, { shard, sizeBytes }: PieceEntry, isNamed: boolean): NodeCount {
  const unnamedBytes = count.unnamedBytes + (isNamed ? 0 : sizeBytes);
  if (shard === null) {
    return { ...count, unnamedBytes, replicas: count.replicas + 1, replicaBytes: count.replicaBytes + sizeBytes };
  }
  return { ...count, unnamedBytes, shards: count.shards + 1, shardBytes: count.shardBytes + sizeBytes };
}

/** Videos that refer to it, each once. */
function videosOf({ references }: PieceEntry): Set<VideoId> {
  return new Set(
    references.flatMap(({ reference }) => {
      const position = parsePosition(reference);
      return position === undefined ? [] : [position.videoId];
    }),
  );
}
