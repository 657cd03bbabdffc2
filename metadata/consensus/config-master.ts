/**
 * The config master: which members of each acceptor group vote in which epoch. Everything changes by compare-and-set inside a
 * transaction that is durable before the answer, and an epoch is given out once: whoever tries to change members, or takes
 * over from somebody who died, gets one that nobody had.
 */
import * as v from "valibot";
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import { GroupConfigSchema } from "#wire/contract/consensus-api.ts";
import type { Database } from "../database/open-database.ts";

/**
 * Epochs of a master whose database is not lost. One that is made again begins behind all of these: nobody may have heard of
 * the last epochs that the lost one gave out, and an epoch that is given out twice breaks agreement (rule `own-epoch`). A change
 * of members every second for thirty years has fewer.
 */
const EPOCHS_OF_A_MASTER = 1_000_000_000;

/** What the master knows of one group. */
export interface GroupState {
  readonly group: number;
  /** Null while the first members are not active yet. */
  readonly active: GroupConfig | null;
  /** A change of members that has begun; the acceptors may have been sealed for it, so that nobody votes until it has ended. */
  readonly pending: GroupConfig | null;
}

export interface ConfigMaster {
  states(): Promise<GroupState[]>;
  state(group: number): Promise<GroupState | undefined>;
  /**
   * Makes members active that are the first of their group.
   *
   * @returns what is active: another's choice when there was one already
   */
  found(group: number, members: readonly Member[]): Promise<GroupConfig>;
  /**
   * Begins a change of members where `from` is active, in place of any change that has begun before.
   *
   * @returns the members with an epoch of their own; null when something else is active
   */
  begin(from: GroupConfig, members: readonly Member[]): Promise<GroupConfig | null>;
  /** Makes a change active. @returns false when another has begun since */
  activate(config: GroupConfig): Promise<boolean>;
  /**
   * The database may be older than what was done with it, as one that was put back from a backup is: whatever is given out
   * from now on is behind all that a later state of it can have given out.
   */
  beginAnew(): Promise<void>;
  /**
   * Takes in a group of an earlier catalogue: gives out an epoch above all that its master ever gave out, for a group that is
   * not known or whose active epoch is older than those.
   *
   * @param usedEpoch highest epoch that anybody has heard of
   */
  adopt(group: number, members: readonly Member[], usedEpoch: number): Promise<GroupConfig>;
}

export function sqliteConfigMaster(db: Database): ConfigMaster {
  return {
    async states() {
      const rows = await db.selectFrom("acceptor_groups").selectAll().orderBy("group_number").execute();
      return rows.map(readState);
    },

    state: (group) => readGroup(db, group),

    async found(group, members) {
      return await db.transaction().execute(async (within) => {
        const row = await rowOf(within, group);
        const known = row === undefined ? null : readState(row).active;
        if (known !== null) return known;
        const epoch = row?.next_epoch ?? (await firstEpoch(within));
        const config = { group, epoch, members };
        await write(within, { group, active: config, pending: null }, epoch + 1);
        return config;
      });
    },

    async begin(from, members) {
      return await db.transaction().execute(async (within) => {
        const row = await rowOf(within, from.group);
        const known = row === undefined ? undefined : readState(row);
        if (row === undefined || known?.active?.epoch !== from.epoch) return null;
        const pending = { group: from.group, epoch: row.next_epoch, members };
        await write(within, { group: from.group, active: known.active, pending }, row.next_epoch + 1);
        return pending;
      });
    },

    async activate(config) {
      return await db.transaction().execute(async (within) => {
        const row = await rowOf(within, config.group);
        if (row === undefined || readState(row).pending?.epoch !== config.epoch) return false;
        await write(within, { group: config.group, active: config, pending: null }, row.next_epoch);
        return true;
      });
    },

    async beginAnew() {
      await db.transaction().execute(async (within) => {
        const rows = await within.selectFrom("acceptor_groups").select(["group_number", "next_epoch"]).execute();
        for (const { group_number, next_epoch } of rows) {
          await within
            .updateTable("acceptor_groups")
            .set({ next_epoch: firstBehind(next_epoch) })
            .where("group_number", "=", group_number)
            .execute();
        }
      });
    },

    async adopt(group, members, usedEpoch) {
      return await db.transaction().execute(async (within) => {
        const row = await rowOf(within, group);
        const isOurs = row !== undefined && row.next_epoch > usedEpoch;
        const epoch = isOurs ? row.next_epoch : firstBehind(usedEpoch);
        const active = row === undefined ? null : readState(row).active;
        const pending = { group, epoch, members };
        await write(within, { group, active, pending }, epoch + 1);
        return pending;
      });
    },
  };
}

/** Which master gave an epoch out, counted from 0. */
function masterOf(epoch: number): number {
  return Math.floor((epoch - 1) / EPOCHS_OF_A_MASTER);
}

/** First epoch of the master after the one that gave this epoch out. */
function firstBehind(epoch: number): number {
  return (masterOf(epoch) + 1) * EPOCHS_OF_A_MASTER + 1;
}

/** Of a group that nobody remembers: an acceptor of the lost master that is away may still know it. */
async function firstEpoch(within: Database): Promise<number> {
  const newest = await within
    .selectFrom("acceptor_groups")
    .select("next_epoch")
    .orderBy("next_epoch", "desc")
    .limit(1)
    .executeTakeFirst();
  return masterOf(newest?.next_epoch ?? 1) * EPOCHS_OF_A_MASTER + 1;
}

interface GroupRow {
  readonly group_number: number;
  readonly active_json: string | null;
  readonly next_epoch: number;
  readonly pending_json: string | null;
}

function rowOf(within: Database, group: number): Promise<GroupRow | undefined> {
  return within.selectFrom("acceptor_groups").selectAll().where("group_number", "=", group).executeTakeFirst();
}

async function readGroup(within: Database, group: number): Promise<GroupState | undefined> {
  const row = await rowOf(within, group);
  return row === undefined ? undefined : readState(row);
}

function readState(row: GroupRow): GroupState {
  return { group: row.group_number, active: readConfig(row.active_json), pending: readConfig(row.pending_json) };
}

function readConfig(json: string | null): GroupConfig | null {
  return json === null ? null : v.parse(GroupConfigSchema, JSON.parse(json));
}

async function write(within: Database, { group, active, pending }: GroupState, nextEpoch: number): Promise<void> {
  const row = {
    group_number: group,
    active_json: active === null ? null : JSON.stringify(active),
    next_epoch: nextEpoch,
    pending_json: pending === null ? null : JSON.stringify(pending),
  };
  await within
    .insertInto("acceptor_groups")
    .values(row)
    .onConflict((conflict) => conflict.column("group_number").doUpdateSet(row))
    .execute();
}
