/**
 * Carries out one change over real nodes and the register: the commands of core/redundancy/transition.ts, whose rules it does
 * not restate. It may be killed at any moment; whatever it had begun is in the plan, and {@link resumeChange} goes on.
 */
import type { NodeId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord, Holder } from "#core/placement/record.ts";
import { isRecord } from "#core/redundancy/change-plan.ts";
import { pieceBytes, piecesWithout } from "#core/redundancy/form.ts";
import type { Change, ChangeCommand, ChangeEvent, ChangeStep } from "#core/redundancy/transition.ts";
import { onChangeEvent } from "#core/redundancy/transition.ts";
import type { ErasureCodec } from "#wire/client/erasure-codec.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { PieceLinks, PieceTarget } from "#wire/exchange/piece-links.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { PieceIndex } from "../catalog/piece-index.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import type { Releases } from "../placement/releases.ts";
import { indexDecided } from "../upkeep/index-decided.ts";
import type { FaultyPieces } from "./faulty-pieces.ts";
import type { ChangeKind, PlanStore } from "./plan-store.ts";
import type { Bytes } from "./read-chunk.ts";

/** Before the register is asked again; acceptors are back within moments or not for long. */
const UNDECIDED_PAUSE_MS = 500;
/** Before a piece is put again. */
const PIECE_PAUSE_MS = 250;

export interface DriveChangePorts {
  readonly catalog: CatalogStore;
  readonly pieces: Pick<PieceIndex, "noteChecked">;
  readonly register: PlacementRegister;
  readonly releases: Pick<Releases, "keep">;
  readonly plans: PlanStore;
  readonly faulty: Pick<FaultyPieces, "remove">;
  readonly links: Pick<PieceLinks, "put" | "read" | "verify">;
  readonly codec: ErasureCodec;
  readonly nodeUrls: () => ReadonlyMap<NodeId, string>;
  readonly clock: Clock;
  readonly graceSeconds: () => number;
}

export interface ChangeWork {
  readonly position: Position;
  readonly kind: ChangeKind;
  /** Block hashes of the record that the change ends with, base64. */
  readonly blocks: string;
  readonly first: ChangeStep;
  readonly bytesOf: (piece: Holder) => Promise<Bytes>;
  /** Is told of each step, and of the bytes that nodes have taken. */
  readonly onStep?: (change: Change, writtenBytes: number) => void;
}

/**
 * @returns the change when it has ended, or when it is postponed: then it is to be resumed later
 * @throws the signal's reason; the change is then resumed by whoever finds its plan
 */
export async function driveChange(work: ChangeWork, ports: DriveChangePorts, signal: AbortSignal): Promise<Change> {
  const driver = new Driver(work, ports, signal);
  return await driver.run();
}

class Driver {
  readonly #work: ChangeWork;
  readonly #ports: DriveChangePorts;
  readonly #signal: AbortSignal;
  #change: Change;
  #writtenBytes = 0;

  constructor(work: ChangeWork, ports: DriveChangePorts, signal: AbortSignal) {
    this.#work = work;
    this.#ports = ports;
    this.#signal = signal;
    this.#change = work.first.change;
  }

  async run(): Promise<Change> {
    await Promise.all(this.#work.first.commands.map((command) => this.#follow(command)));
    return this.#change;
  }

  /** Does one thing, and then all that follows from it. */
  async #follow(command: ChangeCommand): Promise<void> {
    this.#signal.throwIfAborted();
    const event = await this.#perform(command);
    this.#signal.throwIfAborted();
    const rules = { graceSeconds: this.#ports.graceSeconds() };
    const { change, commands } = onChangeEvent(this.#change, event, rules, this.#ports.clock.wallMs() / 1000);
    this.#change = change;
    this.#work.onStep?.(change, this.#writtenBytes);
    await Promise.all(commands.map((next) => this.#follow(next)));
  }

  async #perform(command: ChangeCommand): Promise<ChangeEvent> {
    const { plans, clock } = this.#ports;
    switch (command.do) {
      case "note":
        await plans.note({ plan: command.plan, ...this.#work, begunMs: clock.wallMs() });
        return { saw: "noted" };
      case "write":
        return await this.#aboutPiece(command.piece, "written", () => this.#write(command.piece, command.version));
      case "verify":
        return await this.#aboutPiece(command.piece, "verified", () => this.#verify(command.piece));
      case "compare-and-set":
        return await this.#propose(command.record, command.expectedVersion);
      case "release":
        await this.#catchUp();
        await this.#ports.releases.keep(
          this.#plan.to.hash,
          [...command.releases, ...(await this.#orphans())],
          clock.wallMs(),
        );
        return { saw: "released" };
      case "forget":
        if (this.#change.outcome === "changed") await this.#noteIntact();
        await plans.forget(command.plan.key);
        return { saw: "forgotten" };
    }
  }

  get #plan() {
    return this.#change.plan;
  }

  async #aboutPiece(piece: Holder, saw: "written" | "verified", act: () => Promise<void>): Promise<ChangeEvent> {
    try {
      await act();
      return { saw, piece };
    } catch (error) {
      this.#signal.throwIfAborted();
      await this.#ports.clock.sleep(PIECE_PAUSE_MS, this.#signal);
      return { saw: "piece-failed", piece, why: error instanceof Error ? error.message : String(error) };
    }
  }

  async #write(piece: Holder, version: number): Promise<void> {
    const bytes = await this.#work.bytesOf(piece);
    if (bytes.length === 0) return;
    const { target, name } = this.#where(piece);
    await this.#ports.links.put(target, { piece: name, bytes, key: this.#plan.key, version }, this.#signal);
    this.#writtenBytes += bytes.length;
  }

  /** The node reads it from its disk and compares it with the digest that came with the bytes. */
  async #verify(piece: Holder): Promise<void> {
    const { sizeBytes, scheme } = this.#plan.to;
    if (pieceBytes(sizeBytes, scheme, piece) === 0) return;
    const { target, name } = this.#where(piece);
    const [verdict] = await this.#ports.links.verify(target, [name], this.#signal);
    if (verdict === "intact") return;
    throw new VStackError("corrupt", `Cannot count the piece on ${piece.nodeId} as it is ${verdict ?? "not known"}`);
  }

  #where(piece: Holder): {
    readonly target: PieceTarget;
    readonly name: { hash: ChunkRecord["hash"]; shard: number | null };
  } {
    const { nodeId } = piece;
    const url = this.#ports.nodeUrls().get(nodeId);
    if (url === undefined) throw new VStackError("unavailable", `Cannot reach ${nodeId} as it is not known`);
    const shard = piece.holds === "shard" ? piece.shard : null;
    return { target: { nodeId, url }, name: { hash: this.#plan.to.hash, shard } };
  }

  async #propose(record: ChunkRecord, expectedVersion: number): Promise<ChangeEvent> {
    try {
      const proposed = await this.#ports.register.propose(this.#work.position, record, expectedVersion);
      return { saw: "decided", record: proposed.record };
    } catch (error) {
      this.#signal.throwIfAborted();
      if (errorCode(error) === "internal") throw error;
      await this.#ports.clock.sleep(UNDECIDED_PAUSE_MS, this.#signal);
      return { saw: "undecided" };
    }
  }

  /** The catalogue follows the register before anything is given up: manifests name what stays. */
  async #catchUp(): Promise<void> {
    const { catalog, register } = this.#ports;
    const { position, blocks } = this.#work;
    const record = await register.known(position);
    if (record === undefined) return;
    if (!isRecord(record, this.#plan.to)) {
      await indexDecided(position, this.#ports, this.#signal);
      return;
    }
    const durationSeconds = (await catalog.entry(position))?.durationSeconds ?? 0;
    try {
      await catalog.putChunk({ position, durationSeconds, record, blocks });
    } catch (error) {
      // Removed meanwhile: then it is not named any more.
      if (errorCode(error) !== "not-found") throw error;
    }
  }

  /** Of a video that is being removed: what came after its pieces were given up would be left behind. */
  async #orphans() {
    if ((await this.#ports.catalog.video(this.#work.position.videoId)) !== undefined) return [];
    const epoch = this.#plan.to.version;
    const notBeforeSeconds = this.#ports.clock.wallMs() / 1000;
    return this.#plan.write.map((piece) => ({ key: this.#plan.key, piece, epoch, notBeforeSeconds }));
  }

  async #noteIntact(): Promise<void> {
    const { pieces, faulty, clock } = this.#ports;
    const { write, drop, to } = this.#plan;
    await faulty.remove(this.#work.position, to.hash, [...write, ...piecesWithout(drop, write)]);
    for (const piece of write) {
      const name = { hash: to.hash, shard: piece.holds === "shard" ? piece.shard : null };
      await pieces.noteChecked(piece.nodeId, [name], clock.wallMs());
    }
  }
}
