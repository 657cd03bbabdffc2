import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import { addToWindow, MAX_WINDOW_SAMPLES, windowOf } from "./quantiles.ts";

describe("addToWindow()", () => {
  it("comes to the same as a window made of the newest samples, many of them equal", () => {
    const random = seededRandom(5);
    const window = windowOf([]);
    const all: number[] = [];
    for (let count = 0; count < 40 * MAX_WINDOW_SAMPLES; count += 1) {
      const sample = Math.floor(random() * 20);
      all.push(sample);
      addToWindow(window, sample);
      expect(window, `sample ${count} of seed 5`).toEqual(windowOf(all));
    }
  });
});
