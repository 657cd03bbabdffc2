import { describe, expect, test } from "vitest";
import { measureWorkerCost } from "./worker-cost.ts";

describe("measureWorkerCost()", () => {
  test("measures segments that several nodes share, and more than what reading the bytes costs", async () => {
    const cost = await measureWorkerCost({ seed: 1, rounds: 1, warmUp: 2 }, new AbortController().signal);
    expect(cost.requestsPerMiB).toBeGreaterThan(2);
    expect(cost.msPerMiB).toBeGreaterThan(0.1);
  });

  test("stops when it is told to", async () => {
    await expect(measureWorkerCost({ seed: 1 }, AbortSignal.abort(new Error("no more")))).rejects.toThrow("no more");
  });
});
