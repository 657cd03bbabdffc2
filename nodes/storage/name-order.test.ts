import { expect, test } from "vitest";
import { seededRandom } from "#core/random.ts";
import { NameOrder } from "./name-order.ts";

const SEED = 7;

test("NameOrder lists what is there once and in order, whatever came and went before the listing", () => {
  const random = seededRandom(SEED);
  const names = new Map<string, number>();
  const order = new NameOrder(names);
  for (let round = 0; round < 40; round += 1) {
    for (let change = 0; change < 50; change += 1) {
      const name = String(Math.floor(random() * 200));
      if (random() < 0.5) names.delete(name);
      else {
        if (!names.has(name)) order.add(name);
        names.set(name, 1);
      }
    }
    const found: string[] = [];
    let page = order.page("", 9);
    for (; page.length > 0; page = order.page(page.at(-1) ?? "", 9)) found.push(...page);
    expect(found, `seed ${SEED}, round ${round}`).toEqual([...names.keys()].sort());
  }
});

test("NameOrder drops from a listing under way what has gone", () => {
  const names = new Map(["a", "b", "c", "d"].map((name) => [name, 1]));
  const order = new NameOrder(names);
  expect(order.page("", 1)).toEqual(["a"]);
  names.delete("b");
  expect(order.page("a", 1)).toEqual(["c"]);
  expect(order.page("c", 9)).toEqual(["d"]);
  expect(order.page("d", 9)).toEqual([]);
});
