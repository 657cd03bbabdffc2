import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import { VirtualClock } from "./virtual-clock.ts";

const FOR_EVER = () => false;

function orderOfTies(seed: number): number[] {
  const clock = new VirtualClock(seededRandom(seed));
  const seen: number[] = [];
  for (let at = 0; at < 8; at += 1) clock.at(5, () => seen.push(at));
  clock.run(FOR_EVER);
  return seen;
}

describe("VirtualClock", () => {
  it("does everything in the order of time, what is added on the way too", () => {
    const clock = new VirtualClock(seededRandom(1));
    const seen: string[] = [];
    const note = (text: string) => () => seen.push(`${text} at ${clock.nowMs}`);
    clock.at(30, note("late"));
    clock.at(10, () => {
      note("early")();
      clock.at(20, note("between"));
      clock.at(3, note("past"));
    });
    clock.run(FOR_EVER);
    expect(seen).toEqual(["early at 10", "past at 10", "between at 20", "late at 30"]);
  });

  it("orders a moment by its seed, and the same way again", () => {
    expect(orderOfTies(1)).toEqual(orderOfTies(1));
    expect(orderOfTies(1)).not.toEqual(orderOfTies(2));
    expect(orderOfTies(1).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("forgets what was cancelled, and stops when told to", () => {
    const clock = new VirtualClock(seededRandom(1));
    const seen: number[] = [];
    clock.at(1, () => seen.push(1)).cancel();
    for (const atMs of [2, 3, 4]) clock.at(atMs, () => seen.push(atMs));
    clock.run(() => clock.nowMs >= 3);
    expect(seen).toEqual([2, 3]);
  });
});
