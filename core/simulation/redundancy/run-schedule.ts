/**
 * One schedule: a chunk is changed back and forth, repaired and moved by two movers that know nothing of each other, while
 * nodes go away, come back empty or rot, movers crash, messages are lost, repeated and late, and readers hold old records.
 * Everything is drawn from one seed. After every event these must hold:
 *
 * - whoever has a record that was in force within the last {@link OLD_READER_SECONDS} can read the chunk by it alone;
 * - what the record in force names survives two losses, the one that is under way counted as the first.
 *
 * When the drawn part is over, faults stop, and everything must come to rest: no plan, no release, no failure left.
 */
import { parseChunkHash } from "../../ids.ts";
import { invariant } from "../../invariant.ts";
import type { ChunkRecord } from "../../placement/record.ts";
import type { Random } from "../../random.ts";
import { seededRandom } from "../../random.ts";
import { LOSSES_PROMISED, pieceText, REPLICATION } from "../../redundancy/form.ts";
import { dueReleases } from "../../redundancy/release.ts";
import { spreadPieces } from "../../redundancy/spread.ts";
import { Decisions, SCHEME } from "./decisions.ts";
import { DiskWorld, GRACE_SECONDS, nodeNames, OLD_READER_SECONDS, pick } from "./disk-world.ts";
import { Faults } from "./faults.ts";
import { Mover, releaseKey } from "./mover.ts";
import type { Rule } from "./rules.ts";
import type { ScheduleCounts } from "./schedule-counts.ts";
import { noCounts } from "./schedule-counts.ts";

/** Enough for about five changes, three of them while something has failed. */
const DRAWN_EVENTS = 320;
/** Coming to rest takes a few hundred; more is never. */
const REST_EVENTS = 6_000;
const LONGEST_PAUSE_SECONDS = 12;

export interface ScheduleResult {
  readonly seed: number;
  /** What was broken first, with when; null when nothing was. */
  readonly violation: string | null;
  readonly counts: Readonly<ScheduleCounts>;
}

export function runSchedule(seed: number, without: Rule | null = null): ScheduleResult {
  const schedule = new Schedule(seed, without);
  return { seed, violation: schedule.run(), counts: schedule.counts };
}

class Schedule {
  readonly counts = noCounts();
  readonly #random: Random;
  readonly #world: DiskWorld;
  readonly #movers: readonly [Mover, Mover];
  readonly #decisions: Decisions;
  readonly #faults: Faults;
  readonly #without: Rule | null;
  #checkedStamp = -1;
  /** Deletes under way; each may arrive late, or twice. */
  #deletes: string[] = [];
  readonly #sent = new Map<string, ReturnType<typeof dueReleases>[number]>();

  constructor(seed: number, without: Rule | null) {
    this.#random = seededRandom(seed);
    this.#without = without;
    const nodeIds = nodeNames(6 + Math.floor(this.#random() * 3));
    this.#world = new DiskWorld(nodeIds, firstRecord(new DiskWorld(nodeIds, emptyRecord()), `video/720p/${seed}`));
    const options = { without, counts: this.counts };
    this.#movers = [
      new Mover("policy", this.#world, this.#random, options),
      new Mover("upkeep", this.#world, this.#random, options),
    ];
    this.#decisions = new Decisions(this.#world, `video/720p/${seed}`, this.#random);
    this.#faults = new Faults(this.#world, this.#random, { without, counts: this.counts });
  }

  run(): string | null {
    for (let event = 0; event < DRAWN_EVENTS; event += 1) {
      this.#draw();
      const broken = this.#check();
      if (broken !== null) return broken;
    }
    for (let event = 0; event < REST_EVENTS; event += 1) {
      if (this.#isAtRest()) return null;
      this.#calm();
      const broken = this.#check();
      if (broken !== null) return broken;
    }
    return `does not come to rest: ${this.#unrest()}`;
  }

  #draw(): void {
    const lot = this.#random();
    const mover = pick(this.#movers, this.#random);
    if (lot < 0.5) mover.deliver(fateOf(this.#random()));
    else if (lot < 0.6) this.#tick(mover, true);
    else if (lot < 0.7) this.#pass();
    else if (lot < 0.8) this.#sendDeletes();
    else if (lot < 0.88) this.#arriveDelete();
    else if (lot < 0.9) this.#crash(mover);
    else if (lot < 0.93) this.#faults.strike();
    else if (lot < 0.96) this.#faults.mend();
    else if (lot < 0.98) this.#faults.scrub();
    else this.#faults.report();
  }

  /** Everything goes on but faults. */
  #calm(): void {
    const lot = this.#random();
    const mover = pick(this.#movers, this.#random);
    if (lot < 0.55) mover.deliver("done");
    else if (lot < 0.65) this.#tick(mover, false);
    else if (lot < 0.72) this.#pass();
    else if (lot < 0.8) this.#sendDeletes();
    else if (lot < 0.9) this.#arriveDelete();
    else if (lot < 0.95) this.#faults.mend();
    else this.#faults.scrub();
  }

  #pass(): void {
    this.#world.nowSeconds += 1 + Math.floor(this.#random() * LONGEST_PAUSE_SECONDS);
  }

  #tick(mover: Mover, mayChangeForm: boolean): void {
    if (mover.change !== null || mover.resume()) return;
    const repairs = mover.name === "upkeep";
    const plan = repairs ? this.#decisions.repair() : mayChangeForm ? this.#decisions.change() : undefined;
    if (plan === undefined) return;
    if (repairs) this.counts.repairs += 1;
    mover.begin(plan);
  }

  #crash(mover: Mover): void {
    if (mover.change !== null) this.counts.crashes += 1;
    mover.crash();
  }

  #sendDeletes(): void {
    const { releases, nowSeconds, record } = this.#world;
    for (const release of dueReleases([...releases.values()], nowSeconds, 4)) {
      const isFresh = this.#without === "epoch-of-its-time";
      const isNamed = record.holders.some((piece) => pieceText(piece) === pieceText(release.piece));
      const key = releaseKey(release);
      this.#sent.set(key, isFresh && !isNamed ? { ...release, epoch: record.version } : release);
      this.#deletes.push(key);
    }
  }

  #arriveDelete(): void {
    const at = Math.floor(this.#random() * this.#deletes.length);
    const key = this.#deletes[at];
    const release = key === undefined ? undefined : this.#sent.get(key);
    if (key === undefined || release === undefined) return;
    const node = this.#world.node(release.piece.nodeId);
    // What is on its way to a node that is away is lost, unless a late copy of it stays in the network.
    if (this.#random() < 0.8) this.#deletes.splice(at, 1);
    if (node.isGone) this.#world.releases.delete(key);
    if (!node.isUp) return;
    const answer = this.#world.delete(release.piece, release.epoch, this.#without !== "fence");
    if (answer === "refused") this.counts.refusedDeletes += 1;
    else this.counts.deletes += 1;
    this.#world.releases.delete(key);
  }

  #check(): string | null {
    const world = this.#world;
    this.counts.events += 1;
    world.noteHealed();
    // Time alone only takes readers away.
    if (world.stamp === this.#checkedStamp) return null;
    this.#checkedStamp = world.stamp;
    for (const { record, replacedAtSeconds } of world.versions) {
      if (replacedAtSeconds !== null && world.nowSeconds > replacedAtSeconds + OLD_READER_SECONDS) continue;
      this.counts.reads += 1;
      if (world.canRead(record)) continue;
      return `at ${world.nowSeconds} s version ${record.version} cannot be read, the record being ${text(world.record)}`;
    }
    const left = world.lossesLeft();
    if (left + (world.failure === null ? 0 : 1) >= LOSSES_PROMISED) return null;
    const failed = failureText(world);
    return `at ${world.nowSeconds} s ${text(world.record)} survives ${left} more losses, ${failed} having failed`;
  }

  #isAtRest(): boolean {
    const { plans, releases, failure } = this.#world;
    return plans.size === 0 && releases.size === 0 && failure === null;
  }

  #unrest(): string {
    const { plans, releases, failure } = this.#world;
    const parts = [...plans.keys()].map((name) => `plan of ${name}`);
    for (const key of releases.keys()) parts.push(`release of ${key}`);
    if (failure !== null) parts.push(failureText(this.#world));
    return parts.join(", ");
  }
}

function failureText({ failure }: DiskWorld): string {
  return failure === null ? "nothing" : `${failure.what} on ${failure.nodeId}`;
}

function fateOf(lot: number): "done" | "lost" | "unheard" {
  if (lot < 0.9) return "done";
  return lot < 0.95 ? "lost" : "unheard";
}

function text({ version, scheme, holders }: ChunkRecord): string {
  return `version ${version} (${scheme.kind} on ${holders.map(pieceText).join(" ")})`;
}

function emptyRecord(): ChunkRecord {
  const hash = parseChunkHash("0".repeat(64));
  invariant(hash !== undefined, "Cannot name the chunk");
  return {
    ...{ schema: 1, version: 1, hash, sizeBytes: 1_000_000, blockSizeBytes: 65_536, blocksDigest: hash },
    ...{ scheme: { kind: "replication" }, holders: [] },
  };
}

/** As an upload leaves it: three replicas. */
function firstRecord(world: DiskWorld, key: string): ChunkRecord {
  const empty = emptyRecord();
  const cluster = world.cluster();
  const input = { key, sizeBytes: empty.sizeBytes, form: REPLICATION, scheme: SCHEME, keep: [], cluster };
  const spread = spreadPieces(input);
  invariant(spread !== undefined && GRACE_SECONDS > OLD_READER_SECONDS, "Cannot begin a schedule");
  return { ...empty, holders: spread.holders };
}
