import { setImmediate } from "node:timers";
import { describe, expect, it } from "vitest";
import { IN_MEMORY, openDatabase } from "./open-database.ts";

/** Far more than one turn takes. */
const QUERIES = 2000;

describe("FairSqliteDialect", () => {
  it("lets others in between the queries of a long loop", async () => {
    const db = openDatabase(IN_MEMORY);
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    for (let query = 0; query < QUERIES; query += 1) await db.selectFrom("videos").select("id").execute();
    isOver = true;
    await db.destroy();
    // Without it there is one, at the end; how many there are depends on the machine.
    expect(turns).toBeGreaterThan(2);
  });

  it("keeps the order of those who ask", async () => {
    const db = openDatabase(IN_MEMORY);
    const ended: number[] = [];
    await Promise.all(
      Array.from({ length: 500 }, async (_, at) => {
        await db.selectFrom("videos").select("id").execute();
        ended.push(at);
      }),
    );
    await db.destroy();
    expect(ended).toEqual([...ended].sort((a, b) => a - b));
  });
});
