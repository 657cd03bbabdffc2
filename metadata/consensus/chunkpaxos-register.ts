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
/** Positions that somebody else changes all the time while they are emptied are a programmer's error. */
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

  /** One round for positions of one video; @returns those that were changed meanwhile */
  const emptyOnce = async (positions: readonly Position[]): Promise<Position[]> => {
    const [first] = positions;
    if (first === undefined) return [];
    if (!(await groups.canDecide(groupOfVideo(first.videoId)))) throw tooFewAcceptors(first);
    const versions = await index.versions(positions);
    // Begun in one turn, they share their messages.
    const decisions = positions.map(async (position) => {
      const expectedVersion = versions.get(positionText(position));
      const change: Change<ChunkRecord> =
        expectedVersion === undefined
          ? { change: "keep" }
          : { change: "replace", id: newValueId(), expectedVersion, body: null };
      const { outcome } = await decider.decide({ position, change }, signal);
      if (outcome.outcome === "unknown") throw undecided(position);
      return { position, value: outcome.outcome === "empty" ? null : outcome.value };
    });
    const stands = await Promise.allSettled(decisions);
    const known = stands.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    await index.learn(known.flatMap(({ position, value }) => (value === null ? [] : [{ position, value }])));
    await index.forget(known.flatMap(({ position, value }) => (value === null ? [position] : [])));
    for (const one of stands) if (one.status === "rejected") throw one.reason;
    return known.flatMap(({ position, value }) => (value === null || value.body === null ? [] : [position]));
  };
  const remove = async (positions: readonly Position[]): Promise<void> => {
    for (let from = 0; from < positions.length; from += REMOVE_POSITIONS) {
      let left: readonly Position[] = positions.slice(from, from + REMOVE_POSITIONS);
      for (let round = 0; left.length > 0; round += 1) {
        if (round === MAX_REMOVE_ROUNDS) {
          throw new VStackError("conflict", "Cannot empty registers as they are changed again and again");
        }
        left = await emptyOnce(left);
      }
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

    async isOver(position) {
      return (await index.read(position))?.body === null;
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
