import { describe, expect, it } from "vitest";
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import { parseNodeId } from "#core/ids.ts";
import type { GroupsAnswer } from "#wire/client/acceptor-client.ts";
import { present } from "../placement/placement-register.contract.ts";
import { evidenceOf, missingFor } from "./group-evidence.ts";

const members = (...names: string[]): Member[] => names.map((nodeId) => ({ nodeId, incarnation: `${nodeId}.1` }));
const config = (epoch: number, ...names: string[]): GroupConfig => ({ group: 3, epoch, members: members(...names) });
const answer = (name: string, facts: Partial<GroupsAnswer["groups"][number]>): GroupsAnswer => ({
  ...{ nodeId: present(parseNodeId(name)), incarnation: `${name}.1` },
  groups: [{ group: 3, sealedEpoch: 0, active: null, installed: null, keyCount: 1, ...facts }],
});
const one = config(1, "a", "b", "c");
const two = config(2, "b", "c", "d");
const evidence = (...answers: GroupsAnswer[]) => present(evidenceOf(answers)[0]);

describe("evidenceOf()", () => {
  it("names the newest members in whose epoch somebody proposed, and no older ones", () => {
    const found = evidence(answer("a", { active: one }), answer("b", { active: two, installed: two }));
    expect(found).toEqual({ group: 3, usedEpoch: 2, configs: [two] });
  });

  it("names members that values were installed for as well: they may have voted or not", () => {
    const found = evidence(answer("a", { active: one, sealedEpoch: 2 }), answer("b", { installed: two }));
    expect(found).toEqual({ group: 3, usedEpoch: 2, configs: [one, two] });
  });

  it("counts epochs that nobody names", () => {
    expect(evidence(answer("a", { active: one, sealedEpoch: 7 })).usedEpoch).toBe(7);
  });
});

describe("missingFor()", () => {
  const named = ["a", "b", "c", "d"];

  it("is content with a majority of each of the members", () => {
    const found = evidence(answer("a", { active: one }), answer("b", { installed: two }));
    expect(missingFor(found, { present: members("b", "c"), named })).toBeNull();
  });

  it("says who is missing of which epoch", () => {
    const found = evidence(answer("a", { active: one }), answer("b", { installed: two }));
    expect(missingFor(found, { present: members("a", "b"), named })).toMatch(/2 of 3 members of epoch 2.*: c, d$/);
  });

  it("does not count a wiped member", () => {
    const wiped = [...members("a"), { nodeId: "b", incarnation: "b.2" }];
    expect(missingFor(evidence(answer("a", { active: one })), { present: wiped, named })).toMatch(/epoch 1.*: b, c$/);
  });

  it("wants every node when members of an epoch are not known by name", () => {
    const found = evidence(answer("a", { active: one, sealedEpoch: 2 }));
    expect(missingFor(found, { present: members("a", "b", "c"), named })).toMatch(/epoch 2.*: d$/);
    expect(missingFor(found, { present: members("a", "b", "c", "d"), named })).toBeNull();
  });
});
