/**
 * Brings in what an older build has stored: its records were in this server's database alone, and no acceptor knows them. As
 * soon as acceptors are there each is proposed as the first version of its position; until then its video plays, and cannot
 * be renamed or mended.
 */
import { sql } from "kysely";
import * as v from "valibot";
import type { Value } from "#core/consensus/value.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { ValueSchema } from "#wire/contract/consensus-api.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { PositionSchema } from "#wire/contract/schemas.ts";
import type { Decision, RecordDecider } from "#wire/exchange/decide-record.ts";
import type { Log } from "#wire/server/log.ts";
import { chunkKey } from "../catalog/chunk-key.ts";
import type { AcceptorGroups } from "../consensus/acceptor-groups.ts";
import { EARLIER_VALUE_ID } from "../database/migrations.ts";
import type { Database } from "../database/open-database.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import type { PositionLocks } from "./position-locks.ts";

/** Between two attempts, while acceptors are missing. */
const ROUND_MS = 2000;
/** Records proposed at once: one message to each acceptor and group. */
const PAGE_RECORDS = 256;

export interface EarlierRecordsLoop {
  /** Brings in all that can be brought in now. @returns how many are left */
  round(signal: AbortSignal): Promise<number>;
  /** Rounds until nothing is left, or the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export interface EarlierRecordsPorts {
  readonly db: Database;
  readonly consensus: {
    readonly decider: RecordDecider;
    readonly groups: Pick<AcceptorGroups, "canDecide">;
    readonly newValueId: () => string;
  };
  readonly register: Pick<PlacementRegister, "remove">;
  readonly locks: PositionLocks;
  readonly clock: Clock;
  readonly log: Log;
}

interface EarlierRecord {
  readonly position: Position;
  readonly record: ChunkRecord;
}

export function earlierRecordsLoop(ports: EarlierRecordsPorts): EarlierRecordsLoop {
  const { db, clock, log } = ports;
  const round = async (signal: AbortSignal): Promise<number> => {
    let after = "";
    for (;;) {
      const page = await earlierRecords(db, after);
      const last = page.at(-1);
      if (last === undefined || signal.aborted) break;
      after = positionText(last.position);
      // Begun in one turn, they share their messages.
      await Promise.all(page.map((one) => bringIn(one, ports, signal)));
    }
    return await countEarlier(db);
  };
  return {
    round,
    async run(signal) {
      const found = await countEarlier(db);
      if (found > 0)
        log.warn({ records: found }, "An older build stored videos that no acceptor knows: bringing them in");
      let left = found;
      while (left > 0 && !signal.aborted) {
        left = await round(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error }, "Cannot bring in what an older build stored: will try again");
          return left;
        });
        if (left === 0) log.info({ records: found }, "All that an older build stored is known to the acceptors");
        else await clock.sleep(ROUND_MS, signal);
      }
    },
  };
}

async function bringIn(
  { position, record }: EarlierRecord,
  { db, consensus, register, locks }: EarlierRecordsPorts,
  signal: AbortSignal,
): Promise<void> {
  const { decider, groups, newValueId } = consensus;
  if (!(await groups.canDecide(groupOfVideo(position.videoId)))) return;
  await locks.run(position, async () => {
    // What the older build counted as versions was decided by nobody: the first one that is, is 1.
    const change = { change: "create", id: newValueId(), body: { ...record, version: 1 } } as const;
    const outcome = await outcomeOf(decider.decide({ position, change }, signal));
    if (outcome === null || !("value" in outcome) || outcome.value === null) return;
    if (await replaceEarlier(db, position, outcome.value)) return;
    // The video was deleted meanwhile.
    await register.remove([position]);
  });
}

/** Null where there are no acceptors yet: the next round asks again. */
async function outcomeOf(deciding: Promise<Decision>): Promise<Decision["outcome"] | null> {
  try {
    return (await deciding).outcome;
  } catch (error) {
    if (errorCode(error) === "unavailable") return null;
    throw error;
  }
}

const IS_EARLIER = sql<boolean>`json_extract(value_json, '$.id') = ${EARLIER_VALUE_ID}`;

/** Of videos that are wholly stored: what an interrupted job or a deletion has left goes another way. */
async function earlierRecords(db: Database, after: string): Promise<EarlierRecord[]> {
  const rows = await db
    .selectFrom("placements")
    .innerJoin("videos", "videos.id", "placements.video_id")
    .select(["placements.position", "placements.value_json"])
    .where("videos.state", "=", "ready")
    .where("placements.position", ">", after)
    .where(IS_EARLIER)
    .orderBy("placements.position")
    .limit(PAGE_RECORDS)
    .execute();
  return rows.flatMap(({ position, value_json: json }) => {
    const { body } = v.parse(ValueSchema, JSON.parse(json));
    return body === null ? [] : [{ position: v.parse(PositionSchema, position), record: body }];
  });
}

async function countEarlier(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom("placements")
    .innerJoin("videos", "videos.id", "placements.video_id")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("videos.state", "=", "ready")
    .where(IS_EARLIER)
    .executeTakeFirstOrThrow();
  return count;
}

/** Index and catalogue follow what was decided. @returns false when the record is there no more */
async function replaceEarlier(db: Database, position: Position, value: Value<ChunkRecord>): Promise<boolean> {
  return await db.transaction().execute(async (within) => {
    const { numUpdatedRows } = await within
      .updateTable("placements")
      .set({ version: value.version, value_json: JSON.stringify(value) })
      .where("position", "=", positionText(position))
      .where(IS_EARLIER)
      .executeTakeFirst();
    if (numUpdatedRows === 0n || value.body === null) return numUpdatedRows > 0n;
    await within
      .updateTable("chunks")
      .set({ record_json: JSON.stringify(value.body) })
      .where("video_id", "=", position.videoId)
      .where((row) => row.and(chunkKey(position)))
      .where(sql`json_extract(record_json, '$.hash')`, "=", value.body.hash)
      .execute();
    return true;
  });
}
