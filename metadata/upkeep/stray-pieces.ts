/**
 * Stray pieces: what nodes keep and no record names. A late write leaves them behind, or a program that was killed, or a
 * database that was lost with its releases. They are given up when they were seen for a whole grace period, by releases like
 * any others (placement/releases.ts).
 *
 * Nothing here deletes. A stray is given up only for a version of its position's record that was decided, asked of a majority
 * of the acceptors at that moment, and that does not name it; whoever puts the piece again for a later version wins, as the
 * node refuses the release. What may belong to somebody is left alone: a video that is being stored or removed, an intent, a
 * change with a plan, a position at which nothing was ever decided.
 */
import type { NodeId } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { pieceId } from "#core/placement/piece.ts";
import type { Position } from "#core/placement/position.ts";
import { parsePosition, positionText } from "#core/placement/position.ts";
import type { ChunkRecord, Holder } from "#core/placement/record.ts";
import { pieceText } from "#core/redundancy/form.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import type { PieceEntry } from "#wire/contract/piece-api.ts";
import { holderOf, WHOLE } from "../database/piece-columns.ts";
import type { PlanStore } from "../redundancy/plan-store.ts";
import { indexDecided } from "./index-decided.ts";
import { raiseVersion } from "./raise-version.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

/** Strays of one node that are followed; the others come after them. */
export const MAX_STRAYS = 1000;
/** References given up after one list: each asks acceptors. */
const MAX_RELEASES = 256;

export interface StrayPiecesPorts extends UpkeepPorts {
  readonly plans: Pick<PlanStore, "at">;
  readonly config: () => Pick<PolicyConfig, "graceSeconds">;
}

type Reference = PieceEntry["references"][number];

export class StrayPieces {
  readonly #ports: StrayPiecesPorts;
  /** By node: since when each stray was seen in every list, by the monotonic clock. A restart begins anew. */
  readonly #seenMs = new Map<NodeId, ReadonlyMap<PieceId, number>>();

  constructor(ports: StrayPiecesPorts) {
    this.#ports = ports;
  }

  /**
   * A node was listed.
   *
   * @param strays what no record names of it, at most {@link MAX_STRAYS}
   * @returns references that were given up
   */
  async listed(nodeId: NodeId, strays: readonly PieceEntry[], signal: AbortSignal): Promise<number> {
    const { clock, config, log } = this.#ports;
    const nowMs = clock.nowMs();
    const before = this.#seenMs.get(nodeId);
    const seen = new Map(strays.map((stray) => [pieceId(stray), before?.get(pieceId(stray)) ?? nowMs]));
    this.#seenMs.set(nodeId, seen);
    const ripe = strays.filter((stray) => nowMs - (seen.get(pieceId(stray)) ?? nowMs) >= config().graceSeconds * 1000);
    let givenUp = 0;
    for (const stray of ripe) {
      for (const reference of stray.references) {
        if (givenUp === MAX_RELEASES) return givenUp;
        signal.throwIfAborted();
        try {
          if (await this.#giveUp({ nodeId, stray, reference }, signal)) givenUp += 1;
        } catch (error) {
          signal.throwIfAborted();
          log.warn({ nodeId, reference, err: error }, "Cannot say whether a stray piece is needed: it stays");
        }
      }
    }
    if (givenUp > 0) log.info({ nodeId, givenUp }, "Gives up pieces that no record names");
    return givenUp;
  }

  async #giveUp(
    { nodeId, stray, reference }: { nodeId: NodeId; stray: PieceEntry; reference: Reference },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { locks, releases, clock } = this.#ports;
    const position = parsePosition(reference.reference);
    if (position === undefined) return false;
    const piece = holderOf(nodeId, stray.shard ?? WHOLE);
    return await locks.run(position, async () => {
      if (await this.#isSomebodys(position)) return false;
      const epoch = await this.#epochWithout(position, { hash: stray.hash, piece, version: reference.version }, signal);
      if (epoch === undefined) return false;
      const notBeforeSeconds = clock.wallMs() / 1000;
      await releases.keep(
        stray.hash,
        [{ key: positionText(position), piece, epoch, notBeforeSeconds }],
        clock.wallMs(),
      );
      return true;
    });
  }

  /** Whether something is under way that may come to name the piece, or gives it up anyway. */
  async #isSomebodys(position: Position): Promise<boolean> {
    const { catalog, releases, plans, isBeingStored } = this.#ports;
    return (
      (await isBeingStored(position.videoId)) ||
      (await catalog.video(position.videoId))?.state === "processing" ||
      (await catalog.removals()).includes(position.videoId) ||
      (await releases.isIntended(position)) ||
      (await plans.at(positionText(position))) !== undefined
    );
  }

  /**
   * A version that was decided and does not name the piece, and for which the node will let it go; null when the position is
   * no more. Undefined: there is none, and the piece stays.
   */
  async #epochWithout(
    position: Position,
    stray: { readonly hash: ChunkRecord["hash"]; readonly piece: Holder; readonly version: number },
    signal: AbortSignal,
  ): Promise<number | null | undefined> {
    const { register } = this.#ports;
    const stands = await register.read(position);
    if (stands === undefined) return (await register.isOver(position)) ? null : undefined;
    if (isNamed(stray, stands)) {
      await indexDecided(position, this.#ports, signal);
      return undefined;
    }
    if (stray.version <= stands.version) return stands.version;
    if (stray.version !== stands.version + 1) return undefined;
    await raiseVersion(position, stands, this.#ports, signal);
    const raised = await register.read(position);
    return raised === undefined || raised.version < stray.version || isNamed(stray, raised)
      ? undefined
      : raised.version;
  }
}

function isNamed({ hash, piece }: { hash: ChunkRecord["hash"]; piece: Holder }, record: ChunkRecord): boolean {
  return record.hash === hash && record.holders.some((holder) => pieceText(holder) === pieceText(piece));
}
