import { describe, expect, it } from "vitest";
import type { PlaySetup } from "#core/simulation/consensus/playground.ts";
import { playAll } from "#core/simulation/consensus/playground.ts";
import { SCENARIO_NAMES } from "./play-address.ts";
import { eventsOfFrame, frameAt, frameOfEvent, nextFrameWith, record, withAction } from "./recording.ts";

function setupOf(play: PlaySetup["play"], more: Partial<PlaySetup> = {}): PlaySetup {
  return { play, seed: 1, mutant: null, actions: [], ...more };
}

describe("record()", () => {
  it.each(SCENARIO_NAMES)("%s has the log of the simulator, every event in one frame", (play) => {
    const recording = record(setupOf(play));
    const { events, view } = playAll(setupOf(play));
    expect(JSON.stringify(recording.events)).toBe(JSON.stringify(events));
    expect(recording.hash).toMatch(/^[0-9a-f]{8}$/);
    const shown = recording.frames.flatMap((_, at) => eventsOfFrame(recording, at));
    expect(shown).toEqual(events);
    expect(frameAt(recording, recording.frames.length - 1).view.counts).toEqual(view.counts);
  });

  it("has no frame in which nothing is seen, but for the first", () => {
    const recording = record(setupOf("concurrent-uploaders"));
    recording.frames.forEach((_, at) => {
      if (at > 0) expect(eventsOfFrame(recording, at).length, `frame ${at}`).toBeGreaterThan(0);
    });
  });
});

describe("frameOfEvent()", () => {
  it("finds the frame that shows the event", () => {
    const recording = record(setupOf("node-failure"));
    for (const { index } of recording.events) {
      const indices = eventsOfFrame(recording, frameOfEvent(recording, index)).map((event) => event.index);
      expect(indices).toContain(index);
    }
  });
});

describe("nextFrameWith()", () => {
  it("goes from decision to decision, and says when there are no more", () => {
    const recording = record(setupOf("normal"));
    const first = nextFrameWith(recording, 0, ["decide"]);
    const second = nextFrameWith(recording, first, ["decide"]);
    expect(eventsOfFrame(recording, first).map(({ kind }) => kind)).toContain("decide");
    expect(nextFrameWith(recording, recording.frames.length - 1, ["decide"])).toBe(-1);
    expect(second === -1 || second > first).toBe(true);
  });
});

describe("withAction()", () => {
  it("acts at the frame, keeps what was before, and forgets what was planned for later", () => {
    const recording = record(setupOf("normal"));
    const late = record(withAction(recording, 8, { do: "kill", who: "n3" }));
    const early = record(withAction(late, 4, { do: "kill", who: "n2" }));
    expect(early.setup.actions.map(({ action }) => action)).toEqual([{ do: "kill", who: "n2" }]);
    expect(eventsOfFrame(early, 4).at(-1)).toMatchObject({ kind: "crash", node: "n2" });
    const before = frameAt(recording, 4).eventCount;
    expect(early.events.slice(0, before)).toEqual(recording.events.slice(0, before));
  });

  it("goes on when somebody acts after the end", () => {
    const recording = record(setupOf("normal"));
    const longer = record(withAction(recording, recording.frames.length - 1, { do: "read" }));
    expect(longer.events.length).toBeGreaterThan(recording.events.length);
    expect(longer.events.filter(({ kind, node }) => kind === "outcome" && node === "r1")).toHaveLength(1);
  });
});
