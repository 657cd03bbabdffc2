import { describe, expect, test } from "vitest";
import { measureWorkerCost } from "./worker-cost.ts";

describe("measureWorkerCost()", () => {
  // How much it is depends on who else has the processor, a single round can even come out below the plain reading: that is
  // for the benchmark, which takes the median of many.
  test("measures segments that several nodes share, in as many rounds as are asked for", async () => {
    const cost = await measureWorkerCost({ seed: 1, rounds: 3, warmUp: 2 }, new AbortController().signal);
    expect(cost.requestsPerMiB).toBeGreaterThan(2);
    expect(cost.rounds).toBe(3);
    expect(cost.msPerMiB).not.toBeNaN();
    expect(cost.worstMsPerMiB).toBeGreaterThanOrEqual(cost.msPerMiB);
  });

  test("stops when it is told to", async () => {
    await expect(measureWorkerCost({ seed: 1 }, AbortSignal.abort(new Error("no more")))).rejects.toThrow("no more");
  });
});
