import { describe, expect, it } from "vitest";
import type { PlaySetup } from "#core/simulation/consensus/playground.ts";
import type { UserAction } from "#core/simulation/consensus/user-actions.ts";
import { MAX_ACTIONS, parseQuery, queryOf } from "./play-address.ts";

const FRESH: PlaySetup = { play: "normal", seed: 1, mutant: null, actions: [] };
const DEEDS: readonly UserAction[] = [
  { do: "drop", message: 3 },
  { do: "delay", message: 4, byMs: 50 },
  { do: "duplicate", message: 5 },
  { do: "kill", who: "n1" },
  { do: "kill", who: "sweeper" },
  { do: "restart", who: "u1" },
  { do: "wipe", node: "n2" },
  { do: "partition", nodes: ["n1", "n2"] },
  { do: "heal" },
  { do: "rival" },
  { do: "read" },
  { do: "reconfigure", nodes: ["n3", "n4", "n5"] },
];

describe("parseQuery()", () => {
  it("reads back what queryOf() makes, every action included", () => {
    const actions = DEEDS.map((action, afterStep) => ({ afterStep, action }));
    const setup: PlaySetup = { play: "wiped-disk", seed: 77, mutant: "incarnation", actions };
    expect(parseQuery(queryOf({ setup, at: 12 }))).toEqual({ setup, at: 12 });
    expect(parseQuery(queryOf({ setup: FRESH, at: 0 }))).toEqual({ setup: FRESH, at: 0 });
  });

  it("opens a schedule by its seed", () => {
    expect(parseQuery("scenario=schedule&seed=2953&break=own-epoch").setup).toEqual({
      ...{ play: "schedule", seed: 2953, mutant: "own-epoch", actions: [] },
    });
  });

  it.each([
    "",
    "scenario=none",
    "seed=-1",
    "seed=1e9",
    "break=everything",
    "at=x",
    "do=x.kill.n1",
    "do=1.kill",
    "do=1.kill.N1",
    "do=1.drop.x",
    "do=1.cut",
    "do=1.explode.n1",
    "do=1.delay.3.99999999",
    "do=__proto__.kill.n1",
  ])("shows what is usual where %j does not read", (text) => {
    expect(parseQuery(text)).toEqual({ setup: FRESH, at: 0 });
  });

  it("takes so many actions at most, in the order of their steps", () => {
    const many = Array.from({ length: MAX_ACTIONS + 20 }, (_, at) => `${1000 - at}.read`).join("_");
    const steps = parseQuery(`do=${many}`).setup.actions.map(({ afterStep }) => afterStep);
    expect(steps).toHaveLength(MAX_ACTIONS);
    expect(steps).toEqual([...steps].sort((one, other) => one - other));
  });
});
