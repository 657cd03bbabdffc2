import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { replayRecording } from "#core/simulation/replay.ts";
import type { EngineRecording } from "./engine-recording.ts";
import { EngineRecordingSchema } from "./engine-recording.ts";

/** Made by e2e/flows/recording.spec.ts: the head of the recording, then one note a line. */
const FILE = new URL("chromium-recording.jsonl", import.meta.url);
const HOW_TO_RENEW =
  "The engine decides otherwise than when this was recorded. When it is meant to: VSTACK_RECORDING_OUT=" +
  "wire/contract/chromium-recording.jsonl npx playwright test e2e/flows/recording.spec.ts";

function recordedInChromium(): EngineRecording {
  const [head, ...notes] = readFileSync(FILE, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  return v.parse(EngineRecordingSchema, { ...Object(head), notes });
}

describe("a recording made in Chromium", () => {
  test("replays to the same decisions, to the byte", () => {
    const recording = recordedInChromium();
    const replay = replayRecording(recording);
    expect(replay.difference, HOW_TO_RENEW).toBeNull();
    expect(replay.steps).toBeGreaterThan(150);
    expect(replay.commands).toBeGreaterThan(80);
  });

  test("holds what makes a replay hard: fetches ahead that were wanted, stopped ones, blocks handed over or asked twice", () => {
    const { notes } = recordedInChromium();
    const events = notes.flatMap((note) => (note.is === "event" ? [note.event.saw] : []));
    const causes = notes.flatMap((note) =>
      note.is === "estimate"
        ? []
        : note.commands.flatMap((command) => (command.do === "start" ? [command.because] : [])),
    );
    expect(events).toEqual(expect.arrayContaining(["wanted", "wake", "block-ok"]));
    expect(causes).toEqual(expect.arrayContaining(["first", "ahead"]));
    expect(causes.some((cause) => cause === "steal" || cause === "hedge")).toBe(true);
  });

  test("is told apart when events came a tenth of a millisecond later", () => {
    const recording = recordedInChromium();
    const notes = recording.notes.map((note) => (note.is === "event" ? { ...note, nowMs: note.nowMs + 0.1 } : note));
    expect(replayRecording({ ...recording, notes }).difference).not.toBeNull();
  });
});

describe("EngineRecordingSchema", () => {
  test.each<[string, (recording: EngineRecording) => unknown]>([
    ["another version", (recording) => ({ ...recording, schema: 2 })],
    ["a note of an unknown kind", (recording) => ({ ...recording, notes: [{ is: "guess" }] })],
    ["a command that is none", (recording) => ({ ...recording, notes: [{ ...begin(recording), commands: [{}] }] })],
    ["an unknown strategy", (recording) => withInput(recording, { strategy: "best" })],
    ["a seed that is no number", (recording) => ({ ...recording, notes: [{ ...begin(recording), seed: "7" }] })],
  ])("refuses %s", (_name, change) => {
    const recording = recordedInChromium();
    expect(v.safeParse(EngineRecordingSchema, recording).success).toBe(true);
    expect(v.safeParse(EngineRecordingSchema, change(recording)).success).toBe(false);
  });
});

function begin({ notes }: EngineRecording) {
  const found = notes.find((note) => note.is === "begin");
  if (found === undefined) throw new Error("The recording begins no fetch");
  return found;
}

function withInput(recording: EngineRecording, input: object): unknown {
  const first = begin(recording);
  return { ...recording, notes: [{ ...first, input: { ...first.input, ...input } }] };
}
