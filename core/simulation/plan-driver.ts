/**
 * The simulator's driver of a fetch plan, as wire/exchange/fetch-segment.ts is the real one: commands become transfers,
 * transfers become events. In the same order and with the same contents, estimates before plan, so that what the real
 * driver recorded can be replayed here. It holds no policy.
 */
import type { Draft } from "../draft.ts";
import type { EstimateEvent, OwnBook } from "../estimate/estimate-book.ts";
import { learn, learnBytes } from "../estimate/estimate-book.ts";
import type { AttemptEnd } from "../estimate/node-estimate.ts";
import type { NodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { Random } from "../random.ts";
import { beginFetch, moveOn, moveOnWithBytes } from "../schedule/fetch-plan.ts";
import type { PlanContext } from "../schedule/plan-context.ts";
import type { FailureKind, PlanCommand, PlanEvent } from "../schedule/plan-events.ts";
import { FAILURE_ENDS } from "../schedule/plan-events.ts";
import type { FetchInput, FetchPlan } from "../schedule/plan-state.ts";
import { hasMissing } from "../schedule/plan-state.ts";
import type { FluidNetwork } from "./fluid-network.ts";
import type { AttemptListener } from "./open-attempt.ts";
import { OpenAttempt } from "./open-attempt.ts";
import type { AttemptRecord, SegmentRecord } from "./segment-record.ts";
import { startedAttempt } from "./segment-record.ts";
import type { Alarm, VirtualClock } from "./virtual-clock.ts";

/** What all fetches of a session share. */
export interface DriverPorts {
  readonly clock: VirtualClock;
  readonly network: FluidNetwork;
  readonly random: Random;
  /** What is believed now. */
  readonly book: OwnBook;
  /** What hashing a block costs. */
  readonly verifyMsPerMiB: number;
}

/** Told as a fetch goes on. */
export interface FetchListener {
  /** More bytes than before may go to the player, in order. */
  released(): void;
  /** The plan changed, other than by an answer or a read. */
  changed(): void;
  /** A node delivered wrong bytes. */
  caught(nodeId: NodeId): void;
  /** Delivered or failed; not told of what was aborted. */
  ended(): void;
}

export class PlanDriver {
  readonly record: SegmentRecord;
  readonly #input: FetchInput;
  readonly #ports: DriverPorts;
  readonly #listener: FetchListener;
  readonly #wake = () => this.#tellAndShow({ saw: "wake" });
  /** By number. */
  readonly #attempts: OpenAttempt[] = [];
  readonly #heard: AttemptListener = {
    onFirstByte: (attempt) => this.#onFirstByte(attempt),
    onBytes: (attempt, bytes, isCorrupt) => this.#onBytes(attempt, bytes, isCorrupt),
    onEnded: (attempt) => this.#afterHashing(attempt, () => this.#onEnded(attempt)),
    onFailed: (attempt, kind, detail) => this.#afterHashing(attempt, () => this.#onFailed(attempt, kind, detail)),
  };
  readonly #accepted: boolean[];
  readonly #context: Draft<PlanContext>;
  #releasedBlocks = 0;
  #plan: FetchPlan | null = null;
  #sleeping: Alarm | null = null;

  constructor(input: FetchInput, record: SegmentRecord, ports: DriverPorts, listener: FetchListener) {
    this.record = record;
    this.#input = input;
    this.#ports = ports;
    this.#listener = listener;
    this.#accepted = new Array<boolean>(input.coded?.dataBlocks ?? input.blocks.length).fill(false);
    this.#context = { nowMs: ports.clock.nowMs, book: ports.book, random: ports.random, explains: false };
  }

  begin(): void {
    const { plan, commands } = beginFetch(this.#input, this.#contextNow());
    this.#plan = plan;
    for (const command of commands) this.#carryOut(command);
  }

  /** The player asks for what was begun ahead, or says anew how long it can wait. */
  want(slackMs: number | null): void {
    this.#tell({ saw: "wanted", slackMs });
    this.#listener.changed();
  }

  /** Another fetch of the session caught the node lying. */
  dropLiar(nodeId: NodeId): void {
    this.#tell({ saw: "liar", nodeId });
  }

  abort(reason: string): void {
    if (this.record.outcome !== "running") return;
    this.#tell({ saw: "stop", reason });
    this.#end("aborted");
  }

  /** Whether some blocks are neither there nor being fetched in time; all are missing before it begins. */
  get hasMissingBlocks(): boolean {
    return this.#plan === null || (this.#plan.phase === "fetching" && hasMissing(this.#plan));
  }

  /** The same one at every event, as nobody keeps it. */
  #contextNow(): PlanContext {
    this.#context.nowMs = this.#ports.clock.nowMs;
    return this.#context;
  }

  #tell(event: PlanEvent): void {
    if (this.#plan === null) return;
    for (const command of moveOn(this.#plan, event, this.#contextNow())) this.#carryOut(command);
  }

  #tellBytes(id: number, bytes: number): void {
    if (this.#plan === null) return;
    for (const command of moveOnWithBytes(this.#plan, id, bytes, this.#contextNow())) this.#carryOut(command);
  }

  #carryOut(command: PlanCommand): void {
    switch (command.do) {
      case "start":
        this.#startAttempt(command);
        break;
      case "cancel":
        this.#stopAttempt(command.attempt, command.outcome, command.reason);
        break;
      case "wake":
        this.#sleeping?.cancel();
        this.#sleeping = this.#ports.clock.at(command.atMs, this.#wake);
        break;
      case "accept-block":
        this.#accept(command.attempt, command.block);
        break;
      case "decode":
        for (const block of command.blocks) this.#release(block);
        break;
      case "explain":
        break;
      case "finish":
        this.#end("delivered");
        break;
      case "give-up":
        this.record.failure = command.code;
        this.#end("failed");
        break;
    }
  }

  #startAttempt(command: PlanCommand & { do: "start" }): void {
    const { attempt: id, nodeId, start, end, firstBlock, endBlock, because, isHedge, predictedMs } = command;
    const startedMs = this.#ports.clock.nowMs;
    const record = startedAttempt({ id, nodeId, start, end, because, isHedge, predictedMs, startedMs });
    this.record.attempts[id] = record;
    const attempt = new OpenAttempt(record, this.#input.blocks.slice(firstBlock, endBlock), this.#heard);
    this.#attempts[id] = attempt;
    attempt.transfer = this.#ports.network.start(nodeId, attempt.blockEnds, attempt);
    this.#learn({ saw: "started", wantedBytes: end - start, isHedge, nodeId, atMs: startedMs });
  }

  #onFirstByte({ record }: OpenAttempt): void {
    const { id, nodeId, startedMs } = record;
    const atMs = this.#ports.clock.nowMs;
    record.firstByteMs = atMs;
    this.#learn({ saw: "first-byte", latencyMs: atMs - startedMs, nodeId, atMs });
    this.#tell({ saw: "first-byte", attempt: id });
  }

  #onBytes(attempt: OpenAttempt, bytes: number, isCorrupt: boolean): void {
    const { record } = attempt;
    record.receivedBytes += bytes;
    this.record.wastedBytes += bytes;
    learnBytes(this.#ports.book, record.nodeId, bytes, this.#ports.clock.nowMs);
    this.#tellBytes(record.id, bytes);
    while (attempt.hasNextBlock) {
      attempt.nextBlock += 1;
      this.#verify(attempt, attempt.nextBlock - 1, isCorrupt);
    }
  }

  #verify(attempt: OpenAttempt, block: number, isCorrupt: boolean): void {
    const { verifyMsPerMiB, clock } = this.#ports;
    if (verifyMsPerMiB === 0) {
      this.#onVerified(attempt, block, isCorrupt);
      return;
    }
    const { start = 0, end = 0 } = this.#input.blocks[block] ?? {};
    attempt.hashing += 1;
    clock.at(clock.nowMs + ((end - start) / 2 ** 20) * verifyMsPerMiB, () => {
      attempt.hashing -= 1;
      this.#onVerified(attempt, block, isCorrupt);
      if (attempt.hashing === 0) attempt.afterHashing?.();
    });
  }

  /** Whole blocks of a body that is over are as good as any: its end is told behind them. */
  #afterHashing(attempt: OpenAttempt, tell: () => void): void {
    if (attempt.hashing === 0) tell();
    else attempt.afterHashing = tell;
  }

  #onVerified({ record, isOpen }: OpenAttempt, block: number, isCorrupt: boolean): void {
    if (!isOpen) return;
    const saw = isCorrupt ? "block-bad" : "block-ok";
    if (!isCorrupt) record.blocksVerified += 1;
    this.#learn({ saw, nodeId: record.nodeId, atMs: this.#ports.clock.nowMs });
    this.#tellAndShow({ saw, attempt: record.id, block });
    if (isCorrupt) this.#listener.caught(record.nodeId);
  }

  #onEnded({ record, isOpen }: OpenAttempt): void {
    if (!isOpen) return;
    this.#closeAttempt(record, "complete", { outcome: "complete", reason: null });
    this.#tellAndShow({ saw: "ended", attempt: record.id });
  }

  #onFailed({ record, isOpen }: OpenAttempt, kind: FailureKind, detail: string): void {
    if (!isOpen) return;
    this.#closeAttempt(record, FAILURE_ENDS[kind], { outcome: "failed", reason: `${kind}: ${detail}` });
    this.#tellAndShow({ saw: "failed", attempt: record.id, kind, detail });
  }

  #tellAndShow(event: PlanEvent): void {
    this.#tell(event);
    this.#listener.changed();
  }

  #stopAttempt(id: number, outcome: "cancelled" | "stalled" | "corrupt", reason: string): void {
    const attempt = this.#attempts[id];
    if (attempt?.isOpen !== true) return;
    if (attempt.transfer !== null) this.#ports.network.stop(attempt.transfer);
    this.#closeAttempt(attempt.record, outcome, { outcome, reason });
  }

  #closeAttempt(record: AttemptRecord, how: AttemptEnd, end: Pick<AttemptRecord, "outcome" | "reason">): void {
    const { nowMs: atMs } = this.#ports.clock;
    record.outcome = end.outcome;
    record.reason = end.reason;
    record.endedMs = atMs;
    const { nodeId, start, receivedBytes, firstByteMs, startedMs, isHedge } = record;
    const wantedBytes = record.end - start;
    const answered = firstByteMs !== null;
    const elapsedMs = atMs - startedMs;
    this.#learn({ saw: "ended", how, wantedBytes, receivedBytes, answered, elapsedMs, isHedge, nodeId, atMs });
  }

  #learn(event: EstimateEvent): void {
    learn(this.#ports.book, event);
  }

  #accept(id: number, block: number): void {
    const [accepted, record] = [this.#input.blocks[block], this.record.attempts[id]];
    if (record !== undefined && accepted !== undefined) record.acceptedBytes += accepted.end - accepted.start;
    if (block < this.#accepted.length) this.#release(block);
  }

  /** A block of the chunk is there; those of parity are nobody's to play. */
  #release(block: number): void {
    if (this.#accepted[block] !== false) {
      invariant(false, `Cannot accept block ${block} of segment ${this.record.seq} twice`);
    }
    this.#accepted[block] = true;
    if (block !== this.#releasedBlocks) return;
    while (this.#accepted[this.#releasedBlocks] === true) this.#releasedBlocks += 1;
    const releasedBytes = this.#input.blocks[this.#releasedBlocks - 1]?.end ?? 0;
    this.record.wastedBytes -= releasedBytes - this.record.deliveredBytes;
    this.record.deliveredBytes = releasedBytes;
    this.record.firstReleaseMs ??= this.#ports.clock.nowMs;
    this.#listener.released();
  }

  #end(outcome: "delivered" | "failed" | "aborted"): void {
    this.#sleeping?.cancel();
    this.record.outcome = outcome;
    this.record.endedMs = this.#ports.clock.nowMs;
    if (outcome !== "aborted") this.#listener.ended();
  }
}
