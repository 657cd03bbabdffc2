import { describe, expect, test } from "vitest";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { sqliteConfigMaster } from "./config-master.ts";

const members = ["n1", "n2", "n3"].map((nodeId) => ({ nodeId, incarnation: `${nodeId}.1` }));
const newMaster = () => sqliteConfigMaster(openDatabase(IN_MEMORY));

describe("sqliteConfigMaster()", () => {
  test("gives an epoch out once, also when a change is begun in place of another", async () => {
    const master = newMaster();
    const first = await master.found(3, members);
    const overtaken = await master.begin(first, members);
    const newest = await master.begin(first, members);
    expect([first.epoch, overtaken?.epoch, newest?.epoch]).toEqual([1, 2, 3]);
    if (overtaken === null || newest === null) throw new Error("Both changes have begun");
    expect([await master.activate(overtaken), await master.activate(newest)]).toEqual([false, true]);
    expect(await master.begin(first, members)).toBeNull();
  });

  test("begins far behind the epochs of a master that was lost, of which nobody may have heard the last", async () => {
    const master = newMaster();
    const adopted = await master.adopt(3, members, 7);
    expect(adopted.epoch).toBeGreaterThan(1_000_000);
    // Again after a failure: the master is the same.
    expect((await master.adopt(3, members, adopted.epoch)).epoch).toBe(adopted.epoch + 1);
    // Lost once more.
    const third = await newMaster().adopt(3, members, adopted.epoch + 1);
    expect(third.epoch).toBeGreaterThan(adopted.epoch + 1_000_000);
    // A database that was put back.
    await master.beginAnew();
    expect((await master.adopt(3, members, 7)).epoch).toBe(third.epoch);
    // A group that no node that was there remembers.
    expect((await master.found(9, members)).epoch).toBe(third.epoch);
  });
});
