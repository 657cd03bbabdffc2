import { describe, expect, it } from "vitest";
import { videoIdFromBytes } from "#core/ids.ts";
import { VIDEO_SORTS } from "#wire/contract/catalog-api.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { videoIdOf } from "../placement/placement-register.contract.ts";
import { catalogStoreContract } from "./catalog-store.contract.ts";
import { memoryCatalog } from "./memory-store.ts";
import { SORTED_BY } from "./sqlite-list.ts";
import { sqliteCatalog } from "./sqlite-store.ts";

catalogStoreContract("memoryCatalog()", memoryCatalog);
catalogStoreContract("sqliteCatalog()", () => sqliteCatalog(openDatabase(IN_MEMORY)));

describe("sqliteCatalog()", () => {
  it("forgets the oldest viewings beyond its limit", async () => {
    const db = openDatabase(IN_MEMORY);
    const store = sqliteCatalog(db, 10);
    await store.createVideo({ id: videoIdOf("b"), title: "B", createdAtMs: 0 });
    for (let viewing = 0; viewing < 25; viewing += 1) await store.countView(videoIdOf("b"), `viewing-${viewing}`);
    const rows = await db.selectFrom("viewings").selectAll().execute();
    expect(rows).toHaveLength(10);
    expect(await store.countView(videoIdOf("b"), "viewing-24")).toEqual({ views: 25, counted: false });
  });

  it.each(VIDEO_SORTS)("reads a page by %s in order from an index", async (sort) => {
    const db = openDatabase(IN_MEMORY);
    const store = sqliteCatalog(db);
    for (let index = 0; index < 300; index += 1) {
      const id = videoIdFromBytes(
        Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? index & 255 : at === 1 ? index >> 8 : 0)),
      );
      await store.createVideo({ id, title: `Video ${index % 17}`, createdAtMs: index });
    }
    const [column, direction] = SORTED_BY[sort];
    const plan = await db
      .selectFrom("videos")
      .selectAll()
      .where("state", "!=", "removing")
      .orderBy(column, direction)
      .orderBy("id", direction)
      .limit(20)
      .explain();
    // SQLite opens a sorter when no index gives the order.
    expect(JSON.stringify(plan)).not.toMatch(/SorterOpen/);
  });
});
