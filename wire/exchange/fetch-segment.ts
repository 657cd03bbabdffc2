/**
 * THE driver of a fetch plan (core/schedule/fetch-plan.ts): commands become attempts, answers become events. Worker,
 * gateway, `vstack get` and virtual players all fetch through it. It holds no policy.
 */
import type { NodeId } from "#core/ids.ts";
import type { CodedBlocks } from "#core/schedule/coded-blocks.ts";
import { beginFetch, moveOn } from "#core/schedule/fetch-plan.ts";
import type { PlanContext } from "#core/schedule/plan-context.ts";
import type { NodeFailure, PlanCommand, PlanEvent } from "#core/schedule/plan-events.ts";
import { FAILURE_ENDS } from "#core/schedule/plan-events.ts";
import type { FetchPlan } from "#core/schedule/plan-state.ts";
import { hasMissing } from "#core/schedule/plan-state.ts";
import type { Random } from "#core/random.ts";
import { seededRandom } from "#core/random.ts";
import { recordSources } from "#core/schedule/source.ts";
import { STRATEGIES_BY_NAME } from "#core/schedule/strategies.ts";
import { readBlockList } from "#wire/client/block-list.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { QUERY } from "#wire/contract/paths.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { AttemptReport } from "./attempt.ts";
import { planEventOf, startAttempt } from "./attempt.ts";
import type { BlockRelease } from "./block-release.ts";
import type { ChunkLayout } from "./chunk-layout.ts";
import { chunkLayout } from "./chunk-layout.ts";
import { createBlockRelease } from "./block-release.ts";
import { OpenAttempts } from "./open-attempts.ts";
import type { SegmentFetch, SegmentFetchPorts, SegmentRequest, StepCause } from "./segment-fetch.ts";
import { ShardAssembly } from "./shard-assembly.ts";
import { TraceRecorder } from "./trace-recorder.ts";

/** Seeds are 32 bits. */
const SEEDS = 2 ** 32;
/** Between the last byte of a body and its end lies nothing, unless the node plays tricks. */
const LAST_WORDS_MS = 1_000;

/**
 * Fetches one chunk from the nodes that hold it, verified block by block.
 *
 * @returns at once; errors come by the body, never by a throw. Codes: `unreachable`, `not-found` (the record is old),
 *   `corrupt` (the block list is not the record's, or every holder lied), `unavailable`, `aborted`, `internal`
 */
export function fetchSegment(request: SegmentRequest, ports: SegmentFetchPorts): SegmentFetch {
  const driver = new SegmentDriver(request, ports);
  void driver.begin();
  return {
    body: driver.release.body,
    done: driver.done,
    assigned: driver.assigned,
    want: (slackSeconds) => driver.want(slackSeconds),
    cancel: (reason) => driver.abort(reason),
    trace: () => driver.recorder.trace,
  };
}

class SegmentDriver {
  readonly recorder: TraceRecorder;
  readonly release: BlockRelease;
  readonly done: Promise<SegmentTrace>;
  readonly assigned: Promise<void>;
  readonly #request: SegmentRequest;
  readonly #ports: SegmentFetchPorts;
  /** Undefined when it is coded as this program does not know. */
  readonly #layout: ChunkLayout | undefined;
  /** Of a chunk that is kept as shards. */
  #assembly: ShardAssembly | undefined;
  readonly #open: OpenAttempts;
  /** The plan's chance, from one number of the program's: a recording names it, and a replay has the same. */
  readonly #seed: number;
  readonly #random: Random;
  #hashes = new Uint8Array();
  #plan: FetchPlan | undefined;
  #offered: Uint8Array<ArrayBuffer> | undefined;
  /** Said before the plan began. */
  #wanted: { readonly slackMs: number | null } | undefined;
  #sleeping = new AbortController();
  #leave: () => void = () => undefined;
  #hasEnded = false;
  #settle: (trace: SegmentTrace) => void = () => undefined;
  /** Undefined once it was said. */
  #sayAssigned: (() => void) | undefined;

  constructor(request: SegmentRequest, ports: SegmentFetchPorts) {
    this.#request = request;
    this.#ports = ports;
    this.#layout = chunkLayout(request.entry.record);
    this.#seed = Math.floor(ports.random() * SEEDS);
    this.#random = seededRandom(this.#seed);
    this.#open = new OpenAttempts(ports);
    this.recorder = new TraceRecorder(request, ports);
    this.release = createBlockRelease({
      released: (bytes) => this.recorder.released(bytes),
      cancelled: () => this.abort("reader-cancelled"),
    });
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.assigned = new Promise((resolve) => {
      this.#sayAssigned = resolve;
    });
  }

  async begin(): Promise<void> {
    const { entry } = this.#request;
    const layout = this.#layout;
    if (layout === undefined) {
      this.#fail("unavailable", "this program does not know its code");
      return;
    }
    const hashes = await readBlockList(entry.record, entry.blocks, this.#ports.digest);
    if (this.#hasEnded) return;
    if (hashes === undefined) {
      this.#fail("corrupt", "the block list of the manifest is not the one that the record binds");
      return;
    }
    this.#hashes = hashes;
    this.#guard(() => this.#beginPlan(layout));
  }

  #beginPlan(layout: ChunkLayout): void {
    const { blocks, coded } = layout;
    this.#assembly = coded && this.#startAssembly(coded);
    const { entry, nodeUrls, slackSeconds, strategy, isAhead = false } = this.#request;
    const facts = {
      slackMs: slackSeconds === null ? null : slackSeconds * 1000,
      isAhead,
      ...(this.#wanted === undefined ? {} : { ...this.#wanted, isAhead: false }),
      turn: entry.seq,
      givesUpWhenAllUnreachable: this.#request.giveUpWhenAllUnreachable ?? false,
    };
    const sources = recordSources(entry.record, coded, (nodeId) => nodeUrls.has(nodeId));
    const context = this.#context();
    const rule = { blocks, strategy: STRATEGIES_BY_NAME[strategy] };
    const step = beginFetch({ ...facts, sources, ...rule, ...(coded === undefined ? {} : { coded }) }, context);
    const { sizeBytes, blockSizeBytes } = entry.record;
    const code = coded === undefined ? {} : { code: coded.code };
    const input = { ...facts, sources, sizeBytes, blockSizeBytes, ...code, strategy };
    this.#plan = step.plan;
    this.#note({ began: input, seed: this.#seed }, context.nowMs, step.commands);
    this.#leave = this.#ports.openFetches.join(this.#hearOfLiar);
    this.#carryOut(step.plan, step.commands);
  }

  readonly #hearOfLiar = (nodeId: NodeId): void => this.#guard(() => this.#tell({ saw: "liar", nodeId }));

  want(slackSeconds: number | null): void {
    const slackMs = slackSeconds === null ? null : slackSeconds * 1000;
    this.#wanted = { slackMs };
    this.recorder.wanted();
    this.#guard(() => this.#tell({ saw: "wanted", slackMs }));
  }

  abort(reason: string): void {
    if (this.#hasEnded) return;
    this.#guard(() => this.#tell({ saw: "stop", reason }));
    this.#end("aborted", new VStackError("aborted", `Gave up ${this.#name()}: ${reason}`));
  }

  #context(): PlanContext {
    const { clock, estimates } = this.#ports;
    return { nowMs: clock.nowMs(), book: estimates.read(), random: this.#random };
  }

  #tell(event: PlanEvent): void {
    if (this.#plan === undefined) return;
    const context = this.#context();
    const commands = moveOn(this.#plan, event, context);
    this.#note({ event }, context.nowMs, commands);
    this.#carryOut(this.#plan, commands);
  }

  /** Before the commands are carried out, as that already changes the estimates. */
  #note(what: StepCause, nowMs: number, commands: readonly PlanCommand[]): void {
    this.#ports.onStep?.({ ...what, traceId: this.#request.traceId, nowMs, commands });
  }

  #carryOut(plan: FetchPlan, commands: readonly PlanCommand[]): void {
    for (const command of commands) this.#carryOutOne(command);
    if (this.#sayAssigned === undefined || (plan.phase === "fetching" && hasMissing(plan))) return;
    this.#sayAssigned();
    this.#sayAssigned = undefined;
  }

  /** A broken invariant ends this fetch with a typed error, not the program. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (cause) {
      for (const id of this.#open.abandon()) this.recorder.attemptEnded(id, "cancelled", "internal");
      this.#fail("internal", cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  #carryOutOne(command: PlanCommand): void {
    switch (command.do) {
      case "start":
        this.#startAttempt(command);
        break;
      case "cancel":
        this.#stopAttempt(command.attempt, command.outcome, command.reason);
        break;
      case "wake":
        this.#wakeAt(command.atMs);
        break;
      case "accept-block":
        if (this.#offered !== undefined) (this.#assembly ?? this.release).accept(command.block, this.#offered);
        break;
      case "decode":
        this.#assembly?.decode(command.blocks, command.shards);
        break;
      case "explain":
        this.recorder.decided(command.decision);
        break;
      case "finish":
        if (this.#assembly === undefined) this.#end("delivered");
        else void this.#finishAssembly(this.#assembly);
        break;
      case "give-up":
        this.#fail(command.code, `no holder delivered it: ${namedFailures(command.failures)}`, {
          details: { failures: command.failures },
        });
        break;
    }
  }

  async #finishAssembly(assembly: ShardAssembly): Promise<void> {
    try {
      await assembly.finish();
    } catch (cause) {
      if (!this.#hasEnded)
        this.#fail(errorCode(cause), "verified shards make other bytes than the record binds", { cause });
      return;
    }
    if (!this.#hasEnded) this.#guard(() => this.#end("delivered"));
  }

  #startAttempt(command: PlanCommand & { do: "start" }): void {
    const { attempt: id, nodeId, start, end, isHedge } = command;
    const { session, nodeUrls, entry } = this.#request;
    if (this.#layout === undefined) return;
    const { blocks, pieceOf } = this.#layout;
    const { path, offset, sizeBytes } = pieceOf(command.shard);
    const query = new URLSearchParams({ [QUERY.session]: session });
    const url = `${nodeUrls.get(nodeId) ?? ""}${path}?${query}`;
    const task = { url, run: command, sizeBytes, offset, blocks, hashes: this.#hashes };
    this.recorder.attemptStarted(command, start < entry.record.sizeBytes ? 0 : offset);
    const stop = startAttempt(task, this.#ports, (report) => this.#guard(() => this.#onReport(id, report)));
    const piece = { nodeId, hash: entry.record.hash, shard: command.shard };
    this.#open.add(id, { piece, wantedBytes: end - start, isHedge, stop });
  }

  #startAssembly(coded: CodedBlocks): ShardAssembly {
    const { record } = this.#request.entry;
    const task = { record, coded, hashes: this.#hashes, release: this.release };
    return new ShardAssembly({ ...task, onDecoded: (decode) => this.recorder.decoded(decode) }, this.#ports);
  }

  #stopAttempt(id: number, outcome: "cancelled" | "stalled" | "corrupt", reason: string): void {
    this.#open.stop(id, outcome);
    this.recorder.attemptEnded(id, outcome, reason);
  }

  #wakeAt(atMs: number): void {
    this.#sleeping.abort();
    this.#sleeping = new AbortController();
    const { signal } = this.#sleeping;
    const wake = () => (signal.aborted ? undefined : this.#guard(() => this.#tell({ saw: "wake" })));
    void this.#ports.clock.sleep(atMs - this.#ports.clock.nowMs(), signal).then(wake);
  }

  /** Estimates learn first, so that the plan decides with them. */
  #onReport(id: number, report: AttemptReport): void {
    if (!this.#open.has(id)) return;
    switch (report.saw) {
      case "first-byte":
        this.recorder.attemptAnswered(id);
        this.#open.answered(id);
        break;
      case "bytes":
        this.recorder.bytesReceived(id, report.bytes);
        this.#open.received(id, report.bytes);
        break;
      case "block-ok":
      case "block-bad":
        this.recorder.blockHashed(id, report.verifyMs, report.saw === "block-ok");
        this.#open.blockHashed(id, report.saw);
        this.#offered = report.saw === "block-ok" ? report.content : undefined;
        break;
      case "ended":
        this.#open.close(id, "complete");
        this.recorder.attemptEnded(id, "complete", null);
        break;
      case "failed":
        if (report.kind === "missing") this.#open.missed(id);
        this.#open.close(id, FAILURE_ENDS[report.kind]);
        this.recorder.attemptEnded(id, "failed", `${report.kind}: ${report.detail}`);
        break;
    }
    const liar = report.saw === "block-bad" ? this.#open.nodeOf(id) : undefined;
    this.#tell(planEventOf(id, report));
    this.#offered = undefined;
    if (liar !== undefined) this.#ports.openFetches.caught(liar, this.#hearOfLiar);
    this.#settleWhenIdle();
  }

  #fail(code: ErrorCode, why: string, more: { cause?: unknown; details?: Record<string, unknown> } = {}): void {
    this.#end("failed", new VStackError(code, `Cannot fetch ${this.#name()} as ${why}`, more));
  }

  #name(): string {
    const { slot, rendition, entry } = this.#request;
    return `${slot} ${entry.seq} of ${rendition} (chunk ${entry.record.hash.slice(0, 8)})`;
  }

  #end(outcome: "delivered" | "failed" | "aborted", error?: VStackError): void {
    this.#hasEnded = true;
    this.#sayAssigned?.();
    this.#sleeping.abort();
    this.#leave();
    if (error === undefined) this.release.close();
    else this.release.fail(error);
    this.recorder.ended(outcome, error?.message ?? null);
    this.#settleWhenIdle();
    if (this.#open.size > 0) void this.#awaitLastWords();
  }

  /** The attempt that brought the last block has yet to see the end of its body; one that never does is stopped. */
  async #awaitLastWords(): Promise<void> {
    const allSaid = new AbortController();
    void this.done.then(() => allSaid.abort());
    await this.#ports.clock.sleep(LAST_WORDS_MS, allSaid.signal);
    for (const id of this.#open.ids()) this.#stopAttempt(id, "cancelled", "no-end");
    this.#settleWhenIdle();
  }

  #settleWhenIdle(): void {
    if (!this.#hasEnded || this.#open.size > 0) return;
    this.recorder.settled();
    this.#settle(this.recorder.trace);
  }
}

function namedFailures(failures: readonly NodeFailure[]): string {
  if (failures.length === 0) return "none has an address";
  return failures.map(({ nodeId, kind, detail }) => `${nodeId} ${kind} (${detail})`).join(", ");
}
