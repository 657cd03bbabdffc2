/**
 * The placement register by ChunkPaxos: the storage nodes decide, this server proposes and learns. Reading a position asks a
 * majority of its acceptors; listing a video reads what was learned.
 */
import type { Change, Value } from "#core/consensus/value.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { RecordDecider } from "#wire/exchange/decide-record.ts";
import type { PlacementIndex } from "../placement/placement-index.ts";
import type { PlacementRegister, Proposed } from "../placement/placement-register.ts";
import { requireNextVersion, sameRecord } from "../placement/placement-register.ts";
import type { AcceptorGroups } from "./acceptor-groups.ts";

/** Positions emptied at once: two messages to each acceptor, twice. */
const REMOVE_POSITIONS = 1024;
/** A position that somebody else changes all the time while it is emptied is a programmer's error. */
const MAX_REMOVE_ROUNDS = 5;
const PAGE_PLACEMENTS = 1024;

export interface ChunkPaxosRegisterPorts {
  readonly decider: RecordDecider;
  readonly groups: Pick<AcceptorGroups, "canDecide" | "exists">;
  readonly index: PlacementIndex;
  /** Never gives the same one twice. */
  readonly newValueId: () => string;
  /** Ends everything under way. */
  readonly signal: AbortSignal;
}

export function chunkPaxosRegister(ports: ChunkPaxosRegisterPorts): PlacementRegister {
  const { decider, groups, index, newValueId, signal } = ports;

  /** @returns what stands; null when nothing does */
  const decide = async (position: Position, change: Change<ChunkRecord>): Promise<Value<ChunkRecord> | null> => {
    if (!(await groups.canDecide(groupOfVideo(position.videoId)))) throw tooFewAcceptors(position);
    const { outcome } = await decider.decide({ position, change }, signal);
    if (outcome.outcome === "empty") return null;
    if (outcome.outcome === "unknown") throw undecided(position);
    if (outcome.value !== null) await index.learn([{ position, value: outcome.value }]);
    return outcome.value;
  };

  const empty = async (position: Position): Promise<void> => {
    let expectedVersion = (await index.read(position))?.version;
    for (let round = 0; round < MAX_REMOVE_ROUNDS; round += 1) {
      const change: Change<ChunkRecord> =
        expectedVersion === undefined
          ? { change: "keep" }
          : { change: "replace", id: newValueId(), expectedVersion, body: null };
      const stands = await decide(position, change);
      if (stands === null || stands.body === null) return;
      expectedVersion = stands.version;
    }
    throw new VStackError("conflict", `Cannot empty "${positionText(position)}" as it is changed again and again`);
  };
  const remove = async (positions: readonly Position[]): Promise<void> => {
    for (let from = 0; from < positions.length; from += REMOVE_POSITIONS) {
      const outcomes = await Promise.allSettled(positions.slice(from, from + REMOVE_POSITIONS).map(empty));
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    }
  };

  return {
    async propose(position, record, expectedVersion): Promise<Proposed> {
      requireNextVersion(record, expectedVersion);
      const id = newValueId();
      const change: Change<ChunkRecord> =
        expectedVersion === null
          ? { change: "create", id, body: record }
          : { change: "replace", id, expectedVersion, body: record };
      const stands = await decide(position, change);
      // Ours was chosen also when somebody has replaced it since.
      if (stands?.id === id || stands?.previousId === id) return { outcome: "chosen", record };
      const held = stands?.body ?? null;
      if (held !== null && sameRecord(held, record)) return { outcome: "chosen", record: held };
      return { outcome: "conflict", record: held };
    },

    async read(position) {
      if (!(await groups.exists(groupOfVideo(position.videoId)))) return undefined;
      return (await decide(position, { change: "keep" }))?.body ?? undefined;
    },

    async known(position) {
      return (await index.read(position))?.body ?? undefined;
    },

    async listByVideo(videoId, after, limit) {
      const page = await index.list(videoId, after, limit);
      return page.flatMap(({ position, value: { body } }) => (body === null ? [] : [{ position, record: body }]));
    },

    canChange: (videoId) => groups.canDecide(groupOfVideo(videoId)),
    remove,
    async removeByVideo(videoId, begun = []) {
      if (!(await groups.exists(groupOfVideo(videoId)))) return;
      // What was emptied is listed no more: the first page is always the next one.
      for (;;) {
        const page = await index.list(videoId, "", PAGE_PLACEMENTS);
        if (page.length === 0) break;
        await remove(page.map(({ position }) => position));
      }
      await remove(begun);
    },
  };
}

/** Refuses at once what would only fail after a while. */
function tooFewAcceptors({ videoId }: Position): VStackError {
  return new VStackError(
    "unavailable",
    `Cannot change "${videoId}" as fewer than a majority of its acceptors can be reached: "vstack status" shows which`,
  );
}

function undecided(position: Position): VStackError {
  return new VStackError(
    "unavailable",
    `Cannot say what stands at "${positionText(position)}" as no majority of its acceptors answered`,
  );
}
