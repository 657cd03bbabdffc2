import { expect, test } from "vitest";
import type { RecoveryState } from "./recovery.ts";
import { afterFault, FRESH_RECOVERY, MAX_MEDIA_TRIES, MAX_NETWORK_TRIES } from "./recovery.ts";

test("afterFault() waits for the network for more than a minute, then gives up", () => {
  let state: RecoveryState = FRESH_RECOVERY;
  let waitedMs = 0;
  for (let tries = 0; tries < MAX_NETWORK_TRIES; tries += 1) {
    const step = afterFault(state, "network");
    if (step.act.do !== "load-again") throw new Error(`Gave up after ${tries} tries`);
    waitedMs += step.act.afterMs;
    state = step.state;
  }
  expect(waitedMs).toBe(79_500);
  expect(afterFault(state, "network").act).toEqual({ do: "give-up" });
});

test("afterFault() rebuilds the decoder a few times, whatever the network did before", () => {
  let state: RecoveryState = { networkTries: MAX_NETWORK_TRIES, mediaTries: 0 };
  for (let tries = 0; tries < MAX_MEDIA_TRIES; tries += 1) {
    const step = afterFault(state, "media");
    expect(step.act).toEqual({ do: "rebuild-decoder" });
    state = step.state;
  }
  expect(afterFault(state, "media").act).toEqual({ do: "give-up" });
});

test("afterFault() gives up at once where trying again cannot help", () => {
  expect(afterFault(FRESH_RECOVERY, "other").act).toEqual({ do: "give-up" });
});
