import { describe, expect, it } from "vitest";
import type { PlaySetup } from "#core/simulation/consensus/playground.ts";
import { keysAt, ladderOf } from "./ballot-ladder.ts";
import { SCENARIO_NAMES } from "./play-address.ts";
import type { Recording } from "./recording.ts";
import { frameAt, record } from "./recording.ts";
import { flyingPoints, ringPlaces, RING_SIZE } from "./ring-layout.ts";
import { spaceTimeOf } from "./space-time-layout.ts";

function recordingOf(play: PlaySetup["play"], more: Partial<PlaySetup> = {}): Recording {
  return record({ play, seed: 1, mutant: null, actions: [], ...more });
}

const nodesOf = (recording: Recording) => frameAt(recording, 0).view.nodes.map(({ nodeId }) => nodeId);

describe("spaceTimeOf()", () => {
  it.each(SCENARIO_NAMES)("%s: every sent message has one arrow, from the event that sent it", (play) => {
    const recording = recordingOf(play);
    const { events } = recording;
    const { arrows } = spaceTimeOf(events, events.length, nodesOf(recording));
    const sent = events.filter(({ kind }) => kind === "send" || kind === "answer");
    expect(arrows.map((arrow) => arrow.message).sort((a, b) => a - b)).toEqual(
      sent.map(({ message }) => message ?? -1).sort((a, b) => a - b),
    );
    for (const arrow of arrows) {
      expect(events[arrow.sent.index]).toBe(arrow.sent);
      if (arrow.ended !== null) expect(arrow.ended.message).toBe(arrow.message);
      expect(arrow.toX).toBeGreaterThanOrEqual(arrow.fromX);
    }
  });

  it("gives a doubled message an arrow of its own", () => {
    const plain = recordingOf("node-failure");
    const flying = plain.frames.find(({ view }) => view.flying.length > 0)?.view;
    const message = flying?.flying[0]?.id ?? -1;
    const actions = [{ afterStep: flying?.step ?? 0, action: { do: "duplicate", message } as const }];
    const doubled = recordingOf("node-failure", { actions });
    const { arrows } = spaceTimeOf(doubled.events, doubled.events.length, nodesOf(doubled));
    const original = arrows.find((arrow) => arrow.message === message);
    expect(arrows.filter((arrow) => arrow.sent === original?.sent)).toHaveLength(2);
  });

  it("never goes back in time, and does not move what was drawn as time goes on", () => {
    const recording = recordingOf("reconfiguration");
    const { events } = recording;
    const whole = spaceTimeOf(events, events.length, nodesOf(recording));
    const half = spaceTimeOf(events, Math.floor(events.length / 2), nodesOf(recording));
    expect(half.widthPx).toBe(whole.widthPx);
    expect(half.marks).toEqual(whole.marks.slice(0, half.marks.length));
    const ticks = whole.ticks.map(({ x }) => x);
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
  });

  it("draws a killed node as down until it starts again", () => {
    const recording = recordingOf("node-failure");
    const { downs } = spaceTimeOf(recording.events, recording.events.length, nodesOf(recording));
    expect(downs.map(({ name }) => name)).toEqual(["n2"]);
    const [down] = downs;
    expect((down?.toX ?? 0) - (down?.fromX ?? 0)).toBeGreaterThan(0);
  });
});

describe("flyingPoints()", () => {
  it("puts every message in flight on the line between its ends, ever further along", () => {
    const recording = recordingOf("concurrent-uploaders");
    const before = new Map<number, number>();
    let seen = 0;
    for (const { view } of recording.frames) {
      const points = flyingPoints(view, ringPlaces(view), recording.events);
      expect(points).toHaveLength(view.flying.length);
      for (const { message, ratio, x, y } of points) {
        seen += 1;
        expect(ratio).toBeGreaterThanOrEqual(before.get(message.id) ?? 0);
        before.set(message.id, ratio);
        for (const place of [x, y]) expect(place >= 0 && place <= RING_SIZE).toBe(true);
      }
    }
    expect(seen).toBeGreaterThan(20);
  });
});

describe("ladderOf()", () => {
  it("shows the owner's ballot accepted by all, and decided", () => {
    const recording = recordingOf("normal");
    const last = recording.frames.length - 1;
    const [key = ""] = keysAt(recording, last);
    const { rungs } = ladderOf(recording, last, key);
    expect(rungs).toHaveLength(1);
    expect(rungs[0]?.ballot).toMatchObject({ epoch: 1, round: 0 });
    expect(rungs[0]?.decidedAt).not.toBeNull();
    expect(rungs[0]?.votes).toBe(5);
    const ofNonMember = rungs[0]?.marks[5];
    expect(ofNonMember?.acceptedAt).toBeNull();
  });

  it("puts the highest ballot on top, and marks what is not on the disk yet", () => {
    const recording = recordingOf("concurrent-uploaders");
    const last = recording.frames.length - 1;
    const rounds = ladderOf(recording, last, "seg-1").rungs.map(({ ballot }) => ballot.round);
    expect(rounds.length).toBeGreaterThan(1);
    expect(rounds).toEqual([...rounds].sort((a, b) => b - a));
    const volatile = recording.frames.some((_, at) =>
      ladderOf(recording, at, "seg-1").rungs.some(({ marks }) =>
        marks.some((mark) => mark.acceptedAt !== null && !mark.isDurable),
      ),
    );
    expect(volatile).toBe(true);
  });

  it("shows what a wiped disk has lost", () => {
    const recording = recordingOf("wiped-disk");
    const wipedAt = recording.frames.findIndex(({ view }) => view.nodes[1]?.incarnation === "n2-2");
    const [rung] = ladderOf(recording, wipedAt, "seg-1").rungs;
    expect(rung?.marks[1]?.isGone).toBe(true);
    expect(rung?.marks[0]?.isGone).toBe(false);
  });
});
