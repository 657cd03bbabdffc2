/** Plans of changes under way, kept durably: whatever one of them wrote is known after a crash, and is ended. */
import * as v from "valibot";
import type { ChangePlan } from "#core/redundancy/change-plan.ts";
import { ChunkRecordSchema, CountSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import type { ChangePlanRow } from "../database/tables.ts";

/** Why a chunk is changed; the more urgent ones first. */
export const CHANGE_KINDS = ["repair", "drain", "promotion", "demotion", "move"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface NotedPlan {
  readonly plan: ChangePlan;
  readonly kind: ChangeKind;
  /** Block hashes of the record that it ends with, base64. */
  readonly blocks: string;
  readonly begunMs: number;
}

export interface PlanStore {
  /** A plan of the same position takes the place of the one before. */
  note(noted: NotedPlan): Promise<void>;
  forget(key: string): Promise<void>;
  at(key: string): Promise<NotedPlan | undefined>;
  /** In the order in which they were begun. */
  all(limit: number): Promise<NotedPlan[]>;
}

const HoldersSchema = ChunkRecordSchema.entries.holders;
const PlanSchema = v.object({
  key: v.string(),
  fromVersion: CountSchema,
  to: ChunkRecordSchema,
  isInPlace: v.boolean(),
  giveUp: ChunkRecordSchema,
  write: HoldersSchema,
  drop: HoldersSchema,
  reason: v.string(),
});

export function sqlitePlans(db: Database): PlanStore {
  return {
    async note({ plan, kind, blocks, begunMs }) {
      const row = { position: plan.key, kind, plan_json: JSON.stringify(plan), blocks, begun_ms: begunMs };
      await db
        .insertInto("change_plans")
        .values(row)
        .onConflict((conflict) => conflict.column("position").doUpdateSet(row))
        .execute();
    },

    async forget(key) {
      await db.deleteFrom("change_plans").where("position", "=", key).execute();
    },

    async at(key) {
      const row = await db.selectFrom("change_plans").selectAll().where("position", "=", key).executeTakeFirst();
      return row === undefined ? undefined : notedPlan(row);
    },

    async all(limit) {
      const rows = await db.selectFrom("change_plans").selectAll().orderBy("begun_ms").limit(limit).execute();
      return rows.map(notedPlan);
    },
  };
}

function notedPlan({ kind, plan_json, blocks, begun_ms }: ChangePlanRow): NotedPlan {
  return {
    plan: v.parse(PlanSchema, JSON.parse(plan_json)),
    kind: v.parse(v.picklist(CHANGE_KINDS), kind),
    blocks,
    begunMs: begun_ms,
  };
}
