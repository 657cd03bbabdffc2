import { expect, test } from "vitest";
import { sampleTrace } from "../state/sample-trace.contract.ts";
import { knownPlayers, shortName } from "./known-players.ts";

const asked = (session: string, startedAtMs: number) => sampleTrace({ session, startedAtMs });
const network = (session: string | null) => ({
  ...{ id: "values", expect: "", kind: "independent" as const, session, seed: 1, startedAtMs: 0 },
  ...{ accessBytesPerSecond: 1e12, lastChangeMs: 0, nodes: [] },
});

test("knownPlayers() lists those of this browser by their last request, then others that have a network or are chosen", () => {
  const nowMs = 1_000_000;
  const traces = [asked("a", nowMs - 5000), asked("b", nowMs - 1000), asked("a", nowMs - 3000), asked("old", 0)];
  const networks = [network(null), network("elsewhere"), network("a")];
  expect(knownPlayers(traces, { networks, chosen: "chosen", nowMs })).toEqual([
    { session: "b", askedMsAgo: 1000 },
    { session: "a", askedMsAgo: 3000 },
    { session: "chosen", askedMsAgo: null },
    { session: "elsewhere", askedMsAgo: null },
  ]);
});

test("shortName() leaves short names alone", () => {
  expect(shortName("bench-1")).toBe("bench-1");
  expect(shortName("0123456789abcdef")).toBe("012345…");
});
