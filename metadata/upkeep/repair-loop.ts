/**
 * Makes again what is lost or rotten: too few copies, nodes that stay away, pieces that a check did not find or not intact,
 * pieces on a node that leaves, pieces that share a node although they need not. Most endangered first.
 *
 * It looks at the index alone, page by page, and keeps the most endangered of what it found; each chunk is examined again
 * from its record when its turn has come.
 */
import { parsePosition } from "#core/placement/position.ts";
import type { ChunkFacts, RepairOrder, RepairWait } from "#core/redundancy/repair-plan.ts";
import { planRepairs } from "#core/redundancy/repair-plan.ts";
import type { Log } from "#wire/server/log.ts";
import type { ChangeRequest, ChangeRunner } from "../redundancy/change-runner.ts";
import { FailureRest } from "../redundancy/failure-rest.ts";
import type { FindRepairsPorts } from "../redundancy/find-repairs.ts";
import { findRepairs } from "../redundancy/find-repairs.ts";
import type { PlanStore } from "../redundancy/plan-store.ts";

/** Looks whether something changed. */
const ROUND_MS = 1000;
/** Looks through everything again after so long, changed or not: hold-offs end. */
const LOOK_AGAIN_MS = 5000;
/** Pieces that share a failure domain are looked for when nodes come, go or change, and after so long: a full node has room. */
const DOMAINS_AGAIN_MS = 600_000;
/** A look may take this share of the time at most: libraries of a million chunks take seconds. */
const LOOK_SHARE = 0.1;
/** Changes at once; the budget lets through as many. */
const WORKERS = 4;
/** Plans that were cut short, ended in one round. */
const MAX_PLANS = 1000;

export interface RepairLoopPorts extends Omit<FindRepairsPorts, "isResting" | "withDomains"> {
  readonly plans: Pick<PlanStore, "all">;
  readonly runner: ChangeRunner;
  /** What was cut short without a plan: copies of a job, a new title. */
  readonly finishInterrupted: (signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

/** Since the run began; a run ends when nothing is left that could be repaired. */
export interface RepairProgress {
  readonly isRunning: boolean;
  readonly startedAtSeconds: number | null;
  readonly endedAtSeconds: number | null;
  readonly chunksDone: number;
  readonly chunksLeft: number;
  readonly bytesDone: number;
  readonly bytesLeft: number;
  readonly failed: number;
  /** Chunks that survive fewer than two losses for want of failure domains, when they were last looked for. */
  readonly underSpread: number;
}

const NO_RUN: RepairProgress = {
  ...{ isRunning: false, startedAtSeconds: null, endedAtSeconds: null },
  ...{ chunksDone: 0, chunksLeft: 0, bytesDone: 0, bytesLeft: 0, failed: 0, underSpread: 0 },
};

export class RepairLoop {
  readonly #ports: RepairLoopPorts;
  readonly #rest: FailureRest;
  #orders: RepairOrder[] = [];
  #waits: readonly RepairWait[] = [];
  #progress: RepairProgress = NO_RUN;
  #signature = "";
  /** Of the cluster when pieces that share a domain were last looked for. */
  #domainsSignature = "";
  #domainsAtMs = -Infinity;
  #underSpread = 0;
  #lookAtMs = 0;
  #isAsked = true;

  constructor(ports: RepairLoopPorts) {
    this.#ports = ports;
    this.#rest = new FailureRest(() => ports.clock.nowMs());
  }

  /** Orders that wait for their turn, most endangered first. */
  get orders(): readonly RepairOrder[] {
    return this.#orders;
  }

  get waits(): readonly RepairWait[] {
    return this.#waits;
  }

  get progress(): RepairProgress {
    const bytesLeft = this.#orders.reduce((sum, { writeBytes }) => sum + writeBytes, 0);
    return { ...this.#progress, chunksLeft: this.#orders.length, bytesLeft, underSpread: this.#underSpread };
  }

  /** Looks for everything now. @returns false when a run is under way */
  ask(): boolean {
    this.#isAsked = true;
    this.#domainsSignature = "";
    this.#rest.wake();
    return !this.#progress.isRunning;
  }

  /** Something was found faulty: looks at the next round. */
  wake(): void {
    this.#isAsked = true;
  }

  /**
   * Looks, and repairs all that it found. @returns chunks that were repaired
   *
   * @throws the signal's reason
   */
  async round(signal: AbortSignal): Promise<number> {
    await this.#finishPlans(signal);
    await this.#ports.finishInterrupted(signal);
    await this.#look(signal);
    return await this.#work(signal);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    const forEver = async (turn: () => Promise<unknown>, pauseMs: number) => {
      while (!signal.aborted) {
        await turn().catch((error: unknown) => {
          if (!signal.aborted) log.error({ err: error }, "Cannot repair: will try again");
        });
        await clock.sleep(pauseMs, signal);
      }
    };
    await Promise.all([
      forEver(() => this.#finishPlans(signal), LOOK_AGAIN_MS),
      forEver(() => this.#ports.finishInterrupted(signal), LOOK_AGAIN_MS),
      forEver(() => this.#lookWhenDue(signal), ROUND_MS),
      forEver(() => this.#work(signal), ROUND_MS / 4),
    ]);
  }

  async #lookWhenDue(signal: AbortSignal): Promise<void> {
    const { clock, cluster } = this.#ports;
    const signature = cluster.signature();
    if (!this.#isAsked && signature === this.#signature && clock.nowMs() < this.#lookAtMs) return;
    const beganMs = clock.nowMs();
    this.#isAsked = false;
    this.#signature = signature;
    await this.#look(signal);
    const tookMs = clock.nowMs() - beganMs;
    this.#lookAtMs = clock.nowMs() + Math.max(LOOK_AGAIN_MS, tookMs / LOOK_SHARE);
  }

  async #finishPlans(signal: AbortSignal): Promise<void> {
    const { plans, runner, log } = this.#ports;
    for (const { plan } of await plans.all(MAX_PLANS)) {
      signal.throwIfAborted();
      const position = parsePosition(plan.key);
      if (position === undefined || runner.isRunning(plan.key) || this.#rest.isResting(`plan ${plan.key}`)) continue;
      try {
        const { end } = await runner.resume(position, signal);
        if (end === "postponed") this.#rest.failed(`plan ${plan.key}`);
        else this.#rest.worked(`plan ${plan.key}`);
      } catch (error) {
        signal.throwIfAborted();
        this.#rest.failed(`plan ${plan.key}`);
        log.warn({ position: plan.key, err: error }, "Cannot end a change that was cut short: will try again");
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, cluster } = this.#ports;
    const isResting = (key: string) => this.#rest.isResting(key);
    const signature = cluster.signature();
    const withDomains = signature !== this.#domainsSignature || clock.nowMs() >= this.#domainsAtMs + DOMAINS_AGAIN_MS;
    const found = await findRepairs({ ...this.#ports, isResting, withDomains }, signal);
    this.#orders = [...found.orders];
    this.#waits = found.waits;
    if (!withDomains) return;
    this.#underSpread = found.underSpread;
    this.#domainsSignature = signature;
    this.#domainsAtMs = clock.nowMs();
  }

  async #work(signal: AbortSignal): Promise<number> {
    if (this.#orders.length === 0) return 0;
    this.#begin();
    let repaired = 0;
    const worker = async () => {
      for (;;) {
        const order = this.#orders.shift();
        if (order === undefined) return;
        signal.throwIfAborted();
        if (await this.#repair(order, signal)) repaired += 1;
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    this.#progress = { ...this.#progress, isRunning: false, endedAtSeconds: this.#ports.clock.wallMs() / 1000 };
    return repaired;
  }

  async #repair({ chunk, lossesLeft }: RepairOrder, signal: AbortSignal): Promise<boolean> {
    const { runner, log } = this.#ports;
    const position = parsePosition(chunk.key);
    if (position === undefined) return false;
    const kind = this.#isLeaving(chunk) ? "drain" : "repair";
    try {
      const { end, writtenBytes } = await runner.run({ position, kind, lossesLeft, want: this.#want }, signal);
      if (end === "changed") {
        this.#rest.worked(chunk.key);
        this.#progress = {
          ...this.#progress,
          chunksDone: this.#progress.chunksDone + 1,
          bytesDone: this.#progress.bytesDone + writtenBytes,
        };
        return true;
      }
      if (end !== "idle") this.#failed(chunk.key);
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(chunk.key);
      log.warn({ position: chunk.key, err: error }, "Cannot repair a chunk yet");
    }
    return false;
  }

  readonly #want: ChangeRequest["want"] = (standing, cluster) => {
    const { config, scheme, clock } = this.#ports;
    const world = { cluster, scheme, config: config(), nowSeconds: clock.wallMs() / 1000 };
    const { orders, waits } = planRepairs([standing], world);
    const [order] = orders;
    if (order !== undefined) return { scheme: standing.record.scheme, holders: order.holders, reason: order.reason };
    return waits[0]?.reason;
  };

  /** All that is wrong with it is that a node leaves. */
  #isLeaving({ record, faulty }: ChunkFacts): boolean {
    const cluster = this.#ports.cluster.read();
    const states = record.holders.map(({ nodeId }) => cluster.get(nodeId)?.state);
    return (
      faulty.length === 0 &&
      states.includes("draining") &&
      states.every((state) => state !== undefined && state !== "dead")
    );
  }

  #begin(): void {
    if (this.#progress.isRunning) return;
    this.#progress = { ...NO_RUN, isRunning: true, startedAtSeconds: this.#ports.clock.wallMs() / 1000 };
  }

  #failed(key: string): void {
    this.#rest.failed(key);
    this.#progress = { ...this.#progress, failed: this.#progress.failed + 1 };
  }
}
