/** The attempts of one fetch that are under way, and what the estimates are told of them. Decides nothing. */
import type { AttemptEnd, NodeEvent } from "#core/estimate/node-estimate.ts";
import type { NodeId } from "#core/ids.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import type { SegmentFetchPorts } from "./segment-fetch.ts";

interface OpenAttempt {
  readonly nodeId: NodeId;
  /** What is asked for; it is bad only when the node proves it. */
  readonly piece: BadPiece;
  readonly startedMs: number;
  readonly wantedBytes: number;
  readonly isHedge: boolean;
  /** Stops reading and closes the connection, in this tick. */
  readonly stop: () => void;
  receivedBytes: number;
  answered: boolean;
}

type OpenAttemptsPorts = Pick<SegmentFetchPorts, "clock" | "estimates" | "onBadPiece">;

export class OpenAttempts {
  readonly #ports: OpenAttemptsPorts;
  readonly #open = new Map<number, OpenAttempt>();

  constructor(ports: OpenAttemptsPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#open.size;
  }

  ids(): number[] {
    return [...this.#open.keys()];
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  nodeOf(id: number): NodeId | undefined {
    return this.#open.get(id)?.nodeId;
  }

  add(id: number, attempt: Pick<OpenAttempt, "piece" | "wantedBytes" | "isHedge" | "stop">): void {
    const { wantedBytes, isHedge } = attempt;
    const { nodeId } = attempt.piece;
    this.#open.set(id, { ...attempt, nodeId, startedMs: this.#ports.clock.nowMs(), receivedBytes: 0, answered: false });
    this.#learn(nodeId, { saw: "started", wantedBytes, isHedge });
  }

  answered(id: number): void {
    const attempt = this.#open.get(id);
    if (attempt === undefined) return;
    attempt.answered = true;
    this.#learn(attempt.nodeId, { saw: "first-byte", latencyMs: this.#ports.clock.nowMs() - attempt.startedMs });
  }

  received(id: number, bytes: number): void {
    const attempt = this.#open.get(id);
    if (attempt === undefined) return;
    attempt.receivedBytes += bytes;
    this.#learn(attempt.nodeId, { saw: "bytes", bytes });
  }

  blockHashed(id: number, saw: "block-ok" | "block-bad"): void {
    const attempt = this.#open.get(id);
    if (attempt === undefined) return;
    this.#learn(attempt.nodeId, { saw });
    if (saw === "block-bad") this.#ports.onBadPiece?.(attempt.piece);
  }

  /** The node says that it has no such piece. */
  missed(id: number): void {
    const attempt = this.#open.get(id);
    if (attempt !== undefined) this.#ports.onBadPiece?.(attempt.piece);
  }

  /** Stops it in this tick, by our own will. */
  stop(id: number, how: AttemptEnd): void {
    this.#open.get(id)?.stop();
    this.close(id, how);
  }

  /** It is over. */
  close(id: number, how: AttemptEnd): void {
    const attempt = this.#open.get(id);
    if (attempt === undefined) return;
    this.#open.delete(id);
    const { nodeId, wantedBytes, receivedBytes, answered, startedMs, isHedge } = attempt;
    const elapsedMs = this.#ports.clock.nowMs() - startedMs;
    this.#learn(nodeId, { saw: "ended", how, wantedBytes, receivedBytes, answered, elapsedMs, isHedge });
  }

  /** Stops everything and tells nobody: for when telling is what broke. */
  abandon(): number[] {
    const ids = this.ids();
    for (const attempt of this.#open.values()) attempt.stop();
    this.#open.clear();
    return ids;
  }

  #learn(nodeId: NodeId, event: NodeEvent): void {
    this.#ports.estimates.apply({ ...event, nodeId, atMs: this.#ports.clock.nowMs() });
  }
}
