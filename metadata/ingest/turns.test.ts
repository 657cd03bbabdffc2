import { describe, expect, it } from "vitest";
import { oneAtATime } from "./turns.ts";

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("oneAtATime()", () => {
  it("gives turns in the order of asking", async () => {
    const turns = oneAtATime();
    const began: string[] = [];
    const ends = new Map<string, () => void>();
    for (const name of ["a", "b", "c"]) {
      void turns.take(never).then((end) => {
        began.push(name);
        ends.set(name, end);
      });
    }
    await settled();
    expect([began, turns.isTaken()]).toEqual([["a"], true]);
    ends.get("a")?.();
    ends.get("a")?.();
    await settled();
    expect(began).toEqual(["a", "b"]);
    ends.get("b")?.();
    await settled();
    ends.get("c")?.();
    expect([began, turns.isTaken()]).toEqual([["a", "b", "c"], false]);
  });

  it("goes on behind one that gave up waiting, but not before those ahead of it", async () => {
    const turns = oneAtATime();
    const endFirst = await turns.take(never);
    const stopping = new AbortController();
    const second = turns.take(stopping.signal);
    let hasThird = false;
    const third = turns.take(never).then((end) => {
      hasThird = true;
      return end;
    });
    stopping.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    await settled();
    expect(hasThird).toBe(false);
    endFirst();
    (await third)();
    expect(turns.isTaken()).toBe(false);
  });
});
