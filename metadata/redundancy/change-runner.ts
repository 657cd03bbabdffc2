/**
 * Every change of a stored chunk goes through here, whoever wants it: one at a time for each position, few at a time
 * altogether, within the budget. What is wanted is asked again from the record as it stands then; nothing older decides.
 */
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord, Holder, Scheme } from "#core/placement/record.ts";

import { planChange, writtenBytes } from "#core/redundancy/change-plan.ts";
import type { Cluster } from "#core/redundancy/cluster.ts";
import { isCounted, isReadable } from "#core/redundancy/cluster.ts";
import { piecesWithout } from "#core/redundancy/form.ts";
import type { ChangeStep, Outcome } from "#core/redundancy/transition.ts";
import { beginChange, resumeChange } from "#core/redundancy/transition.ts";
import { readBlockList } from "#wire/client/block-list.ts";
import type { PositionLocks } from "../upkeep/position-locks.ts";
import { indexDecided } from "../upkeep/index-decided.ts";
import type { ChangeBoard } from "./change-board.ts";
import { blockListOf, dataBlockList, sameBlocks } from "./coded-blocks.ts";
import type { DriveChangePorts } from "./drive-change.ts";
import { driveChange } from "./drive-change.ts";
import type { FaultyPieces } from "./faulty-pieces.ts";
import { PieceMaker } from "./piece-maker.ts";
import type { ChangeKind } from "./plan-store.ts";
import type { WorkBudget } from "./work-budget.ts";

export interface ChangeRunnerPorts extends DriveChangePorts {
  readonly locks: PositionLocks;
  readonly faulty: FaultyPieces;
  readonly budget: WorkBudget;
  readonly board: ChangeBoard;
  readonly cluster: () => Cluster;
  /** Whether the chunks of a video are somebody else's business now. */
  readonly isBusy: (position: Position) => Promise<boolean>;
  /** A source was wrong, or did not answer: worth a check. */
  readonly onBad: (holder: Holder, record: ChunkRecord, error: unknown) => void;
}

/** The record as it stands, and what is known to be wrong with its pieces. */
export interface Standing {
  readonly key: string;
  readonly record: ChunkRecord;
  readonly faulty: readonly Holder[];
}

export interface Wanted {
  readonly scheme: Scheme;
  readonly holders: readonly Holder[];
  readonly reason: string;
}

export interface ChangeRequest {
  readonly position: Position;
  readonly kind: ChangeKind;
  /** Further losses that the chunk survives; null when nobody counted. */
  readonly lossesLeft: number | null;
  /** What the chunk should become; a text says why nothing now. */
  readonly want: (standing: Standing, cluster: Cluster) => Wanted | string | undefined;
}

/** `idle`: it is as it should be. `refused`: it cannot be so now. `postponed`: the register is away; it goes on later. */
export type Ended =
  | { readonly end: Outcome | "idle" | "postponed"; readonly writtenBytes: number }
  | { readonly end: "refused"; readonly writtenBytes: 0; readonly reason: string };

const IDLE: Ended = { end: "idle", writtenBytes: 0 };

/** A plan with what it takes to carry it out. */
interface Prepared {
  readonly first: ChangeStep;
  readonly blocks: string;
  readonly maker: PieceMaker;
}

export class ChangeRunner {
  readonly #ports: ChangeRunnerPorts;

  constructor(ports: ChangeRunnerPorts) {
    this.#ports = ports;
  }

  /**
   * Makes one chunk what is wanted of it.
   *
   * @throws VStackError when its record or its bytes cannot be read; the signal's reason
   */
  async run(request: ChangeRequest, signal: AbortSignal): Promise<Ended> {
    const { position, kind, lossesLeft } = request;
    const change = () =>
      this.#ports.locks.run(position, async () => {
        signal.throwIfAborted();
        if ((await this.#ports.plans.at(positionText(position))) !== undefined)
          return await this.#goOn(position, signal);
        return await this.#begin(request, signal);
      });
    return await this.#ports.budget.run(kind, signal, change, lossesLeft !== null && lossesLeft <= 0);
  }

  isRunning(key: string): boolean {
    return this.#ports.board.isRunning(key);
  }

  /** Ends a change that was cut short; idle when there is none. */
  async resume(position: Position, signal: AbortSignal): Promise<Ended> {
    return await this.#ports.budget.run("repair", signal, () =>
      this.#ports.locks.run(position, () => this.#goOn(position, signal)),
    );
  }

  async #begin(request: ChangeRequest, signal: AbortSignal): Promise<Ended> {
    const { catalog, register, faulty, isBusy } = this.#ports;
    const { position } = request;
    if (await isBusy(position)) return IDLE;
    const record = await register.read(position);
    if (record === undefined) return IDLE;
    const indexed = await catalog.entry(position);
    const isBehind = indexed === undefined || indexed.record.version < record.version;
    if (isBehind) await indexDecided(position, this.#ports, signal);
    const entry = isBehind ? await catalog.entry(position) : indexed;
    const bad = (await faulty.of(position, record.hash)).map(({ holder }) => holder);
    const stale = piecesWithout(bad, record.holders);
    if (stale.length > 0) await faulty.remove(position, record.hash, stale);
    const standing = { key: positionText(position), record, faulty: piecesWithout(bad, stale) };
    const cluster = this.#ports.cluster();
    const wanted = request.want(standing, cluster);
    if (wanted === undefined) return IDLE;
    if (typeof wanted === "string") return { end: "refused", writtenBytes: 0, reason: wanted };
    const maker = await this.#makerFor(standing, { cluster, blocks: entry?.blocks, signal });
    const list = await this.#listFor(wanted.scheme, { record, blocks: entry?.blocks, maker });
    // A piece on a dead node that the new form does without is not there: else a form that makes do with the nodes that are
    // left would look weaker than the present one.
    const away = piecesWithout(record.holders, wanted.holders).filter((holder) => !isCounted(cluster, holder));
    const missing = [...standing.faulty, ...piecesWithout(away, standing.faulty)];
    const planned = planChange({ ...standing, ...wanted, faulty: missing, from: record, ...list }, cluster);
    if (planned.outcome === "nothing-to-do") return IDLE;
    if (planned.outcome === "refused") return { end: "refused", writtenBytes: 0, reason: planned.reason };
    return await this.#carryOut(request, { first: beginChange(planned.plan), blocks: list.blocks, maker }, signal);
  }

  async #goOn(position: Position, signal: AbortSignal): Promise<Ended> {
    const { plans, register, catalog, faulty, clock, graceSeconds } = this.#ports;
    const noted = await plans.at(positionText(position));
    if (noted === undefined) return IDLE;
    const { plan, kind, blocks } = noted;
    const record = (await register.read(position)) ?? null;
    const bad = record === null ? [] : (await faulty.of(position, record.hash)).map(({ holder }) => holder);
    const standing = { key: plan.key, record: record ?? plan.giveUp, faulty: bad };
    const entry = await catalog.entry(position);
    const maker = await this.#makerFor(standing, { cluster: this.#ports.cluster(), blocks: entry?.blocks, signal });
    const first = resumeChange(plan, record, { graceSeconds: graceSeconds() }, clock.wallMs() / 1000);
    return await this.#carryOut({ position, kind, lossesLeft: null }, { first, blocks, maker }, signal);
  }

  async #carryOut(
    { position, kind, lossesLeft }: Pick<ChangeRequest, "position" | "kind" | "lossesLeft">,
    { first, blocks, maker }: Prepared,
    signal: AbortSignal,
  ): Promise<Ended> {
    const { budget, board } = this.#ports;
    const { plan } = first.change;
    const bytes = writtenBytes(plan);
    budget.spend(kind, bytes + maker.readBytes(plan.write, plan.to.scheme));
    const shown = board.begin({ kind, key: plan.key, bytes, lossesLeft, reason: plan.reason });
    const isAlone = plan.write.length === 1;
    let written = 0;
    try {
      const change = await driveChange(
        {
          ...{ position, kind, blocks, first },
          bytesOf: (piece) => maker.bytesOf(piece, plan.to.scheme, isAlone),
          onStep: ({ step }, writtenSoFar) => {
            written = writtenSoFar;
            shown.step(step, writtenSoFar);
          },
        },
        this.#ports,
        signal,
      );
      shown.end(change.outcome);
      return { end: change.outcome ?? "postponed", writtenBytes: written };
    } finally {
      shown.end(null);
    }
  }

  async #makerFor(
    { record, faulty }: Standing,
    {
      cluster,
      blocks,
      signal,
    }: { readonly cluster: Cluster; readonly blocks: string | undefined; signal: AbortSignal },
  ): Promise<PieceMaker> {
    const list = blocks === undefined ? undefined : await readBlockList(record, blocks);
    const from = piecesWithout(record.holders, faulty).filter((holder) => isReadable(cluster, holder));
    return new PieceMaker({ record, list: list ?? null, from }, this.#ports, signal);
  }

  /** The block list of the new form: the old one, a part of it, or the old one and parity, which takes the bytes. */
  async #listFor(
    scheme: Scheme,
    { record, blocks, maker }: { record: ChunkRecord; blocks: string | undefined; maker: PieceMaker },
  ) {
    if (blocks !== undefined && sameBlocks(scheme, record.scheme)) return { blocks, blocksDigest: record.blocksDigest };
    if (blocks !== undefined && scheme.kind === "replication") return await dataBlockList(record, blocks);
    return await blockListOf(await maker.whole(), { ...record, scheme }, this.#ports.codec);
  }
}
