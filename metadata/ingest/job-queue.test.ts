import { describe, expect, it } from "vitest";
import type { JobPlace } from "./job-queue.ts";
import { jobQueue } from "./job-queue.ts";

/** Jobs that end when told, or at once when they are stopped. */
function controlled() {
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const places = new Map<string, JobPlace>();
  const run = (name: string, place: JobPlace) =>
    new Promise<void>((resolve) => {
      started.push(name);
      places.set(name, place);
      finish.set(name, resolve);
      place.signal.addEventListener("abort", () => {
        resolve();
      });
    });
  return { started, finish, places, run };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("jobQueue()", () => {
  it("runs no more than its number at once, in the order of coming", async () => {
    const { started, finish, run } = controlled();
    const queue = jobQueue<string>({ concurrency: 2, maxWaiting: 5, run });
    for (const name of ["a", "b", "c", "d", "a"]) queue.add(name);
    expect(started).toEqual(["a", "b"]);
    finish.get("b")?.();
    await turn();
    expect(started).toEqual(["a", "b", "c"]);
    expect(queue.size()).toBe(3);
  });

  it("lets the next begin when one steps aside, and counts it no more", async () => {
    const { started, finish, places, run } = controlled();
    const queue = jobQueue<string>({ concurrency: 1, maxWaiting: 5, run });
    for (const name of ["long", "a", "b"]) queue.add(name);
    expect(started).toEqual(["long"]);
    places.get("long")?.stepAside();
    expect(started).toEqual(["long", "a"]);
    finish.get("long")?.();
    await turn();
    expect(started).toEqual(["long", "a"]);
    finish.get("a")?.();
    await turn();
    expect(started).toEqual(["long", "a", "b"]);
  });

  it("says when it is full", () => {
    const { run } = controlled();
    const queue = jobQueue<string>({ concurrency: 1, maxWaiting: 1, run });
    expect([queue.add("a"), queue.add("b"), queue.add("c")]).toEqual([true, true, false]);
  });

  it("cancels waiting jobs without a start and running ones by their signal", async () => {
    const { started, run } = controlled();
    const queue = jobQueue<string>({ concurrency: 1, maxWaiting: 5, run });
    for (const name of ["a", "b", "c"]) queue.add(name);
    await queue.cancel("b", "no");
    await queue.cancel("a", "no");
    expect(started).toEqual(["a", "c"]);
    await queue.close("end");
    expect(queue.size()).toBe(0);
    expect(queue.add("d")).toBe(false);
  });
});
