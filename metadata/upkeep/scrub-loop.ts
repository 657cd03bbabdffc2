/**
 * Has every node read its pieces again within a cycle, the longest unchecked first, what a client complained about at once,
 * and what records name and a disk does not list, too. It deletes nothing: what is wrong is noted, and repaired.
 */
import type { NodeId } from "#core/ids.ts";
import type { Piece, PieceId } from "#core/placement/piece.ts";
import { pieceId } from "#core/placement/piece.ts";
import { spent } from "#core/redundancy/byte-budget.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import { checked, planScrub, reported, scrubPace } from "#core/redundancy/scrub-plan.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { MAX_VERIFY_PIECES } from "#wire/contract/piece-api.ts";
import type { PieceLinks } from "#wire/exchange/piece-links.ts";
import type { StorageTarget } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { NamedPiece, PieceIndex } from "../catalog/piece-index.ts";
import { holderOf, WHOLE } from "../database/piece-columns.ts";
import { dueReports, sizeOf } from "../redundancy/due-reports.ts";
import { FailureRest } from "../redundancy/failure-rest.ts";
import type { Fault, FaultyPieces, FoundFault } from "../redundancy/faulty-pieces.ts";
import type { NodeScrub } from "../redundancy/node-scrub.ts";
import { itemOf, newNodeScrub, noteBatch, noteReport, pieceOfItem, SCRUB_VERDICTS } from "../redundancy/node-scrub.ts";
import type { WorkBudget } from "../redundancy/work-budget.ts";

const ROUND_MS = 250;
/** What may be saved up while something else goes first. */
const BURST_SECONDS = 2;
/** Sums over all pieces of a node are made anew this often, and take this share of the time at most. */
const TOTALS_MS = 5000;
const TOTALS_SHARE = 0.005;
/** Pieces of one look at the index when a whole node is compared with its list. */
const PAGE_PIECES = 1000;

export interface ScrubLoopPorts {
  readonly catalog: Pick<CatalogStore, "entry">;
  readonly pieces: PieceIndex;
  readonly faulty: FaultyPieces;
  readonly links: Pick<PieceLinks, "verify">;
  readonly budget: WorkBudget;
  readonly alive: () => readonly StorageTarget[];
  readonly config: () => PolicyConfig;
  /** Something is to be repaired. */
  readonly onFault: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ScrubProgress {
  readonly isRunning: boolean;
  readonly startedAtSeconds: number | null;
  /** When the last whole cycle ended; null before the first one did. */
  readonly completedAtSeconds: number | null;
  readonly piecesChecked: number;
  readonly piecesTotal: number;
  readonly bytesChecked: number;
  readonly bytesTotal: number;
  /** Found in this cycle and the one before: they follow each other without a pause. */
  readonly corrupt: number;
  readonly missing: number;
  readonly reportsWaiting: number;
  readonly isTooSlow: boolean;
}

type Found = Readonly<Record<Fault, number>>;
const NOTHING_FOUND: Found = { corrupt: 0, absent: 0 };

export class ScrubLoop {
  readonly #ports: ScrubLoopPorts;
  readonly #nodes = new Map<NodeId, NodeScrub>();
  /** A batch is under way there. */
  readonly #busy = new Set<NodeId>();
  readonly #rest: FailureRest;
  #cycleStartMs: number;
  #completedAtSeconds: number | null = null;
  #isHurried = false;
  #found: Found = NOTHING_FOUND;
  #foundBefore: Found = NOTHING_FOUND;
  #isTooSlow = false;

  constructor(ports: ScrubLoopPorts) {
    this.#ports = ports;
    this.#rest = new FailureRest(() => ports.clock.nowMs());
    this.#cycleStartMs = ports.clock.wallMs();
  }

  get progress(): ScrubProgress {
    const scrubs = [...this.#nodes.values()];
    const sum = (of: (scrub: NodeScrub) => number) => scrubs.reduce((total, scrub) => total + of(scrub), 0);
    const [pieces, bytes] = [sum(({ totals }) => totals.pieces), sum(({ totals }) => totals.sizeBytes)];
    return {
      isRunning: sum(({ totals }) => totals.left) > 0,
      startedAtSeconds: this.#cycleStartMs / 1000,
      completedAtSeconds: this.#completedAtSeconds,
      piecesChecked: pieces - sum(({ totals }) => totals.left),
      piecesTotal: pieces,
      bytesChecked: bytes - sum(({ totals }) => totals.leftBytes),
      bytesTotal: bytes,
      corrupt: this.#found.corrupt + this.#foundBefore.corrupt,
      missing: this.#found.absent + this.#foundBefore.absent,
      isTooSlow: this.#isTooSlow,
      reportsWaiting: sum(({ state }) => state.reports.length),
    };
  }

  /** Begins a cycle now, at the full rate. @returns false when one that was asked for is under way */
  ask(): boolean {
    if (this.#isHurried) return false;
    this.#beginCycle();
    this.#foundBefore = NOTHING_FOUND;
    this.#isHurried = true;
    return true;
  }

  /**
   * A client read wrong bytes, or found none: makes a check, never more.
   *
   * @returns false when it makes none: no record names the piece there, the node is away, it was found intact a moment ago,
   *   or too many wait
   */
  async report(nodeId: NodeId, piece: Piece): Promise<boolean> {
    if (!this.#ports.alive().some((node) => node.nodeId === nodeId)) return false;
    const named = await this.#ports.pieces.piece(nodeId, piece);
    if (named === undefined) return false;
    const scrub = this.#scrubOf(nodeId);
    const name = pieceId(piece);
    const item = { ...itemOf(named), checkedAtSeconds: scrub.checkedReports.get(name) ?? 0 };
    const { refusedReports } = scrub.state;
    scrub.state = reported(scrub.state, item, this.#ports.clock.wallMs() / 1000);
    return scrub.state.refusedReports === refusedReports;
  }

  /** What the node should have and did not list is looked for. */
  async compare(nodeId: NodeId, names: ReadonlySet<PieceId>, signal: AbortSignal): Promise<void> {
    const node = this.#ports.alive().find((one) => one.nodeId === nodeId);
    if (node === undefined) return;
    for (let after: Piece | null = null; ; ) {
      const page: NamedPiece[] = await this.#ports.pieces.namedOn(nodeId, after, PAGE_PIECES);
      const absent = page.filter((piece) => !names.has(pieceId(piece)));
      for (let from = 0; from < absent.length; from += MAX_VERIFY_PIECES) {
        signal.throwIfAborted();
        await this.#verify(node, absent.slice(from, from + MAX_VERIFY_PIECES), signal);
      }
      after = page.at(-1) ?? null;
      if (page.length < PAGE_PIECES) return;
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    const open = new Set<Promise<void>>();
    while (!signal.aborted) {
      // Not awaited: a node that hangs must not keep the others' reports waiting for its deadline.
      const round: Promise<void> = this.round(signal)
        .catch((error: unknown) => {
          if (!signal.aborted) log.error({ err: error }, "Cannot scrub: will try again");
        })
        .finally(() => open.delete(round));
      open.add(round);
      await clock.sleep(ROUND_MS, signal);
    }
    await Promise.all(open);
  }

  /** One batch on every node but those that still have one. */
  async round(signal: AbortSignal): Promise<void> {
    const alive = this.#ports.alive();
    const there = new Set(alive.map(({ nodeId }) => nodeId));
    for (const nodeId of this.#nodes.keys()) {
      if (there.has(nodeId)) continue;
      this.#nodes.delete(nodeId);
      this.#rest.worked(nodeId);
    }
    const free = alive.filter(({ nodeId }) => !this.#busy.has(nodeId) && !this.#rest.isResting(nodeId));
    await Promise.all(
      free.map(async (node) => {
        this.#busy.add(node.nodeId);
        try {
          await this.#scrubNode(node, signal);
          this.#rest.worked(node.nodeId);
        } catch (error) {
          signal.throwIfAborted();
          this.#rest.failed(node.nodeId);
          this.#ports.log.warn({ nodeId: node.nodeId, err: error }, "Cannot scrub a node now");
        } finally {
          this.#busy.delete(node.nodeId);
        }
      }),
    );
    if (alive.length > 0 && [...this.#nodes.values()].every(({ totals }) => totals.left === 0)) this.#endCycle();
  }

  async #scrubNode(node: StorageTarget, signal: AbortSignal): Promise<void> {
    const scrub = this.#scrubOf(node.nodeId);
    await this.#countTotals(node.nodeId, scrub);
    this.#refill(scrub);
    const unchecked = await this.#ports.pieces.longestUnchecked(node.nodeId, MAX_VERIFY_PIECES);
    const reports = await dueReports(node.nodeId, scrub, this.#ports);
    const others = unchecked.map(itemOf).filter(({ piece }) => !scrub.state.reports.includes(piece));
    const items = [...reports, ...others];
    const plan = planScrub(scrub.state, items, this.#ports.config(), scrub.budgetBytes);
    const isWaiting = this.#ports.budget.hasBefore("scrub");
    const batch = isWaiting ? reports : plan.items.slice(0, MAX_VERIFY_PIECES);
    if (batch.length === 0) return;
    const pieces = batch.map(pieceOfItem);
    const bytes = sizeOf(batch);
    scrub.reportBudget = spent(scrub.reportBudget, sizeOf(reports));
    scrub.budgetBytes -= bytes - sizeOf(reports);
    this.#ports.budget.note("scrub", bytes);
    await this.#verify(node, pieces, signal);
    noteBatch(scrub, batch.length, bytes);
  }

  async #verify(node: StorageTarget, pieces: readonly Piece[], signal: AbortSignal): Promise<void> {
    const { links, clock } = this.#ports;
    const verdicts = await links.verify(node, pieces, signal);
    const intact: Piece[] = [];
    const wrong: { readonly piece: Piece; readonly verdict: Fault }[] = [];
    const scrub = this.#scrubOf(node.nodeId);
    for (const [index, piece] of pieces.entries()) {
      const verdict = verdicts[index] ?? "absent";
      const isUntrue = verdict === "intact" && scrub.state.reports.includes(pieceId(piece));
      if (isUntrue) noteReport(scrub, pieceId(piece), clock.wallMs() / 1000);
      const { state, command } = checked(scrub.state, pieceId(piece), SCRUB_VERDICTS[verdict], clock.wallMs() / 1000);
      scrub.state = state;
      if (command.do === "keep-as-checked") intact.push(piece);
      if (verdict !== "intact") wrong.push({ piece, verdict });
    }
    const faults = await this.#noteFaults(node.nodeId, wrong);
    if (faults > 0) {
      this.#ports.log.warn(
        { nodeId: node.nodeId, faults },
        "Pieces are not what their records say: they are made again",
      );
      this.#ports.onFault();
    }
    await this.#ports.pieces.noteChecked(node.nodeId, pieces, clock.wallMs());
    for (const piece of intact) await this.#noteIntact(node.nodeId, piece);
  }

  /** @returns how many were not known, of those that records name */
  async #noteFaults(
    nodeId: NodeId,
    wrong: readonly { readonly piece: Piece; readonly verdict: Fault }[],
  ): Promise<number> {
    const { pieces, faulty, log } = this.#ports;
    const found: (FoundFault & { readonly piece: PieceId })[] = [];
    for (const { piece, verdict } of wrong) {
      const holder = holderOf(nodeId, piece.shard ?? WHOLE);
      for (const position of await pieces.positionsOf(nodeId, piece))
        found.push({ position, hash: piece.hash, holder, verdict, piece: pieceId(piece) });
    }
    const areNew = await faulty.add(found);
    const fresh = new Map(found.flatMap(({ piece, verdict }, at) => (areNew[at] === true ? [[piece, verdict]] : [])));
    for (const [piece, verdict] of fresh) {
      this.#found = { ...this.#found, [verdict]: this.#found[verdict] + 1 };
      log.debug({ nodeId, piece, verdict }, "A piece is not what its record says");
    }
    return fresh.size;
  }

  async #noteIntact(nodeId: NodeId, piece: Piece): Promise<void> {
    const { pieces, faulty } = this.#ports;
    if (!(await faulty.any())) return;
    const holder = holderOf(nodeId, piece.shard ?? WHOLE);
    for (const position of await pieces.positionsOf(nodeId, piece)) await faulty.remove(position, piece.hash, [holder]);
  }

  #scrubOf(nodeId: NodeId): NodeScrub {
    const known = this.#nodes.get(nodeId);
    if (known !== undefined) return known;
    const scrub = newNodeScrub(this.#ports.clock.nowMs());
    this.#nodes.set(nodeId, scrub);
    return scrub;
  }

  async #countTotals(nodeId: NodeId, scrub: NodeScrub): Promise<void> {
    const { clock, pieces } = this.#ports;
    const beganMs = clock.nowMs();
    if (beganMs < scrub.totalsDueMs) return;
    const all = await pieces.totals(nodeId);
    const left = await pieces.totals(nodeId, this.#cycleStartMs);
    scrub.totals = { ...all, left: left.pieces, leftBytes: left.sizeBytes };
    scrub.totalsDueMs = beganMs + Math.max(TOTALS_MS, (clock.nowMs() - beganMs) / TOTALS_SHARE);
  }

  #refill(scrub: NodeScrub): void {
    const { clock, config } = this.#ports;
    const pace = scrubPace(scrub.totals.sizeBytes, config());
    this.#isTooSlow = pace.isTooSlow;
    const rate = this.#isHurried ? config().scrubBytesPerSecond : pace.rateBytesPerSecond;
    const seconds = (clock.nowMs() - scrub.atMs) / 1000;
    scrub.atMs = clock.nowMs();
    scrub.budgetBytes = Math.min(rate * BURST_SECONDS, scrub.budgetBytes + seconds * rate);
  }

  #beginCycle(): void {
    this.#cycleStartMs = this.#ports.clock.wallMs();
    this.#foundBefore = this.#found;
    this.#found = NOTHING_FOUND;
    for (const scrub of this.#nodes.values()) {
      const { pieces, sizeBytes } = scrub.totals;
      scrub.totals = { pieces, sizeBytes, left: pieces, leftBytes: sizeBytes };
      scrub.totalsDueMs = -Infinity;
    }
  }

  #endCycle(): void {
    const total = [...this.#nodes.values()].reduce((sum, { totals }) => sum + totals.pieces, 0);
    if (total === 0) return;
    this.#completedAtSeconds = this.#ports.clock.wallMs() / 1000;
    this.#isHurried = false;
    // The next one begins when what was checked first has come of age: longest unchecked first is one after the other.
    if (this.#ports.clock.wallMs() - this.#cycleStartMs >= this.#ports.config().scrubCycleSeconds * 1000)
      this.#beginCycle();
  }
}
