import { describe, expect, it } from "vitest";
import type { RuleName } from "../../consensus/rules.ts";
import { explain } from "./explain.ts";
import { compareMessages } from "./message-counts.ts";
import type { PlaySetup, TimedAction } from "./playground.ts";
import { playAll, Playground, playTo } from "./playground.ts";
import { runSchedule } from "./run-schedule.ts";
import { without } from "../../consensus/rules.ts";
import type { ScenarioName } from "./scenarios.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { UserAction } from "./user-actions.ts";

const NAMES = Object.keys(SCENARIOS).filter((name): name is ScenarioName => name in SCENARIOS);

function setupOf(play: PlaySetup["play"], more: Partial<PlaySetup> = {}): PlaySetup {
  return { play, seed: 1, mutant: null, actions: [], ...more };
}

describe("SCENARIOS", () => {
  it.each(NAMES)("%s ends without violation and with a decision, whatever the seed", (name) => {
    for (let seed = 0; seed < 25; seed += 1) {
      const { events, view } = playAll(setupOf(name, { seed }));
      expect(view.violation, `seed ${seed}`).toBeNull();
      expect(
        events.filter(({ kind }) => kind === "outcome" || kind === "decide").length,
        `seed ${seed}`,
      ).toBeGreaterThan(1);
      expect(
        view.programs.every(({ proposals }) => proposals.length === 0),
        `seed ${seed}`,
      ).toBe(true);
    }
  });

  const lessons = NAMES.flatMap((name) => {
    const { lesson } = SCENARIOS[name];
    return lesson === null ? [] : [{ name, ...lesson }];
  });
  it.each(lessons)(
    "$name ends in a violation of $invariant without the rule $mutant",
    ({ name, mutant, seed, invariant }) => {
      const { events, view } = playAll(setupOf(name, { seed, mutant }));
      expect(view.violation?.invariant).toBe(invariant);
      expect(events.at(-1)?.kind).toBe("violation");
    },
  );
});

describe("Playground", () => {
  it("plays the same setup the same, byte for byte, also when it is played step by step", () => {
    for (const name of NAMES) {
      const whole = playAll(setupOf(name));
      const stepped = new Playground(setupOf(name));
      while (stepped.step());
      expect(JSON.stringify(stepped.events), name).toBe(JSON.stringify(whole.events));
      expect(JSON.stringify(stepped.view), name).toBe(JSON.stringify(whole.view));
    }
  });

  it("goes back by playing again to an earlier step", () => {
    const whole = playAll(setupOf("concurrent-uploaders"));
    const early = playTo(setupOf("concurrent-uploaders"), 7);
    expect(early.steps).toBe(7);
    expect(early.events).toEqual(whole.events.slice(0, early.events.length));
    expect(early.view.isOver).toBe(false);
  });

  it("shows every message in flight with the event that sent it, and every arrival with its message", () => {
    const playground = new Playground(setupOf("concurrent-uploaders"));
    do {
      for (const message of playground.view.flying) {
        const sent = playground.events[message.cause ?? -1];
        expect(sent).toMatchObject({ node: message.from, peer: message.to });
        expect(["send", "answer"]).toContain(sent?.kind);
      }
    } while (playground.step());
    expect(playground.view.flying).toEqual([]);
  });

  it("shows what is in memory and not yet on the disk", () => {
    const playground = new Playground(setupOf("normal"));
    const unflushed = () =>
      playground.view.nodes.some(({ registers }) => registers.some(({ memory, disk }) => disk !== memory));
    let seen = false;
    while (playground.step()) seen ||= unflushed();
    expect(seen).toBe(true);
    expect(unflushed()).toBe(false);
  });

  it("opens any schedule of the simulator, and ends in its violation", () => {
    const mutant: RuleName = "adoption";
    const result = runSchedule(0, without(mutant));
    const { view, events } = playAll(setupOf("schedule", { seed: 0, mutant }));
    expect(result.violation).not.toBeNull();
    expect(view.violation).toEqual(result.violation);
    expect(events.filter(({ kind }) => kind === "violation")).toHaveLength(1);
  });

  const act = (afterStep: number, action: UserAction): TimedAction => ({ afterStep, action });

  it("drops, delays and repeats the message that is named", () => {
    const first = playTo(setupOf("node-failure"), 2).view.flying[0];
    expect(first).toBeDefined();
    const message = first?.id ?? -1;
    const kindsWith = (action: UserAction) =>
      playAll(setupOf("node-failure", { actions: [act(2, action)] }))
        .events.filter((event) => event.message === message)
        .map(({ kind }) => kind);
    expect(kindsWith({ do: "drop", message })).toEqual(["send", "drop"]);
    expect(kindsWith({ do: "delay", message, byMs: 30 })).toEqual(["send", "delay", "deliver"]);
    expect(kindsWith({ do: "duplicate", message })).toContain("duplicate");
    expect(kindsWith({ do: "drop", message: 9999 })).not.toContain("drop");
  });

  it("decides all the same when a person kills, wipes, cuts off and brings back", () => {
    const actions: TimedAction[] = [
      act(3, { do: "kill", who: "n1" }),
      act(6, { do: "partition", nodes: ["n2", "n3"] }),
      act(8, { do: "rival" }),
      act(20, { do: "heal" }),
      act(22, { do: "restart", who: "n1" }),
      act(24, { do: "wipe", node: "n4" }),
      act(30, { do: "reconfigure", nodes: ["n1", "n2", "n3", "n4", "n5"] }),
      act(60, { do: "read" }),
    ];
    for (let seed = 0; seed < 50; seed += 1) {
      const { view, events } = playAll(setupOf("concurrent-uploaders", { seed, actions }));
      expect(view.violation, `seed ${seed}`).toBeNull();
      expect(view.isOver, `seed ${seed}`).toBe(true);
      const told = events.filter(({ kind, node }) => kind === "outcome" && node.startsWith("r"));
      expect(
        told.map(({ valueId }) => valueId === null),
        `seed ${seed}`,
      ).toEqual([false]);
    }
  });

  it("explains every event", () => {
    for (const name of NAMES) {
      for (const event of playAll(setupOf(name)).events) {
        expect(explain(event), `${name}: ${event.kind}`).not.toBe("");
        expect(event.text, `${name}: ${event.kind}`).not.toBe("");
      }
    }
  });
});

describe("compareMessages()", () => {
  it("counts six messages for a chunk with its bytes, and four for each batch with five acceptors", () => {
    for (const chunks of [1, 2, 60]) {
      const { chunkPaxos } = compareMessages({ seed: 1, acceptors: 5, chunks });
      expect(chunkPaxos).toEqual({ messages: 6 * chunks + 4, withBytes: 6 * chunks, roundTrips: 1 });
    }
  });

  it("counts exactly six with three acceptors, where classic Paxos beside a PUT has eighteen", () => {
    expect(compareMessages({ seed: 1, acceptors: 3, chunks: 1 })).toEqual({
      chunkPaxos: { messages: 6, withBytes: 6, roundTrips: 1 },
      classicPaxos: { messages: 18, withBytes: 6, roundTrips: 3 },
    });
  });
});
