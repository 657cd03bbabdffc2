/**
 * The form in which a chunk is kept: how many whole copies, and whether there are shards beside them. A record names the
 * holders of both alike, so that every form is a record, and so is every mixture of two on the way from one to the other.
 *
 * Bytes; ratios are bytes kept per byte of the chunk.
 */
import { geometryOf, shardCount, storedBytes } from "../erasure/geometry.ts";
import type { ChunkRecord, Holder, Scheme } from "../placement/record.ts";
import { REPLICA_COUNT } from "../placement/record.ts";

/** The code that records name for chunks with shards. */
export type ErasureScheme = Extract<Scheme, { kind: "erasure" }>;

/** `erasure` with replicas is the hybrid form: the shards keep the promise, the replicas serve the crowd. */
export interface Form {
  readonly kind: Scheme["kind"];
  readonly replicas: number;
}

export const REPLICATION: Form = { kind: "replication", replicas: REPLICA_COUNT };
export const ERASURE: Form = { kind: "erasure", replicas: 0 };

/** Losses that every form survives when it is whole and its pieces are on different failure domains. */
export const LOSSES_PROMISED = 2;

/** What the record says, as a form. */
export function formOf({ scheme, holders }: Pick<ChunkRecord, "scheme" | "holders">): Form {
  return { kind: scheme.kind, replicas: holders.filter(({ holds }) => holds === "replica").length };
}

/** The form that a repair makes of it: of a replicated chunk with too few copies, the usual one. */
export function wholeForm(form: Form): Form {
  return form.kind === "replication" && form.replicas < REPLICA_COUNT ? REPLICATION : form;
}

export function sameForm(one: Form, other: Form): boolean {
  return one.kind === other.kind && one.replicas === other.replicas;
}

/** `replication`, `erasure`, `erasure and 2 replicas`; a number of copies that is not the usual one is said. */
export function formText({ kind, replicas }: Form): string {
  if (kind === "replication") return replicas === REPLICA_COUNT ? kind : `${kind} with ${replicas} copies`;
  if (replicas === 0) return kind;
  return `${kind} and ${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
}

/** Bytes kept per byte of a chunk, without the rounding of small ones. */
export function keptPerByte({ kind, replicas }: Form, scheme: ErasureScheme): number {
  return replicas + (kind === "erasure" ? shardCount(scheme) / scheme.dataShards : 0);
}

/** One text for one piece: equal texts, equal pieces of a chunk. */
export function pieceText(piece: Holder): string {
  return `${piece.nodeId}/${piece.holds === "replica" ? "replica" : piece.shard}`;
}

/** Bytes that the node keeps for this piece. */
export function pieceBytes(sizeBytes: number, scheme: Scheme, piece: Holder): number {
  if (piece.holds === "replica" || scheme.kind === "replication") return sizeBytes;
  return storedBytes(geometryOf(scheme, sizeBytes), piece.shard);
}

/** Of `pieces` those that are not among `others`. */
export function piecesWithout(pieces: readonly Holder[], others: readonly Holder[]): Holder[] {
  const texts = new Set(others.map(pieceText));
  return pieces.filter((piece) => !texts.has(pieceText(piece)));
}
