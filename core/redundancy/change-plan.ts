/**
 * What one change of a record does: which pieces are written, and which ones no record names afterwards. A change of form, a
 * repair, a move and a drain are all such changes, so all of them obey the rules of transition.ts.
 *
 * A plan is kept durably from before its first byte goes out until its last piece is given up. It names everything that
 * it may leave behind, so that whoever finds it after a crash can end it.
 */
import type { ChunkHash } from "../ids.ts";
import type { ChunkRecord, Holder, Scheme } from "../placement/record.ts";
import type { Cluster } from "./cluster.ts";
import { domainOf } from "./cluster.ts";
import { lossesSurvived } from "./durability.ts";
import { LOSSES_PROMISED, pieceBytes, pieceText, piecesWithout } from "./form.ts";

export interface ChangePlan {
  /** Text of the position. */
  readonly key: string;
  /** Version of the record that the change starts from. */
  readonly fromVersion: number;
  /** The record that it ends with. In place: the same record, whose pieces are made again where they were. */
  readonly to: ChunkRecord;
  readonly isInPlace: boolean;
  /** What gives the change up: the record that it starts from, one version on. */
  readonly giveUp: ChunkRecord;
  readonly write: readonly Holder[];
  /** What `to` does not name any more. */
  readonly drop: readonly Holder[];
  readonly reason: string;
}

export interface WantedChange {
  readonly key: string;
  readonly from: ChunkRecord;
  readonly holders: readonly Holder[];
  readonly scheme: Scheme;
  /** Of the block hashes of the new form: parity shards add theirs. */
  readonly blocksDigest: ChunkHash;
  /** Pieces that the record names and that are not there, or not intact. */
  readonly faulty: readonly Holder[];
  readonly reason: string;
}

export type Planned =
  | { readonly outcome: "planned"; readonly plan: ChangePlan }
  | { readonly outcome: "nothing-to-do" }
  | { readonly outcome: "refused"; readonly reason: string };

/**
 * Makes the plan, unless it would name a form that survives fewer losses than promised and fewer than the present one.
 *
 * @param cluster for the failure domains
 */
export function planChange(wanted: WantedChange, cluster: Cluster): Planned {
  const { key, from, holders, scheme, blocksDigest, faulty, reason } = wanted;
  const fresh = piecesWithout(holders, from.holders);
  const drop = piecesWithout(from.holders, holders);
  const isSameScheme = scheme.kind === from.scheme.kind && blocksDigest === from.blocksDigest;
  const broken = new Set(faulty.map(pieceText));
  const again = holders.filter((piece) => broken.has(pieceText(piece)) && !fresh.includes(piece));
  const isInPlace = isSameScheme && fresh.length === 0 && drop.length === 0;
  if (isInPlace && again.length === 0) return { outcome: "nothing-to-do" };
  const losses = recordLosses({ scheme, holders }, cluster);
  const lossesNow = recordLosses({ scheme: from.scheme, holders: piecesWithout(from.holders, faulty) }, cluster);
  if (losses < LOSSES_PROMISED && losses < lossesNow) {
    return {
      outcome: "refused",
      reason: `Cannot change "${key}" as the new form survives ${losses} losses: the present one survives ${lossesNow}`,
    };
  }
  const to: ChunkRecord = isInPlace
    ? from
    : { ...from, version: from.version + 1, scheme, holders: [...holders], blocksDigest };
  const giveUp = { ...from, version: from.version + 1 };
  const write = [...fresh, ...again];
  return {
    outcome: "planned",
    plan: { key, fromVersion: from.version, to, isInPlace, giveUp, write, drop, reason },
  };
}

/** Losses that the record survives when everything that it names is there. */
export function recordLosses({ scheme, holders }: Pick<ChunkRecord, "scheme" | "holders">, cluster: Cluster): number {
  const pieces = holders.map((piece) => ({ piece, domain: domainOf(cluster, piece.nodeId) }));
  return lossesSurvived({ scheme, pieces });
}

/** Bytes that a change writes. */
export function writtenBytes({ write, to }: ChangePlan): number {
  return write.reduce((sum, piece) => sum + pieceBytes(to.sizeBytes, to.scheme, piece), 0);
}

/** Whether the register holds this very value, and not another one of the same version. */
export function isRecord(one: ChunkRecord, other: ChunkRecord): boolean {
  return (
    one.version === other.version &&
    one.hash === other.hash &&
    one.blocksDigest === other.blocksDigest &&
    one.scheme.kind === other.scheme.kind &&
    one.holders.map(pieceText).join() === other.holders.map(pieceText).join()
  );
}
