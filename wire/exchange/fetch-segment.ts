/**
 * THE driver of a fetch plan (core/schedule/fetch-plan.ts): commands become attempts, answers become events. Worker,
 * gateway, `vstack get` and virtual players all fetch through it. It holds no policy.
 */
import type { AttemptEnd, NodeEvent } from "#core/estimate/node-estimate.ts";
import type { NodeId } from "#core/ids.ts";
import type { Block } from "#core/placement/blocks.ts";
import { chunkBlocks } from "#core/placement/blocks.ts";
import type { Step } from "#core/schedule/fetch-plan.ts";
import { beginFetch, onEvent } from "#core/schedule/fetch-plan.ts";
import type { PlanContext } from "#core/schedule/plan-context.ts";
import type { NodeFailure, PlanCommand, PlanEvent } from "#core/schedule/plan-events.ts";
import { FAILURE_ENDS } from "#core/schedule/plan-events.ts";
import type { FetchPlan } from "#core/schedule/plan-state.ts";
import { replicaSources } from "#core/schedule/source.ts";
import { STRATEGIES_BY_NAME } from "#core/schedule/strategies.ts";
import { readBlockList } from "#wire/client/block-list.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { PATHS, QUERY } from "#wire/contract/paths.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { AttemptReport } from "./attempt.ts";
import { startAttempt } from "./attempt.ts";
import type { BlockRelease } from "./block-release.ts";
import { createBlockRelease } from "./block-release.ts";
import type { SegmentFetch, SegmentFetchPorts, SegmentRequest } from "./segment-fetch.ts";
import { TraceRecorder } from "./trace-recorder.ts";

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
    want: (slackSeconds) => driver.want(slackSeconds),
    cancel: (reason) => driver.abort(reason),
    trace: () => driver.recorder.trace,
  };
}

/** An attempt under way, as far as the estimates need to know. */
interface OpenAttempt {
  readonly nodeId: NodeId;
  readonly startedMs: number;
  readonly wantedBytes: number;
  readonly isHedge: boolean;
  readonly stop: () => void;
  receivedBytes: number;
  answered: boolean;
}

class SegmentDriver {
  readonly recorder: TraceRecorder;
  readonly release: BlockRelease;
  readonly done: Promise<SegmentTrace>;
  readonly #request: SegmentRequest;
  readonly #ports: SegmentFetchPorts;
  readonly #blocks: readonly Block[];
  readonly #open = new Map<number, OpenAttempt>();
  #hashes = new Uint8Array();
  #plan: FetchPlan | undefined;
  #offered: Uint8Array<ArrayBuffer> | undefined;
  /** Said before the plan began. */
  #wanted: { readonly slackMs: number | null } | undefined;
  #sleeping = new AbortController();
  #hasEnded = false;
  #settle: (trace: SegmentTrace) => void = () => undefined;

  constructor(request: SegmentRequest, ports: SegmentFetchPorts) {
    this.#request = request;
    this.#ports = ports;
    this.#blocks = chunkBlocks(request.entry.record.sizeBytes, request.entry.record.blockSizeBytes);
    this.recorder = new TraceRecorder(request, ports);
    this.release = createBlockRelease({
      released: (bytes) => this.recorder.released(bytes),
      cancelled: () => this.abort("reader-cancelled"),
    });
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async begin(): Promise<void> {
    const { entry, nodeUrls, slackSeconds, strategy, giveUpWhenAllUnreachable = false } = this.#request;
    const { isAhead = false } = this.#request;
    const hashes = await readBlockList(entry.record, entry.blocks, this.#ports.digest);
    if (this.#hasEnded) return;
    if (hashes === undefined) {
      this.#fail("corrupt", "the block list of the manifest is not the one that the record binds");
      return;
    }
    this.#hashes = hashes;
    const input = {
      blocks: this.#blocks,
      sources: replicaSources(entry.record, (nodeId) => nodeUrls.has(nodeId)),
      strategy: STRATEGIES_BY_NAME[strategy],
      slackMs: slackSeconds === null ? null : slackSeconds * 1000,
      isAhead,
      ...(this.#wanted === undefined ? {} : { ...this.#wanted, isAhead: false }),
      turn: entry.seq,
      givesUpWhenAllUnreachable: giveUpWhenAllUnreachable,
    };
    this.#guard(() => this.#carryOut(beginFetch(input, this.#context())));
  }

  want(slackSeconds: number | null): void {
    const slackMs = slackSeconds === null ? null : slackSeconds * 1000;
    this.#wanted = { slackMs };
    this.#guard(() => this.#tell({ saw: "wanted", slackMs }));
  }

  abort(reason: string): void {
    if (this.#hasEnded) return;
    this.#guard(() => this.#tell({ saw: "stop", reason }));
    this.#end("aborted", new VStackError("aborted", `Gave up ${this.#name()}: ${reason}`));
  }

  #context(): PlanContext {
    const { clock, estimates, random } = this.#ports;
    return { nowMs: clock.nowMs(), book: estimates.read(), random };
  }

  #tell(event: PlanEvent): void {
    const plan = this.#plan;
    if (plan !== undefined) this.#carryOut(onEvent(plan, event, this.#context()));
  }

  #carryOut({ plan, commands }: Step): void {
    this.#plan = plan;
    for (const command of commands) this.#carryOutOne(command);
  }

  /** A broken invariant ends this fetch with a typed error, not the program. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (cause) {
      for (const [id, attempt] of this.#open) {
        attempt.stop();
        this.recorder.attemptEnded(id, "cancelled", "internal");
      }
      this.#open.clear();
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
        if (this.#offered !== undefined) this.release.accept(command.block, this.#offered);
        break;
      case "explain":
        this.recorder.decided(command.decision);
        break;
      case "finish":
        this.#end("delivered");
        break;
      case "give-up":
        this.#fail(command.code, `no holder delivered it: ${namedFailures(command.failures)}`, {
          details: { failures: command.failures },
        });
        break;
    }
  }

  #startAttempt(command: PlanCommand & { do: "start" }): void {
    const { attempt: id, nodeId, start, end, isHedge } = command;
    const { session, entry, nodeUrls } = this.#request;
    const query = new URLSearchParams({ [QUERY.session]: session });
    const url = `${nodeUrls.get(nodeId) ?? ""}${PATHS.chunk(entry.record.hash)}?${query}`;
    const task = { url, run: command, sizeBytes: entry.record.sizeBytes, blocks: this.#blocks, hashes: this.#hashes };
    this.recorder.attemptStarted(command);
    this.#open.set(id, {
      nodeId,
      startedMs: this.#ports.clock.nowMs(),
      wantedBytes: end - start,
      isHedge,
      stop: startAttempt(task, this.#ports, (report) => this.#guard(() => this.#onReport(id, report))),
      receivedBytes: 0,
      answered: false,
    });
    this.#learn(nodeId, { saw: "started", wantedBytes: end - start, isHedge });
  }

  #stopAttempt(id: number, outcome: "cancelled" | "stalled" | "corrupt", reason: string): void {
    this.#open.get(id)?.stop();
    this.#closeAttempt(id, outcome);
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
    const attempt = this.#open.get(id);
    if (attempt === undefined) return;
    switch (report.saw) {
      case "first-byte":
        attempt.answered = true;
        this.recorder.attemptAnswered(id);
        this.#learn(attempt.nodeId, { saw: "first-byte", latencyMs: this.#ports.clock.nowMs() - attempt.startedMs });
        break;
      case "bytes":
        attempt.receivedBytes += report.bytes;
        this.recorder.bytesReceived(id, report.bytes);
        this.#learn(attempt.nodeId, report);
        break;
      case "block-ok":
      case "block-bad":
        this.recorder.blockHashed(id, report.verifyMs, report.saw === "block-ok");
        this.#learn(attempt.nodeId, { saw: report.saw });
        this.#offered = report.saw === "block-ok" ? report.content : undefined;
        break;
      case "ended":
        this.#closeAttempt(id, "complete");
        this.recorder.attemptEnded(id, "complete", null);
        break;
      case "failed":
        this.#closeAttempt(id, FAILURE_ENDS[report.kind]);
        this.recorder.attemptEnded(id, "failed", `${report.kind}: ${report.detail}`);
        break;
    }
    this.#tell({ ...report, attempt: id });
    this.#offered = undefined;
    this.#settleWhenIdle();
  }

  #closeAttempt(id: number, how: AttemptEnd): void {
    const attempt = this.#open.get(id);
    if (attempt === undefined) return;
    this.#open.delete(id);
    const { nodeId, wantedBytes, receivedBytes, answered, startedMs, isHedge } = attempt;
    const elapsedMs = this.#ports.clock.nowMs() - startedMs;
    this.#learn(nodeId, { saw: "ended", how, wantedBytes, receivedBytes, answered, elapsedMs, isHedge });
  }

  #learn(nodeId: NodeId, event: NodeEvent): void {
    this.#ports.estimates.apply({ ...event, nodeId, atMs: this.#ports.clock.nowMs() });
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
    this.#sleeping.abort();
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
    for (const [id] of this.#open) this.#stopAttempt(id, "cancelled", "no-end");
    this.#settleWhenIdle();
  }

  #settleWhenIdle(): void {
    if (this.#hasEnded && this.#open.size === 0) this.#settle(this.recorder.trace);
  }
}

function namedFailures(failures: readonly NodeFailure[]): string {
  if (failures.length === 0) return "none has an address";
  return failures.map(({ nodeId, kind, detail }) => `${nodeId} ${kind} (${detail})`).join(", ");
}
