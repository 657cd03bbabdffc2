import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { deadlineSignal } from "./deadline.ts";

it("deadlineSignal() fires through AbortSignal.any although the collector has run meanwhile", async () => {
  setFlagsFromString("--expose_gc");
  const either = AbortSignal.any([new AbortController().signal, deadlineSignal(100)]);
  const fired = new Promise<unknown>((resolve) => {
    either.addEventListener(
      "abort",
      () => {
        resolve(either.reason);
      },
      { once: true },
    );
  });
  // What was made in this turn is held until the next.
  await new Promise((resolve) => setImmediate(resolve));
  runInNewContext("gc()");
  expect(await fired).toMatchObject({ name: "TimeoutError" });
});
