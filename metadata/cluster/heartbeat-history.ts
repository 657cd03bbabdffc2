/**
 * When each node was heard, for people: heartbeats in slots of equal time, the last two minutes. Decisions are membership's.
 * Times are milliseconds of this program's monotonic clock. A slot in which the program itself did not run counts for nobody.
 */
import type { NodeId } from "#core/ids.ts";
import { BEAT_SLOT_MS, BEAT_SLOTS } from "#wire/contract/cluster-live-api.ts";

interface Heard {
  /** The slot of its first heartbeat: nothing is known of the time before. */
  readonly firstSlot: number;
  /** Heartbeats by slot; no older ones than {@link BEAT_SLOTS}. */
  readonly bySlot: Map<number, number>;
}

export class HeartbeatHistory {
  readonly #nodes = new Map<NodeId, Heard>();
  /** Slots in which this program ran. */
  readonly #awake = new Set<number>();

  heard(nodeId: NodeId, nowMs: number): void {
    const slot = this.#slotAt(nowMs);
    const heard = this.#nodes.get(nodeId) ?? { firstSlot: slot, bySlot: new Map<number, number>() };
    heard.bySlot.set(slot, (heard.bySlot.get(slot) ?? 0) + 1);
    forgetBefore(heard.bySlot, slot - BEAT_SLOTS);
    this.#nodes.set(nodeId, heard);
  }

  /** The program runs. */
  awake(nowMs: number): void {
    this.#slotAt(nowMs);
  }

  /** Forgets nodes that nobody knows any more. */
  keepOnly(known: ReadonlyMap<NodeId, unknown>): void {
    for (const nodeId of this.#nodes.keys()) if (!known.has(nodeId)) this.#nodes.delete(nodeId);
  }

  /** Of the last {@link BEAT_SLOTS} slots that are over, the oldest first. */
  beats(nodeId: NodeId, nowMs: number): (number | null)[] {
    const heard = this.#nodes.get(nodeId);
    const first = Math.floor(nowMs / BEAT_SLOT_MS) - BEAT_SLOTS;
    return Array.from({ length: BEAT_SLOTS }, (_, index) => {
      const slot = first + index;
      // The first slot began before it was heard: a part of it says nothing about the whole.
      if (heard === undefined || slot <= heard.firstSlot || !this.#awake.has(slot)) return null;
      return heard.bySlot.get(slot) ?? 0;
    });
  }

  #slotAt(nowMs: number): number {
    const slot = Math.floor(nowMs / BEAT_SLOT_MS);
    if (!this.#awake.has(slot)) {
      this.#awake.add(slot);
      forgetBefore(this.#awake, slot - BEAT_SLOTS);
    }
    return slot;
  }
}

function forgetBefore(slots: Map<number, number> | Set<number>, first: number): void {
  for (const slot of slots.keys()) if (slot < first) slots.delete(slot);
}
