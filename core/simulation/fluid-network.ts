/**
 * The simulated network of one session: transfers are fluids that share the paths of a NetworkPlan and the access link by
 * max-min fairness. Exact: rates are computed anew whenever a transfer, a curve or a condition changes, and nothing is
 * rounded to ticks. Contents do not exist; wrong bytes are a mark on a transfer.
 *
 * A connection costs a round trip, is kept when its answer was read to the end, and closed when it was not.
 */
import { invariant } from "../invariant.ts";
import type { NetworkPlan, PathConditions } from "../network/conditions.ts";
import { firstByteDelayMs } from "../network/path-phases.ts";
import { nextChangeMs, rateAt } from "../network/rate-curve.ts";
import type { Random } from "../random.ts";
import type { FailureKind } from "../schedule/plan-events.ts";
import { shareFairly } from "./fair-share.ts";
import { NodeLink } from "./node-link.ts";
import type { TransferListener } from "./transfer.ts";
import { Transfer } from "./transfer.ts";
import type { Alarm, VirtualClock } from "./virtual-clock.ts";

/** A time in which something was asked for and not yet answered in full. */
export interface BusyInterval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly receivedBytes: number;
}

export interface FluidNetworkOptions {
  readonly clock: VirtualClock;
  readonly plan: NetworkPlan;
  /** For jitter. */
  readonly random: Random;
  /**
   * Bodies are read at every block boundary and at least this often while bytes come. When one is read, so are those that
   * were not for half that time: nobody is told anything twice that could be told once.
   */
  readonly readEveryMs: number;
}

export class FluidNetwork {
  readonly #options: FluidNetworkOptions;
  readonly #links: readonly NodeLink<Transfer>[];
  readonly #linkOf: ReadonlyMap<string, NodeLink<Transfer>>;
  readonly #flowing: Transfer[] = [];
  /** Those that are being read: kept to be filled again. */
  readonly #due: Transfer[] = [];
  readonly #intervals: BusyInterval[] = [];
  #underWay = 0;
  #busySinceMs = 0;
  #busyBytes = 0;
  #accessRate = 0;
  #accessUntilMs = 0;
  #advancedMs = 0;
  #ratesAreOld = false;
  #isPumping = false;
  #alarm: Alarm | null = null;
  readonly #onAlarm = () => {
    this.#alarm = null;
    this.#pump();
  };

  constructor(options: FluidNetworkOptions) {
    this.#options = options;
    this.#links = options.plan.nodes.map(({ nodeId, path }) => new NodeLink<Transfer>(nodeId, path));
    this.#linkOf = new Map(this.#links.map((link) => [link.nodeId, link]));
    for (const { atMs, nodeId, change } of options.plan.changes) {
      options.clock.at(atMs, () => this.#changeLink(this.#link(nodeId), change));
    }
  }

  /**
   * Asks a node for bytes. Reports come later than this call returns, never within it.
   *
   * @param blockEnds see {@link Transfer}
   * @returns to be given to {@link stop}
   */
  start(nodeId: string, blockEnds: readonly number[], listener: TransferListener): Transfer {
    const transfer = new Transfer(this.#link(nodeId), blockEnds, listener);
    if (transfer.wantedBytes <= 0) invariant(false, `Cannot transfer nothing from ${nodeId}`);
    if (this.#underWay === 0) this.#becomeBusy();
    this.#underWay += 1;
    this.#ask(transfer);
    return transfer;
  }

  /** Closes the connection and silences the transfer, in this moment. */
  stop(transfer: Transfer): void {
    if (transfer.phase === "over") return;
    if (transfer.phase === "flowing") this.#advance();
    this.#end(transfer, false);
    // Nothing is told within the call: what is due by now comes with the alarm.
    if (!this.#isPumping) this.#settle();
  }

  /** Intervals that are over, and at the end of a run the one that is not. */
  busyIntervals(): readonly BusyInterval[] {
    if (this.#underWay === 0) return this.#intervals;
    this.#advance();
    const toMs = this.#options.clock.nowMs;
    return [...this.#intervals, { fromMs: this.#busySinceMs, toMs, receivedBytes: this.#busyBytes }];
  }

  /** Work that follows in the moment in which the last ended goes on with its interval. */
  #becomeBusy(): void {
    const { nowMs } = this.#options.clock;
    const last = this.#intervals[this.#intervals.length - 1];
    const goesOn = last?.toMs === nowMs;
    if (goesOn) this.#intervals.pop();
    this.#busySinceMs = goesOn ? last.fromMs : nowMs;
    this.#busyBytes = goesOn ? last.receivedBytes : 0;
  }

  #link(nodeId: string): NodeLink<Transfer> {
    const link = this.#linkOf.get(nodeId);
    invariant(link !== undefined, `Cannot reach a node that the plan does not have: ${nodeId}`);
    return link;
  }

  #ask(transfer: Transfer): void {
    const { link } = transfer;
    const { clock, random } = this.#options;
    const connection = link.takeConnection(clock.nowMs);
    if (connection === undefined) {
      link.queue.push(transfer);
      return;
    }
    transfer.phase = "waiting";
    transfer.connection = connection;
    link.waiting.push(transfer);
    if (link.faultKind === "refuse") {
      const refuse = () => this.#fail(transfer, "refused", "connection refused");
      clock.at(clock.nowMs + link.conditions.roundTripMs, refuse);
      return;
    }
    const delayMs = firstByteDelayMs(link.conditions, connection.isNew, random);
    clock.at(clock.nowMs + delayMs, () => this.#answer(transfer));
  }

  /** The answer of a request is here, or would be. */
  #answer(transfer: Transfer): void {
    if (transfer.phase !== "waiting" && transfer.phase !== "held") return;
    const { link } = transfer;
    const { failureRatio = 0 } = link.conditions;
    if (link.faultKind === "hang") {
      transfer.phase = "held";
      return;
    }
    if (link.faultKind === "unavailable" || (failureRatio > 0 && this.#options.random() < failureRatio)) {
      this.#fail(transfer, "status", "status 503");
      return;
    }
    if (link.faultKind === "truncate") transfer.endsAtBytes = Math.ceil(transfer.wantedBytes / 2);
    if (link.faultKind === "corrupt") transfer.isCorrupt = true;
    this.#advance();
    remove(link.waiting, transfer);
    transfer.phase = "flowing";
    transfer.lastReadMs = this.#options.clock.nowMs;
    link.flows.push(transfer);
    this.#flowing.push(transfer);
    link.refreshRate(this.#options.clock.nowMs);
    transfer.beginRound(this.#options.clock.nowMs);
    this.#ratesAreOld = true;
    this.#pump();
  }

  #changeLink(link: NodeLink<Transfer>, change: Partial<PathConditions>): void {
    this.#advance();
    link.change(change);
    this.#ratesAreOld = true;
    if (link.faultKind === "corrupt") for (const transfer of link.flows) transfer.isCorrupt = true;
    if (link.faultKind === "refuse") this.#breakAll(link);
    for (const transfer of link.flows) transfer.beginRound(this.#options.clock.nowMs);
    if (link.faultKind !== "hang") {
      for (const transfer of [...link.waiting]) if (transfer.phase === "held") this.#answer(transfer);
    }
    this.#pump();
  }

  /** A node that refuses has lost its connections too. */
  #breakAll(link: NodeLink<Transfer>): void {
    link.closeIdleConnections();
    for (const transfer of [...link.waiting]) this.#fail(transfer, "refused", "connection reset");
    for (const transfer of [...link.flows]) this.#fail(transfer, "broken", "connection reset");
  }

  #fail(transfer: Transfer, kind: FailureKind, detail: string): void {
    if (transfer.phase === "over") return;
    // An error answer is read to its end: its connection is as good as before.
    this.#end(transfer, kind === "status");
    transfer.listener.failed(kind, detail);
    this.#pump();
  }

  #end(transfer: Transfer, keepsConnection: boolean): void {
    const { link, phase, connection } = transfer;
    transfer.phase = "over";
    if (connection === null) remove(link.queue, transfer);
    else {
      if (phase === "flowing") {
        remove(link.flows, transfer);
        remove(this.#flowing, transfer);
        this.#ratesAreOld = true;
      } else remove(link.waiting, transfer);
      if (keepsConnection) link.keepConnection(connection, this.#options.clock.nowMs);
      else link.closeConnection();
      const next = link.queue.shift();
      if (next !== undefined) this.#ask(next);
    }
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    const interval = { fromMs: this.#busySinceMs, toMs: this.#options.clock.nowMs, receivedBytes: this.#busyBytes };
    this.#intervals.push(interval);
  }

  #advance(): void {
    const { nowMs } = this.#options.clock;
    const passedMs = nowMs - this.#advancedMs;
    this.#advancedMs = nowMs;
    if (passedMs <= 0) return;
    for (const transfer of this.#flowing) {
      const beforeBytes = transfer.receivedBytes;
      transfer.advance(passedMs);
      this.#busyBytes += transfer.receivedBytes - beforeBytes;
    }
  }

  /** Tells what is due, and settles what follows from it. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { nowMs } = this.#options.clock;
    this.#advance();
    this.#readDue(nowMs);
    for (const transfer of this.#flowing) {
      if (transfer.roundDueMs > nowMs) continue;
      transfer.endRound(nowMs, this.#options.random);
      this.#ratesAreOld = true;
    }
    this.#isPumping = false;
    this.#settle();
  }

  #readDue(nowMs: number): void {
    if (!this.#isAnyDue(nowMs)) return;
    const unreadSinceMs = nowMs - this.#options.readEveryMs / 2;
    const due = this.#due;
    for (const transfer of this.#flowing) {
      const { dueMs, isAnswered, lastReadMs } = transfer;
      if (dueMs <= nowMs || (isAnswered && lastReadMs <= unreadSinceMs)) due.push(transfer);
    }
    for (const transfer of due) this.#read(transfer);
    // Emptied one by one: setting the length of a list takes longer than all of them.
    while (due.length > 0) due.pop();
  }

  #isAnyDue(nowMs: number): boolean {
    for (const { dueMs } of this.#flowing) if (dueMs <= nowMs) return true;
    return false;
  }

  /** Shares the links anew if anything changed, and sets the alarm for what comes next. */
  #settle(): void {
    const { clock, readEveryMs } = this.#options;
    const { nowMs } = clock;
    this.#refreshRates(nowMs);
    if (this.#ratesAreOld) {
      this.#ratesAreOld = false;
      shareFairly(this.#links, this.#accessRate);
      for (const transfer of this.#flowing) transfer.plan(nowMs, readEveryMs);
    }
    this.#setAlarm();
  }

  #read(transfer: Transfer): void {
    if (transfer.phase !== "flowing") return;
    const { clock, readEveryMs } = this.#options;
    const { listener } = transfer;
    const beforeBytes = transfer.receivedBytes;
    const bytes = transfer.read(clock.nowMs);
    this.#busyBytes += transfer.receivedBytes - beforeBytes;
    if (bytes > 0 && !transfer.isAnswered) {
      transfer.isAnswered = true;
      listener.firstByte();
    }
    if (bytes > 0 && isFlowing(transfer)) listener.bytes(bytes, transfer.isCorrupt);
    if (!isFlowing(transfer)) return;
    if (transfer.reportedBytes < transfer.endsAtBytes) transfer.plan(clock.nowMs, readEveryMs);
    else if (transfer.endsAtBytes === transfer.wantedBytes) {
      this.#end(transfer, true);
      listener.ended();
    } else {
      const detail = `${transfer.reportedBytes} bytes instead of ${transfer.wantedBytes}`;
      this.#fail(transfer, "truncated", detail);
    }
  }

  #refreshRates(nowMs: number): void {
    if (this.#flowing.length === 0) return;
    for (const link of this.#links) {
      if (link.flows.length > 0 && link.refreshRate(nowMs)) this.#ratesAreOld = true;
    }
    if (nowMs < this.#accessUntilMs) return;
    const { access } = this.#options.plan;
    this.#accessRate = rateAt(access, nowMs);
    this.#accessUntilMs = nextChangeMs(access, nowMs);
    this.#ratesAreOld = true;
  }

  #setAlarm(): void {
    let atMs = Infinity;
    if (this.#flowing.length > 0) atMs = this.#accessUntilMs;
    for (const { dueMs, roundDueMs, link } of this.#flowing) {
      atMs = Math.min(atMs, dueMs, roundDueMs, link.rateUntilMs);
    }
    if (this.#alarm !== null && this.#alarm.atMs === atMs) return;
    this.#alarm?.cancel();
    this.#alarm = atMs === Infinity ? null : this.#options.clock.at(atMs, this.#onAlarm);
  }
}

/** In the same order. splice() would make an array of what it took out. */
function remove<Item>(list: Item[], item: Item): void {
  let at = list.indexOf(item);
  for (let next = list[at + 1]; next !== undefined; next = list[at + 1]) {
    list[at] = next;
    at += 1;
  }
  list.pop();
}

function isFlowing(transfer: Transfer): boolean {
  return transfer.phase === "flowing";
}
