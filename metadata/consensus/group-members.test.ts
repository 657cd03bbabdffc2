import { describe, expect, it } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { AcceptorNode } from "./group-members.ts";
import { membersFor, sameMembers } from "./group-members.ts";

const node = (name: string, over: Partial<AcceptorNode> = {}): AcceptorNode => ({
  ...{ nodeId: present(parseNodeId(name)), incarnation: `${name}.1`, presence: "here" },
  ...{ isWelcome: true, isDraining: false, ...over },
});
const nodesOf = (count: number) => Array.from({ length: count }, (_, index) => node(`n${index + 1}`));
const namesOf = (members: readonly { readonly nodeId: string }[]) => members.map(({ nodeId }) => nodeId).sort();
const change = (nodes: AcceptorNode[], name: string, over: Partial<AcceptorNode>) =>
  nodes.map((one) => (one.nodeId === name ? { ...one, ...over } : one));

describe("membersFor()", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
    [5, 5],
    [9, 5],
  ])("makes a new group of %i nodes one of %i members", (count, size) => {
    expect(membersFor({ group: 1, current: [], nodes: nodesOf(count), wanted: 5 })).toHaveLength(size);
  });

  it("spreads groups over the nodes, and chooses alike whoever asks", () => {
    const nodes = nodesOf(9);
    const chosen = new Set<string>();
    for (let group = 0; group < 64; group += 1) {
      const members = membersFor({ group, current: [], nodes, wanted: 3 });
      expect(membersFor({ group, current: [], nodes: [...nodes].reverse(), wanted: 3 })).toEqual(members);
      for (const { nodeId } of members) chosen.add(nodeId);
    }
    expect(chosen.size).toBe(9);
  });

  it("takes a silent node into a new group rather than too few, and one that was never asked never", () => {
    const [a, b, c] = nodesOf(3) as [AcceptorNode, AcceptorNode, AcceptorNode];
    const silent = { ...c, presence: "silent" } as const;
    expect(membersFor({ group: 1, current: [], nodes: [a, b, silent], wanted: 5 })).toHaveLength(3);
    const unasked = { ...silent, isWelcome: false };
    expect(namesOf(membersFor({ group: 1, current: [], nodes: [a, b, unasked], wanted: 5 }))).toEqual(["n1", "n2"]);
  });

  const five = nodesOf(5);
  const current = membersFor({ group: 7, current: [], nodes: five, wanted: 5 });

  it("leaves members that are silent for a while, or not asked yet after a restart", () => {
    const six = [...five, node("n6")];
    for (const over of [{ presence: "silent" }, { presence: "silent", isWelcome: false }] as const) {
      const members = membersFor({ group: 7, current, nodes: change(six, "n2", over), wanted: 5 });
      expect(sameMembers(members, current)).toBe(true);
    }
  });

  it("takes a wiped member in under its new incarnation as soon as it is here", () => {
    const wiped = change(five, "n2", { incarnation: "n2.2" });
    expect(membersFor({ group: 7, current, nodes: wiped, wanted: 5 })).toContainEqual({
      nodeId: "n2",
      incarnation: "n2.2",
    });
    const silent = change(wiped, "n2", { incarnation: "n2.2", presence: "silent" });
    expect(sameMembers(membersFor({ group: 7, current, nodes: silent, wanted: 5 }), current)).toBe(true);
  });

  it("replaces a member that is gone when there is another node, and keeps it when there is none", () => {
    const gone = change(five, "n2", { presence: "gone" });
    expect(sameMembers(membersFor({ group: 7, current, nodes: gone, wanted: 5 }), current)).toBe(true);
    const members = membersFor({ group: 7, current, nodes: [...gone, node("n6")], wanted: 5 });
    expect(namesOf(members)).toEqual(["n1", "n3", "n4", "n5", "n6"]);
  });

  it("lets a drained member go, with a replacement or as an odd number of the others", () => {
    const drained = change(five, "n2", { isDraining: true });
    const fewer = membersFor({ group: 7, current, nodes: drained, wanted: 5 });
    expect(fewer).toHaveLength(3);
    expect(namesOf(fewer)).not.toContain("n2");
    const replaced = membersFor({ group: 7, current, nodes: [...drained, node("n6")], wanted: 5 });
    expect(namesOf(replaced)).toEqual(["n1", "n3", "n4", "n5", "n6"]);
  });

  it("grows from three to five when nodes join, and keeps who was there", () => {
    const three = membersFor({ group: 7, current: [], nodes: nodesOf(4), wanted: 5 });
    const grown = membersFor({ group: 7, current: three, nodes: five, wanted: 5 });
    expect(grown).toHaveLength(5);
    for (const member of three) expect(grown).toContainEqual(member);
    expect(membersFor({ group: 7, current: three, nodes: five, wanted: 3 })).toHaveLength(3);
  });

  it("is content with what it made", () => {
    for (const count of [1, 2, 3, 4, 5, 6, 9]) {
      const nodes = nodesOf(count);
      const members = membersFor({ group: 3, current: [], nodes, wanted: 5 });
      expect(sameMembers(membersFor({ group: 3, current: members, nodes, wanted: 5 }), members)).toBe(true);
    }
  });
});
