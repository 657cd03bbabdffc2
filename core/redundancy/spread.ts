/**
 * Where the pieces of a chunk go: one failure domain each, by rank of weighted rendezvous hashing, leaving what lies well
 * where it is. So a node that joins or leaves moves only what it wins or held.
 *
 * When there are fewer domains than pieces the chunk is under-spread: pieces share a domain, on different nodes as long as
 * there are some, and the answer says so. It is moved as soon as there is a domain for it (repair-plan.ts).
 */
import { shardCount } from "../erasure/geometry.ts";
import type { NodeId } from "../ids.ts";
import type { Holder } from "../placement/record.ts";
import { rankByRendezvous } from "../placement/rendezvous.ts";
import type { Cluster } from "./cluster.ts";
import { domainOf } from "./cluster.ts";
import type { ErasureScheme, Form } from "./form.ts";
import { pieceBytes, pieceText } from "./form.ts";

export interface SpreadInput {
  /** Text of the position. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly form: Form;
  readonly scheme: ErasureScheme;
  /** Pieces that are there and may stay: intact, on nodes that are neither dead nor leaving. */
  readonly keep: readonly Holder[];
  readonly cluster: Cluster;
  /** Nodes that must not get one, for example because a DELETE of it is under way there. */
  readonly avoid?: ReadonlySet<NodeId>;
}

export interface Spread {
  readonly holders: readonly Holder[];
  readonly isUnderSpread: boolean;
}

/** @returns undefined when a piece finds no node at all */
export function spreadPieces(input: SpreadInput): Spread | undefined {
  const placing = new Placing(input);
  const missing = placing.keepWhatLiesWell();
  // What shares a domain stays only if there is nothing better: it is asked for last, and found where it was.
  for (const piece of missing) if (!placing.place(piece)) return undefined;
  return { holders: inOrder(placing.holders), isUnderSpread: placing.isUnderSpread };
}

/** A piece without a node. */
type Wanted = { readonly holds: "replica" } | { readonly holds: "shard"; readonly shard: number };

class Placing {
  readonly holders: Holder[] = [];
  isUnderSpread = false;
  readonly #input: SpreadInput;
  readonly #ranked: readonly NodeId[];
  readonly #used = new Map<string, number>();

  constructor(input: SpreadInput) {
    this.#input = input;
    this.#ranked = rankByRendezvous(input.key, [...input.cluster.values()]);
  }

  /** Takes what stays, best rank first, one for each domain; returns what is then missing. */
  keepWhatLiesWell(): Wanted[] {
    const { keep, form, scheme } = this.#input;
    const rank = new Map(this.#ranked.map((nodeId, at) => [nodeId, at]));
    const inRank = [...keep].sort((a, b) => (rank.get(a.nodeId) ?? Infinity) - (rank.get(b.nodeId) ?? Infinity));
    let replicas = form.replicas;
    const shards = new Set(form.kind === "erasure" ? Array.from({ length: shardCount(scheme) }, (_, at) => at) : []);
    // Shards first: the promise stands on them.
    for (const piece of inRank) {
      if (piece.holds !== "shard" || !shards.has(piece.shard) || this.#isTaken(piece.nodeId)) continue;
      shards.delete(piece.shard);
      this.#take(piece);
    }
    for (const piece of inRank) {
      if (piece.holds !== "replica" || replicas === 0 || this.#isTaken(piece.nodeId)) continue;
      replicas -= 1;
      this.#take(piece);
    }
    return [
      ...[...shards].map((shard) => ({ holds: "shard" as const, shard })),
      ...Array.from({ length: replicas }, () => ({ holds: "replica" as const })),
    ];
  }

  place(wanted: Wanted): boolean {
    const { keep, cluster } = this.#input;
    const candidates = this.#ranked.filter((nodeId) => this.#canTake(nodeId, wanted));
    const isKept = (nodeId: NodeId) => keep.some((piece) => pieceText(piece) === pieceText({ ...wanted, nodeId }));
    const free = candidates.filter((nodeId) => !this.#isTaken(nodeId));
    if (free.length === 0) this.isUnderSpread = true;
    const holding = new Set(this.holders.map(({ nodeId }) => nodeId));
    // Fewest pieces in the domain, then a node without one, then where it is already, then the rank (the sort is stable).
    const best = (free.length > 0 ? free : candidates)
      .map((nodeId) => ({
        nodeId,
        used: this.#used.get(domainOf(cluster, nodeId)) ?? 0,
        holds: Number(holding.has(nodeId)),
        isNew: Number(!isKept(nodeId)),
      }))
      .sort((a, b) => a.used - b.used || a.holds - b.holds || a.isNew - b.isNew)[0];
    if (best === undefined) return false;
    this.#take({ ...wanted, nodeId: best.nodeId });
    return true;
  }

  #take(piece: Holder): void {
    this.holders.push(piece);
    const domain = domainOf(this.#input.cluster, piece.nodeId);
    this.#used.set(domain, (this.#used.get(domain) ?? 0) + 1);
  }

  #isTaken(nodeId: NodeId): boolean {
    return this.#used.has(domainOf(this.#input.cluster, nodeId));
  }

  #canTake(nodeId: NodeId, wanted: Wanted): boolean {
    const { cluster, keep, sizeBytes, scheme, avoid } = this.#input;
    const node = cluster.get(nodeId);
    const piece = { ...wanted, nodeId };
    const text = pieceText(piece);
    if (this.holders.some((holder) => pieceText(holder) === text)) return false;
    if (keep.some((kept) => pieceText(kept) === text)) return true;
    if (node?.state !== "alive" || avoid?.has(nodeId) === true) return false;
    return node.freeBytes >= pieceBytes(sizeBytes, wanted.holds === "shard" ? scheme : { kind: "replication" }, piece);
  }
}

/** Shards by number, then replicas: readers prefer the first ones, and equal sets make equal records. */
function inOrder(holders: readonly Holder[]): Holder[] {
  const place = (piece: Holder) => (piece.holds === "shard" ? piece.shard : Infinity);
  return [...holders].sort((a, b) => {
    const [x, y] = [place(a), place(b)];
    return x === y ? 0 : x - y;
  });
}
