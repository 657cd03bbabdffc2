import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeliveredMail, NOTE_DEADLINE_MS } from "./delivered-mail.ts";
import type { DeliveredNote } from "./honest-timing.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function note(request: string, session = "mine"): DeliveredNote {
  return {
    ...{ kind: "delivered", session, request, deliveredBytes: 1, servedFrom: "nodes" },
    ...{ firstByteMs: 1, networkMs: 1, rateBytesPerSecond: 1, timesMislead: false, strategy: "smart" },
  };
}

test("DeliveredMail hands out a note that came before it was asked for, once", async () => {
  const mail = new DeliveredMail("mine");
  mail.take(note("r1"));
  expect((await mail.noteOf("r1"))?.request).toBe("r1");
  const again = mail.noteOf("r1");
  await vi.advanceTimersByTimeAsync(NOTE_DEADLINE_MS);
  expect(await again).toBeUndefined();
});

test("DeliveredMail hands out a note that comes while it is waited for", async () => {
  const mail = new DeliveredMail("mine");
  const asked = mail.noteOf("r1");
  mail.take(note("r1"));
  expect((await asked)?.request).toBe("r1");
});

test("DeliveredMail does not keep the notes of another player", async () => {
  const mail = new DeliveredMail("mine");
  mail.take(note("r1", "theirs"));
  const asked = mail.noteOf("r1");
  await vi.advanceTimersByTimeAsync(NOTE_DEADLINE_MS);
  expect(await asked).toBeUndefined();
});

test("DeliveredMail forgets the oldest of too many notes", async () => {
  const mail = new DeliveredMail("mine");
  for (let at = 0; at < 65; at += 1) mail.take(note(`r${at}`));
  const asked = mail.noteOf("r0");
  await vi.advanceTimersByTimeAsync(NOTE_DEADLINE_MS);
  expect(await asked).toBeUndefined();
  expect(await mail.noteOf("r1")).toBeDefined();
});
