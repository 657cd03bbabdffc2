/** What every {@link Table} must do. Memory runs it in Node, IndexedDB in a browser. */
import { describe, expect, it } from "vitest";
import type { Table } from "./table.ts";

/** @param make gives an empty table that keeps `maxRows` rows */
export function tableContract(name: string, make: (maxRows: number) => Promise<Table>): void {
  describe(`Table (${name})`, () => {
    it("gives back what was put, and undefined for the rest", async () => {
      const table = await make(10);
      await table.put([{ key: "a", order: 1, value: { text: "one", list: [1, 2] } }]);
      expect(await table.get("a")).toEqual({ text: "one", list: [1, 2] });
      expect(await table.get("b")).toBeUndefined();
    });

    it("replaces the row of the same key", async () => {
      const table = await make(10);
      await table.put([{ key: "a", order: 1, value: "old" }]);
      await table.put([{ key: "a", order: 2, value: "new" }]);
      expect(await table.newest(10)).toEqual([{ key: "a", order: 2, value: "new" }]);
    });

    it("lists the newest first, whatever the order of writing", async () => {
      const table = await make(10);
      await table.put([3, 1, 2].map((order) => ({ key: `row-${order}`, order, value: order })));
      expect((await table.newest(2)).map((row) => row.value)).toEqual([3, 2]);
    });

    it("drops the oldest beyond its limit", async () => {
      const table = await make(3);
      for (const order of [5, 1, 4, 2, 3]) await table.put([{ key: `row-${order}`, order, value: order }]);
      expect((await table.newest(10)).map((row) => row.value)).toEqual([5, 4, 3]);
      expect(await table.get("row-1")).toBeUndefined();
    });

    it("keeps a copy: changing the value afterwards changes nothing", async () => {
      const table = await make(10);
      const value = { count: 1 };
      await table.put([{ key: "a", order: 1, value }]);
      value.count = 2;
      expect(await table.get("a")).toEqual({ count: 1 });
    });

    it("removes rows, and does not mind absent ones", async () => {
      const table = await make(10);
      await table.put([
        { key: "a", order: 1, value: 1 },
        { key: "b", order: 2, value: 2 },
      ]);
      await table.remove(["a", "missing"]);
      expect((await table.newest(10)).map((row) => row.key)).toEqual(["b"]);
    });
  });
}
