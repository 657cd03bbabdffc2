import { expect, test } from "vitest";
import { beatLook, beatWords } from "./beat-text.ts";

test("beatLook() forgives a heartbeat that fell into the slot beside", () => {
  expect([beatLook(2, 2, 2), beatLook(1, 3, 2), beatLook(1, 2, 3), beatLook(1, 2, 2)]).toEqual([
    ...["heard", "heard", "heard", "late"],
  ]);
  expect([beatLook(0, 2, 2), beatLook(null, 2, 2)]).toEqual(["silent", "unknown"]);
});

test("beatWords() counts seconds, and leaves out what nobody listened to", () => {
  expect(beatWords([null, null, 2, 1, 0, 2])).toBe(
    "Heartbeats: heard in 6 s of the last 8 s, late in 2 s, silent for 2 s",
  );
  expect(beatWords([null, null])).toBe("Heartbeats: no data yet");
});
