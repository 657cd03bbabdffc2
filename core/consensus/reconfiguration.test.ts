import { describe, expect, it } from "vitest";
import type { GroupConfig } from "./group.ts";
import type { Accepted, KeyState } from "./messages.ts";
import type { Reconfiguration, ReconfigurationCommand, ReconfigurationEvent } from "./reconfiguration.ts";
import { beginReconfiguration, MAX_TRIES, onReconfigurationEvent } from "./reconfiguration.ts";
import type { Rules } from "./rules.ts";
import { SOUND, without } from "./rules.ts";

function configOf(epoch: number, ...nodeIds: string[]): GroupConfig {
  return { group: 0, epoch, members: nodeIds.map((nodeId) => ({ nodeId, incarnation: `${nodeId}-1` })) };
}

const OLD = configOf(1, "n1", "n2", "n3");
const NEW = configOf(2, "n1", "n2", "n4");

function acceptedIn(round: number, id: string): Accepted<string> {
  return { ballot: { epoch: 1, round, proposer: "p" }, value: { version: 1, id, previousId: null, body: id } };
}

class Coordinator {
  state: Reconfiguration<string>;
  commands: readonly ReconfigurationCommand<string>[];
  readonly #rules: Rules;

  constructor(rules: Rules = SOUND, pageKeys = 2) {
    this.#rules = rules;
    const begun = beginReconfiguration<string>(OLD, NEW, "c", pageKeys);
    this.state = begun.state;
    this.commands = begun.commands;
  }

  see(event: ReconfigurationEvent<string>): void {
    const step = onReconfigurationEvent(this.state, event, this.#rules);
    this.state = step.state;
    this.commands = step.commands;
  }

  page(from: string, states: readonly KeyState<string>[], isLast = true): void {
    this.see({ saw: "page", from, states, isLast });
  }

  installed(from: string, count: number): void {
    this.see({ saw: "replies", from, replies: Array.from({ length: count }, () => ({ say: "installed" as const })) });
  }

  get wants(): string[] {
    return this.commands.map((command) =>
      "to" in command && command.do !== "wake" ? `${command.do} ${command.to.nodeId}` : command.do,
    );
  }
}

describe("onReconfigurationEvent()", () => {
  it("seals the old members, installs the highest ballots on the new ones, then activates", () => {
    const coordinator = new Coordinator();
    expect(coordinator.wants).toEqual(["seal n1", "seal n2", "seal n3"]);
    coordinator.page("n1", [{ key: "a", accepted: acceptedIn(1, "low") }]);
    expect(coordinator.wants).toEqual([]);
    coordinator.page("n3", [
      { key: "a", accepted: acceptedIn(2, "high") },
      { key: "b", accepted: acceptedIn(0, "other") },
    ]);
    expect(coordinator.wants).toEqual(["install n1", "install n2", "install n4"]);
    expect(coordinator.commands[0]).toMatchObject({
      config: NEW,
      entries: [
        { ask: "install", key: "a", ballot: { epoch: 2, round: 0, proposer: "c" }, value: { id: "high" } },
        { ask: "install", key: "b", value: { id: "other" } },
      ],
    });
    coordinator.installed("n1", 2);
    expect(coordinator.wants).toEqual([]);
    coordinator.installed("n4", 2);
    expect(coordinator.wants).toEqual(["activate"]);
    coordinator.installed("n2", 2);
    expect(coordinator.commands).toEqual([{ do: "finish", outcome: "installed" }]);
  });

  it("asks page by page for what an acceptor knows, and installs part by part", () => {
    const coordinator = new Coordinator(SOUND, 1);
    coordinator.page("n1", [{ key: "a", accepted: acceptedIn(1, "x") }], false);
    expect(coordinator.commands).toMatchObject([{ do: "seal", after: "a", limit: 1 }]);
    coordinator.page("n1", [{ key: "b", accepted: acceptedIn(1, "y") }]);
    coordinator.page("n2", []);
    expect(coordinator.commands.map((command) => ("entries" in command ? command.entries.length : -1))).toEqual([
      1, 1, 1,
    ]);
    coordinator.installed("n1", 1);
    expect(coordinator.commands).toMatchObject([{ do: "install", to: { nodeId: "n1" }, entries: [{ key: "b" }] }]);
  });

  it("tells a group without keys who votes now", () => {
    const coordinator = new Coordinator();
    coordinator.page("n1", []);
    coordinator.page("n2", []);
    expect(coordinator.commands).toMatchObject([{ entries: [] }, { entries: [] }, { entries: [] }]);
    coordinator.installed("n2", 0);
    coordinator.installed("n4", 0);
    expect(coordinator.wants).toEqual(["activate"]);
  });

  it("leaves out who was asked in vain so often, and fails without a majority", () => {
    const coordinator = new Coordinator();
    for (const from of ["n1", "n2"]) {
      for (let tries = 1; tries < MAX_TRIES; tries += 1) {
        coordinator.see({ saw: "lost", from, to: "seal" });
        expect(coordinator.commands).toMatchObject([{ do: "wake", member: from, to: "seal" }]);
        coordinator.see({ saw: "wake", member: from, to: "seal" });
        expect(coordinator.wants).toEqual([`seal ${from}`]);
      }
      coordinator.see({ saw: "lost", from, to: "seal" });
    }
    expect(coordinator.commands).toEqual([{ do: "finish", outcome: "failed" }]);
  });

  it("does without a member whose disk is another one now", () => {
    const coordinator = new Coordinator();
    const refusal = { say: "stranger", incarnation: "n1-2" } as const;
    coordinator.see({ saw: "refusal", from: "n1", to: "seal", refusal });
    coordinator.page("n2", []);
    coordinator.page("n3", []);
    expect(coordinator.wants).toEqual(["install n1", "install n2", "install n4"]);
    coordinator.see({ saw: "refusal", from: "n1", to: "install", refusal });
    coordinator.installed("n2", 0);
    coordinator.installed("n4", 0);
    expect(coordinator.commands).toEqual([{ do: "activate" }, { do: "finish", outcome: "installed" }]);
  });

  it("gives way to a newer epoch, and to votes in its own", () => {
    const older = new Coordinator();
    older.see({ saw: "refusal", from: "n1", to: "seal", refusal: { say: "sealed", sealedEpoch: 3 } });
    expect(older.commands).toEqual([{ do: "finish", outcome: "failed" }]);
    const late = new Coordinator();
    late.page("n1", [{ key: "a", accepted: acceptedIn(1, "x") }]);
    late.page("n2", []);
    late.see({ saw: "replies", from: "n1", replies: [{ say: "rejected", because: "promised", promised: null }] });
    expect(late.commands).toEqual([{ do: "finish", outcome: "failed" }]);
  });

  it("ignores answers to seal once it installs, and everything when it is done", () => {
    const coordinator = new Coordinator();
    coordinator.page("n1", []);
    coordinator.page("n2", []);
    const before = coordinator.state;
    coordinator.page("n3", [{ key: "late", accepted: acceptedIn(9, "late") }]);
    expect(coordinator.state).toBe(before);
    for (const from of ["n1", "n2", "n4"]) coordinator.installed(from, 0);
    coordinator.installed("n1", 0);
    expect(coordinator.commands).toEqual([]);
  });

  it("activates too early without the rule install-first", () => {
    const coordinator = new Coordinator(without("install-first"));
    coordinator.page("n1", []);
    coordinator.page("n2", []);
    expect(coordinator.wants[0]).toBe("activate");
  });
});
