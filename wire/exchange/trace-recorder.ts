/** Writes the trace of one segment while it is fetched. Received bytes are delivered or wasted, nothing between. */
import type { Decision, PlanCommand } from "#core/schedule/plan-events.ts";
import { hindsightOf } from "#core/schedule/hindsight.ts";
import type { AttemptTrace, DecodeTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";
import { TRACE_SCHEMA } from "#wire/contract/segment-trace.ts";
import type { SegmentFetchPorts, SegmentRequest } from "./segment-fetch.ts";

type Outcome = NonNullable<AttemptTrace["outcome"]>;

export class TraceRecorder {
  readonly trace: SegmentTrace;
  readonly #ports: SegmentFetchPorts;
  readonly #beganMs: number;
  #isWanted: boolean;
  #isSettled = false;

  constructor(request: SegmentRequest, ports: SegmentFetchPorts) {
    const { traceId: id, session, strategy, driver, videoId, rendition, slot, entry } = request;
    this.#ports = ports;
    this.#beganMs = ports.clock.nowMs();
    this.#isWanted = request.isAhead !== true;
    this.trace = {
      ...{ schema: TRACE_SCHEMA, id, session, strategy, driver, videoId, rendition, slot, seq: entry.seq },
      ...{ hash: entry.record.hash, sizeBytes: entry.record.sizeBytes, servedFrom: "nodes" },
      ...{ startedAtMs: ports.clock.wallMs(), firstReleaseMs: null, endedMs: null, deliveredBytes: 0, wastedBytes: 0 },
      ...{ outcome: "running", failure: null, attempts: [], decisions: [], decodes: [] },
    };
  }

  decided(decision: Decision): void {
    const { because, chosen, candidates } = decision;
    this.trace.decisions.push({
      ...{ atMs: this.#sinceBegin(), because, chosen: [...chosen], candidates: [...candidates] },
      ...{ attempts: [], tookMs: null, bestNodeId: null, bestMs: null, regretMs: null },
    });
    this.#changed();
  }

  /** @param offset where the columns of a parity shard begin in the address space; 0 for what is of the chunk */
  attemptStarted(command: PlanCommand & { do: "start" }, offset: number): void {
    const { attempt: id, nodeId, shard, because, predictedMs } = command;
    const [start, end] = [command.start - offset, command.end - offset];
    this.trace.attempts[id] = {
      ...{ id, nodeId, shard, start, end, because, startedMs: this.#sinceBegin(), firstByteMs: null, endedMs: null },
      ...{ receivedBytes: 0, verifyMs: 0, blocksVerified: 0, predictedMs, outcome: null, reason: null },
    };
    this.#changed();
  }

  decoded(decode: Omit<DecodeTrace, "atMs">): void {
    this.trace.decodes.push({ ...decode, atMs: this.#sinceBegin() });
    this.#changed();
  }

  attemptAnswered(id: number): void {
    this.#change(id, () => ({ firstByteMs: this.#sinceBegin() }));
  }

  bytesReceived(id: number, bytes: number): void {
    this.trace.wastedBytes += bytes;
    this.#change(id, (attempt) => ({ receivedBytes: attempt.receivedBytes + bytes }));
  }

  blockHashed(id: number, verifyMs: number, isRight: boolean): void {
    this.#change(id, (attempt) => ({
      verifyMs: attempt.verifyMs + verifyMs,
      blocksVerified: attempt.blocksVerified + (isRight ? 1 : 0),
    }));
  }

  attemptEnded(id: number, outcome: Outcome, reason: string | null): void {
    this.#change(id, () => ({ endedMs: this.#sinceBegin(), outcome, reason }));
  }

  /** Bytes that were waste until now went out to the player. */
  released(bytes: number): void {
    this.trace.firstReleaseMs ??= this.#sinceBegin();
    this.trace.deliveredBytes += bytes;
    this.trace.wastedBytes -= bytes;
    this.#changed();
  }

  /** The player asks for what was begun ahead. */
  wanted(): void {
    this.#isWanted = true;
  }

  /** The last word; later ones are ignored. */
  ended(outcome: "delivered" | "failed" | "aborted", failure: string | null): void {
    if (this.trace.outcome !== "running") return;
    if (outcome !== "delivered" && !this.#isWanted) this.#takeBack();
    Object.assign(this.trace, { endedMs: this.#sinceBegin(), outcome, failure });
    this.#changed();
  }

  /** Everything has ended: what the decisions were worth can be told. */
  settled(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { decisions, attempts } = this.trace;
    for (const [index, seen] of hindsightOf(decisions, attempts).entries()) {
      const decision = decisions[index];
      const bestNodeId = decision?.candidates.find(({ nodeId }) => nodeId === seen.bestNodeId)?.nodeId ?? null;
      if (decision !== undefined) Object.assign(decision, { ...seen, bestNodeId });
    }
    if (decisions.length > 0) this.#changed();
  }

  /** Verified bytes that nobody came for are waste, although they were ready to go out. */
  #takeBack(): void {
    const { wastedBytes, deliveredBytes } = this.trace;
    Object.assign(this.trace, {
      wastedBytes: wastedBytes + deliveredBytes,
      deliveredBytes: 0,
      firstReleaseMs: null,
    });
  }

  #change(id: number, change: (attempt: AttemptTrace) => Partial<AttemptTrace>): void {
    const attempt = this.trace.attempts[id];
    if (attempt !== undefined) Object.assign(attempt, change(attempt));
    this.#changed();
  }

  #sinceBegin(): number {
    return this.#ports.clock.nowMs() - this.#beganMs;
  }

  #changed(): void {
    this.#ports.onTrace?.(this.trace);
  }
}
