import { describe, expect, it } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { rankHomes } from "./choose-homes.ts";
import { present, segmentOf } from "./placement-register.contract.ts";

const position = segmentOf("b", 3);
/** `a1 a2 b1`: nodes, with their first letter as failure domain; `x`, `y` name none. */
const nodesOf = (names: string) =>
  names.split(" ").map((name) => ({
    ...{ nodeId: present(parseNodeId(name)), url: `http://${name}`, weight: 1 },
    ...(name.length > 1 ? { domain: name.charAt(0) } : {}),
  }));
const membersOf = (names: string) => ({
  ...{ group: 0, epoch: 1 },
  members: nodesOf(names).map(({ nodeId }) => ({ nodeId, incarnation: "disk" })),
});
const ranked = (names: string, members: string, doubtful = "") =>
  rankHomes(position, { nodes: nodesOf(names), config: membersOf(members) }, (nodeId) =>
    doubtful.split(" ").includes(nodeId),
  ).map(({ nodeId }) => nodeId);

describe("rankHomes()", () => {
  it("takes members of the acceptor group first, where nothing is said of failure domains", () => {
    expect(ranked("t u v w x y", "v x y").slice(0, 3).sort()).toEqual(["v", "x", "y"]);
  });

  it("takes one node of each failure domain before a second of any, members or not", () => {
    const homes = ranked("a1 a2 a3 b1 b2 c1", "a1 a2 a3 b1 b2");
    expect(
      homes
        .slice(0, 3)
        .map((name) => name.charAt(0))
        .sort(),
    ).toEqual(["a", "b", "c"]);
    expect(homes.slice(0, 5).filter((name) => name.startsWith("a"))).toHaveLength(2);
    expect(homes).toHaveLength(6);
  });

  it("takes a node of which nothing is said for a domain of its own", () => {
    expect(ranked("a1 a2 a3 x y", "a1 a2 a3").slice(0, 3).sort()).toEqual(expect.arrayContaining(["x", "y"]));
  });

  it("takes nodes that did not answer lately last, whatever their domain", () => {
    expect(ranked("a1 a2 b1 c1", "a1 a2 b1 c1", "c1").at(-1)).toBe("c1");
  });
});
