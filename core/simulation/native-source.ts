/**
 * Plain hls.js 1.7 with redundant variants behind a simulated player: one pathway for each node, in the record's order;
 * whole files from one of them until its load policy has had enough, then the next, and the failed one is left alone for
 * five minutes (src/config.ts, error-controller.ts, content-steering-controller.ts). It verifies nothing.
 *
 * In its favour: other levels of a failing pathway are not tried first, and when every pathway has failed the oldest
 * failure is forgiven instead of playback being over.
 */
import type { NodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { VideoModel } from "../playback/video-model.ts";
import type { FailureKind } from "../schedule/plan-events.ts";
import { sizeOf } from "./engine-source.ts";
import type { FluidNetwork } from "./fluid-network.ts";
import type { AttemptRecord, SegmentRecord } from "./segment-record.ts";
import { startedAttempt } from "./segment-record.ts";
import type { LoadListener, SegmentSource, SegmentWish } from "./segment-source.ts";
import type { Transfer } from "./transfer.ts";
import type { Alarm, VirtualClock } from "./virtual-clock.ts";

/** Words of hls.js' fragLoadPolicy. */
export interface NativePolicy {
  readonly name: string;
  readonly maxFirstByteMs: number;
  readonly maxLoadMs: number;
  readonly timeoutRetries: number;
  readonly errorRetries: number;
  /** Doubles with each retry after an error. */
  readonly errorDelayMs: number;
  readonly maxErrorDelayMs: number;
}

export const HLS_DEFAULT: NativePolicy = {
  ...{ name: "hls-default", maxFirstByteMs: 10_000, maxLoadMs: 120_000, timeoutRetries: 4 },
  ...{ errorRetries: 6, errorDelayMs: 1_000, maxErrorDelayMs: 8_000 },
};
/** As somebody would set it who has read the documentation and has several servers. */
export const HLS_TUNED: NativePolicy = {
  ...{ name: "hls-tuned", maxFirstByteMs: 2_000, maxLoadMs: 20_000, timeoutRetries: 1 },
  ...{ errorRetries: 1, errorDelayMs: 100, maxErrorDelayMs: 1_000 },
};

const PENALTY_MS = 300_000;

export interface NativeSourceOptions {
  readonly policy: NativePolicy;
  readonly video: VideoModel;
  readonly nodeIds: readonly NodeId[];
  readonly clock: VirtualClock;
  readonly network: FluidNetwork;
}

interface Load {
  readonly wish: SegmentWish;
  readonly record: SegmentRecord;
  readonly listener: LoadListener;
  readonly requestedMs: number;
  transfer: Transfer | null;
  alarms: Alarm[];
}

export class NativeSource implements SegmentSource {
  readonly records: SegmentRecord[] = [];
  readonly #options: NativeSourceOptions;
  readonly #penalizedMs = new Map<NodeId, number>();
  #pathway: NodeId;
  #load: Load | null = null;
  /** Since the last segment that came. */
  #errors = 0;

  constructor(options: NativeSourceOptions) {
    const [first] = options.nodeIds;
    invariant(first !== undefined, "Cannot play from no node");
    this.#options = options;
    this.#pathway = first;
  }

  request(wish: SegmentWish, listener: LoadListener): () => void {
    const { clock, video } = this.#options;
    const record: SegmentRecord = {
      ...{ slot: wish.slot, seq: wish.seq, level: wish.level, sizeBytes: sizeOf(video, wish) },
      ...{ startedMs: clock.nowMs, wasAhead: false, firstReleaseMs: null, endedMs: null },
      ...{ deliveredBytes: 0, wastedBytes: 0, outcome: "running", failure: null, attempts: [] },
    };
    this.records.push(record);
    const load: Load = { wish, record, listener, requestedMs: clock.nowMs, transfer: null, alarms: [] };
    this.#load = load;
    this.#try(load);
    return () => this.#giveUp(load);
  }

  close(): void {
    if (this.#load !== null) this.#giveUp(this.#load);
  }

  #giveUp(load: Load): void {
    if (this.#load !== load) return;
    this.#stop(load, "cancelled", "reader-cancelled");
    this.#settle(load, "aborted");
  }

  #settle(load: Load, outcome: "delivered" | "failed" | "aborted"): void {
    this.#load = null;
    for (const alarm of load.alarms) alarm.cancel();
    load.record.outcome = outcome;
    load.record.endedMs = this.#options.clock.nowMs;
    if (outcome === "failed") load.record.failure = "unavailable";
  }

  #try(load: Load): void {
    const { clock, network, policy } = this.#options;
    const { record } = load;
    const nodeId = this.#pathway;
    const startedMs = clock.nowMs;
    const attempt = startedAttempt({
      ...{ id: record.attempts.length, nodeId, start: 0, end: record.sizeBytes, startedMs },
      ...{ because: record.attempts.length === 0 ? "first" : "failover", isHedge: false, predictedMs: null },
    });
    record.attempts.push(attempt);
    load.transfer = network.start(nodeId, [record.sizeBytes], {
      firstByte: () => {
        attempt.firstByteMs = clock.nowMs;
        record.firstReleaseMs ??= clock.nowMs;
      },
      bytes: (bytes) => {
        attempt.receivedBytes += bytes;
        record.wastedBytes += bytes;
        load.listener.progress(attempt.receivedBytes);
      },
      ended: () => {
        attempt.outcome = "complete";
        attempt.acceptedBytes = record.sizeBytes;
        attempt.endedMs = clock.nowMs;
        this.#onLoaded(load, attempt);
      },
      failed: (kind, detail) => {
        attempt.outcome = "failed";
        attempt.endedMs = clock.nowMs;
        attempt.reason = `${kind}: ${detail}`;
        this.#onError(load, kind);
      },
    });
    const silent = () => (attempt.firstByteMs === null ? this.#onTimeout(load) : undefined);
    load.alarms = [
      clock.at(startedMs + policy.maxFirstByteMs, silent),
      clock.at(startedMs + policy.maxLoadMs, () => this.#onTimeout(load)),
    ];
  }

  #onLoaded(load: Load, { firstByteMs }: AttemptRecord): void {
    const { record, listener, requestedMs } = load;
    this.#errors = 0;
    record.deliveredBytes = record.sizeBytes;
    record.wastedBytes -= record.sizeBytes;
    this.#settle(load, "delivered");
    const endMs = this.#options.clock.nowMs;
    listener.loaded({ startMs: requestedMs, firstByteMs: firstByteMs ?? endMs, endMs });
  }

  #onTimeout(load: Load): void {
    this.#stop(load, "stalled", "timeout");
    this.#retry(load, { retries: this.#options.policy.timeoutRetries, delayMs: 0 });
  }

  /** Only statuses of the server are worth a retry to hls.js; a broken connection shows as none. */
  #onError(load: Load, kind: FailureKind): void {
    const { errorRetries, errorDelayMs, maxErrorDelayMs } = this.#options.policy;
    const delayMs = Math.min(maxErrorDelayMs, errorDelayMs * 2 ** Math.min(this.#errors, 20));
    this.#retry(load, { retries: kind === "status" ? errorRetries : 0, delayMs });
  }

  #retry(load: Load, { retries, delayMs }: { retries: number; delayMs: number }): void {
    const { clock } = this.#options;
    for (const alarm of load.alarms) alarm.cancel();
    if (this.#errors < retries) {
      this.#errors += 1;
      load.alarms = [clock.at(clock.nowMs + delayMs, () => this.#try(load))];
      return;
    }
    this.#errors = 0;
    this.#penalizedMs.set(this.#pathway, clock.nowMs);
    const next = this.#options.nodeIds.find((nodeId) => !this.#isPenalized(nodeId));
    if (next !== undefined) {
      this.#pathway = next;
      load.alarms = [clock.at(clock.nowMs, () => this.#try(load))];
      return;
    }
    this.#pathway = [...this.#penalizedMs].reduce((oldest, one) => (one[1] < oldest[1] ? one : oldest))[0];
    this.#penalizedMs.delete(this.#pathway);
    this.#settle(load, "failed");
    load.listener.failed();
  }

  #isPenalized(nodeId: NodeId): boolean {
    const sinceMs = this.#penalizedMs.get(nodeId);
    return sinceMs !== undefined && this.#options.clock.nowMs - sinceMs < PENALTY_MS;
  }

  #stop({ transfer, record }: Load, outcome: "cancelled" | "stalled", reason: string): void {
    const attempt = record.attempts.at(-1);
    if (transfer === null || attempt === undefined || attempt.endedMs !== null) return;
    this.#options.network.stop(transfer);
    Object.assign(attempt, { outcome, reason });
    attempt.endedMs = this.#options.clock.nowMs;
  }
}
