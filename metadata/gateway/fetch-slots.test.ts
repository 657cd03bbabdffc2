import { describe, expect, it } from "vitest";
import { fetchSlots } from "./fetch-slots.ts";

const never = new AbortController().signal;

describe("fetchSlots()", () => {
  it("hands a slot over in the order of coming", async () => {
    const slots = fetchSlots(1, 2);
    const order: string[] = [];
    const first = await slots.take(never);
    const second = slots.take(never).then((give) => {
      order.push("second");
      give();
    });
    const third = slots.take(never).then((give) => {
      order.push("third");
      give();
    });
    first();
    first();
    await Promise.all([second, third]);
    expect(order).toEqual(["second", "third"]);
    expect(slots.inUse()).toBe(0);
  });

  it("refuses whoever finds the queue full", async () => {
    const slots = fetchSlots(1, 0);
    await slots.take(never);
    await expect(slots.take(never)).rejects.toMatchObject({ code: "unavailable" });
  });

  it("forgets who gave up waiting", async () => {
    const slots = fetchSlots(1, 1);
    const give = await slots.take(never);
    const gone = new AbortController();
    const waiting = slots.take(gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    give();
    expect(slots.inUse()).toBe(0);
  });
});
