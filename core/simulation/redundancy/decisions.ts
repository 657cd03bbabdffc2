/** What the movers of a schedule are told to do: by the plans of core/redundancy, from what upkeep would know. */
import type { ChunkHash } from "../../ids.ts";
import { parseChunkHash } from "../../ids.ts";
import { invariant } from "../../invariant.ts";
import type { Holder } from "../../placement/record.ts";
import type { Random } from "../../random.ts";
import type { ChangePlan } from "../../redundancy/change-plan.ts";
import { planChange } from "../../redundancy/change-plan.ts";
import type { ErasureScheme, Form } from "../../redundancy/form.ts";
import { ERASURE, formOf, REPLICATION, sameForm } from "../../redundancy/form.ts";
import { moveFor } from "../../redundancy/rebalance.ts";
import { planRepairs } from "../../redundancy/repair-plan.ts";
import { spreadPieces } from "../../redundancy/spread.ts";
import type { DiskWorld } from "./disk-world.ts";
import { HOLD_OFF_SECONDS, pick } from "./disk-world.ts";

export const SCHEME: ErasureScheme = {
  kind: "erasure",
  dataShards: 3,
  parityShards: 2,
  matrix: "vandermonde-0x11d",
};

const FORMS: readonly Form[] = [
  REPLICATION,
  ERASURE,
  { kind: "erasure", replicas: 1 },
  { kind: "erasure", replicas: 2 },
];
/** A mover that read the register a moment before somebody else changed it. */
const STALE_SHARE = 0.2;
const MOVE_SHARE = 0.2;

export class Decisions {
  readonly #world: DiskWorld;
  readonly #key: string;
  readonly #random: Random;

  constructor(world: DiskWorld, key: string, random: Random) {
    this.#world = world;
    this.#key = key;
    this.#random = random;
  }

  repair(): ChangePlan | undefined {
    const chunk = this.#chunk();
    const { orders } = this.#repairs();
    const [order] = orders;
    return order === undefined ? undefined : this.#plan(formOf(chunk.record), order.holders, order.reason);
  }

  /** Another form, drawn, or a move; none while something is to be repaired. */
  change(): ChangePlan | undefined {
    const chunk = this.#chunk();
    const { orders, waits } = this.#repairs();
    if (orders.length > 0 || waits.length > 0) return undefined;
    const { cluster, form } = { cluster: this.#world.cluster(), form: formOf(chunk.record) };
    const move = this.#random() < MOVE_SHARE ? moveFor(chunk, cluster) : undefined;
    if (move !== undefined) return this.#plan(form, move.holders, move.reason);
    const target = pick(
      FORMS.filter((other) => !sameForm(other, form)),
      this.#random,
    );
    const { sizeBytes, holders } = chunk.record;
    const spread = spreadPieces({
      ...{ key: this.#key, sizeBytes, form: target, scheme: SCHEME, cluster },
      keep: holders,
    });
    return spread === undefined ? undefined : this.#plan(target, spread.holders, "another form");
  }

  #chunk() {
    const { versions, record: present } = this.#world;
    const before = this.#random() < STALE_SHARE ? versions.at(-2)?.record : undefined;
    const record = before ?? present;
    return { key: this.#key, record, faulty: this.#world.faultyOf(record) };
  }

  #repairs() {
    const { record, nowSeconds } = this.#world;
    const chunk = { key: this.#key, record, faulty: this.#world.faultyOf(record) };
    const config = { holdOffSeconds: HOLD_OFF_SECONDS };
    return planRepairs([chunk], { cluster: this.#world.cluster(), scheme: SCHEME, config, nowSeconds });
  }

  #plan(form: Form, holders: readonly Holder[], reason: string): ChangePlan | undefined {
    const { record: from } = this.#world;
    const scheme = form.kind === "erasure" ? SCHEME : { kind: form.kind };
    const faulty = this.#world.faultyOf(from);
    const wanted = { key: this.#key, from, holders, scheme, blocksDigest: digestOf(form), faulty, reason };
    const planned = planChange(wanted, this.#world.cluster());
    return planned.outcome === "planned" ? planned.plan : undefined;
  }
}

/** Parity shards add their block hashes to the list, so the forms have two digests. */
function digestOf({ kind }: Form): ChunkHash {
  const digest = parseChunkHash((kind === "erasure" ? "1" : "0").repeat(64));
  invariant(digest !== undefined, "Cannot name the digest");
  return digest;
}
