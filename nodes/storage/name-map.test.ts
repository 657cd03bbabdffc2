import { expect, test } from "vitest";
import { seededRandom } from "#core/random.ts";
import { NameMap } from "./name-map.ts";
import { testShard } from "./chunk-store.contract.ts";

const SEED = 7;

test("NameMap gives every value once and in the order of the names, whatever came and went", () => {
  const random = seededRandom(SEED);
  const names = Array.from({ length: 60 }, (_, at) => [0, 3, 10].map((shard) => testShard(`${at}`, shard, 4).piece));
  const map = new NameMap<string>();
  const known = new Set<string>();
  for (let round = 0; round < 20; round += 1) {
    for (const name of names.flat()) {
      const chance = random();
      if (chance < 0.3) map.delete(name);
      if (chance < 0.3) known.delete(name);
      if (chance > 0.6) map.set(name, name);
      if (chance > 0.6) known.add(name);
    }
    const found: string[] = [];
    let page = map.page("", 9);
    for (; page.length > 0; page = map.page(page.at(-1) ?? "", 9)) {
      expect(page.length).toBeLessThanOrEqual(9);
      found.push(...page);
    }
    expect(found, `seed ${SEED}, round ${round}`).toEqual([...known].sort());
    expect([...map.values()].sort()).toEqual(found);
  }
});

test("NameMap has nothing under what is no name", () => {
  const map = new NameMap<string>();
  map.set("ab1", "one");
  for (const name of ["", "a", "ab", "zz", "AB1"]) expect(map.get(name), name).toBeUndefined();
  expect(map.get("ab1")).toBe("one");
});
