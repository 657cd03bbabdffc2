import { expect, test } from "vitest";
import { parseChunkHash } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { MAX_LOGGED_REQUESTS } from "#wire/contract/byte-log-api.ts";
import { MAX_LAB_SESSIONS } from "#wire/contract/emulation-api.ts";
import { ByteLogs } from "./byte-logs.ts";

const hash = parseChunkHash("ab".repeat(32));
invariant(hash !== undefined, "Cannot name the test's chunk");
const asked = { hash, shard: null, start: 10, end: 30 };

test("ByteLogs says what was asked, what was sent and when it ended", () => {
  let nowMs = 1_000;
  const logs = new ByteLogs(() => nowMs);
  const first = logs.begin("p1", asked);
  const second = logs.begin("p1", { ...asked, shard: 4, start: 0 });
  nowMs = 1_250;
  first.sent(20);
  first.end();
  second.sent(7);
  expect(logs.of("p1")).toEqual({
    requests: [
      { ...asked, sentBytes: 20, arrivedAtMs: 1_000, endedAtMs: 1_250 },
      { ...asked, shard: 4, start: 0, sentBytes: 7, arrivedAtMs: 1_000, endedAtMs: null },
    ],
    forgottenCount: 0,
  });
  expect(logs.of("p2").requests).toEqual([]);
});

test("ByteLogs forgets the oldest requests of a session, and says how many", () => {
  const logs = new ByteLogs(() => 0);
  for (let at = 0; at < MAX_LOGGED_REQUESTS + 3; at += 1) logs.begin("p1", { ...asked, start: at, end: at + 1 });
  const { requests, forgottenCount } = logs.of("p1");
  expect([requests.length, requests[0]?.start, forgottenCount]).toEqual([MAX_LOGGED_REQUESTS, 3, 3]);
});

test("ByteLogs forgets the session that has asked for nothing for longest", () => {
  const logs = new ByteLogs(() => 0);
  logs.begin("old", asked);
  logs.begin("older", asked);
  logs.begin("old", asked);
  for (let at = 0; at < MAX_LAB_SESSIONS - 1; at += 1) logs.begin(`s${at}`, asked);
  expect([logs.of("older").requests.length, logs.of("old").requests.length]).toEqual([0, 2]);
});
