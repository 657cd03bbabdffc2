/**
 * Named scenarios for people: a few programs, what befalls them, and which rule to break to see what it is for. They only
 * plan who begins what and what fails when; what follows is what the machines do.
 */
import type { RuleName } from "../../consensus/rules.ts";
import type { Body, InvariantName } from "./events.ts";
import type { Client } from "./client.ts";
import type { UserAction } from "./user-actions.ts";
import { carryOut, KEY } from "./user-actions.ts";
import type { World } from "./world.ts";

export type ScenarioName =
  | "normal"
  | "concurrent-uploaders"
  | "node-failure"
  | "lost-acknowledgement"
  | "owner-crash"
  | "wiped-disk"
  | "reply-before-flush"
  | "disjoint-groups"
  | "reconfiguration"
  | "replication-to-erasure";

export interface Scenario {
  readonly title: string;
  /** What is to be seen, in a sentence or two. */
  readonly words: string;
  readonly nodeCount: number;
  readonly acceptors: 3 | 5;
  readonly flushMsMost: number;
  /** The rule that the scenario is about, and what breaks without it, with this seed. */
  readonly lesson: { readonly mutant: RuleName; readonly seed: number; readonly invariant: InvariantName } | null;
  readonly plan: (world: World) => void;
}

const HOLDERS = ["n1", "n2", "n3"];
const COPIES: Body = { text: "3 copies", holders: HOLDERS };

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  normal: {
    title: "Nothing fails",
    words:
      "Two chunks of one video. The bytes carry the Accept to three holders; the other two members get one message for both chunks. One round trip, and the values are decided.",
    ...{ nodeCount: 6, acceptors: 5, flushMsMost: 3, lesson: null },
    plan: (world) => {
      at(world, 0, () => upload(world, "u1", [KEY, "seg-2"]));
    },
  },
  "concurrent-uploaders": {
    title: "Two uploaders, one position",
    words:
      "The owner skips the first phase, the rival prepares. Whoever is second finds the other's value, finishes it, and is told who won.",
    ...{ nodeCount: 5, acceptors: 5, flushMsMost: 3 },
    lesson: { mutant: "adoption", seed: 0, invariant: "agreement" },
    plan: (world) => {
      at(world, 0, () => upload(world, "u1", [KEY]));
      at(world, 5, () => uploadAsRival(world, "v1"));
    },
  },
  "node-failure": {
    title: "A node is dead",
    words: "One of five acceptors does not answer. Three are a majority: nobody waits for the dead one.",
    ...{ nodeCount: 5, acceptors: 5, flushMsMost: 3 },
    lesson: { mutant: "majority", seed: 66, invariant: "linearizable" },
    plan: (world) => {
      at(world, 0, () => act(world, { do: "kill", who: "n2" }));
      at(world, 1, () => upload(world, "u1", [KEY]));
      at(world, 6, () => uploadAsRival(world, "v1"));
      at(world, 80, () => act(world, { do: "restart", who: "n2" }));
      at(world, 90, () => act(world, { do: "read" }));
    },
  },
  "lost-acknowledgement": {
    title: "The answers are lost",
    words:
      "The value is decided, but its owner does not hear of it. It repeats the same ballot with the same value, and the acceptors confirm what they have.",
    ...{ nodeCount: 3, acceptors: 3, flushMsMost: 3, lesson: null },
    plan: (world) => {
      at(world, 0, () => upload(world, "u1", [KEY]));
      at(world, 1, () => {
        world.conditions.cut = { from: new Set(["n1", "n2", "n3"]), to: new Set(["u1"]), isOneWay: true };
        world.log?.add(world.clock.nowMs, { kind: "partition", node: "", text: "Answers do not reach u1" });
      });
      at(world, 60, () => act(world, { do: "heal" }));
    },
  },
  "owner-crash": {
    title: "The owner dies half-way",
    words:
      "One acceptor has the value when the owner dies. Started again, it is somebody new without a grant; whoever comes by finds the value and finishes it.",
    ...{ nodeCount: 3, acceptors: 3, flushMsMost: 3 },
    lesson: { mutant: "fresh-owner", seed: 0, invariant: "one-value-per-ballot" },
    plan: (world) => {
      world.master.grant(KEY, "u1.1");
      const owner = world.addClient("u1");
      at(world, 0, () => act(world, { do: "partition", nodes: ["n2", "n3"] }));
      at(world, 1, () => create(owner, { isOwner: true, text: "the first try" }));
      at(world, 14, () => act(world, { do: "kill", who: "u1" }));
      at(world, 20, () => act(world, { do: "heal" }));
      at(world, 25, () => act(world, { do: "restart", who: "u1" }));
      at(world, 26, () => {
        if (world.rules["fresh-owner"]) create(owner, { isOwner: false, text: "the second try" });
        else create(owner, { isOwner: true, text: "the second try", proposer: "u1.1" });
      });
      at(world, 120, () => act(world, { do: "read" }));
    },
  },
  "wiped-disk": {
    title: "A disk comes back empty",
    words:
      "Two of three have the value; the disk of one is wiped. It is another acceptor now and may not vote until a new epoch names it: else it and the third one would be a majority that never heard of the value.",
    ...{ nodeCount: 3, acceptors: 3, flushMsMost: 3 },
    lesson: { mutant: "incarnation", seed: 0, invariant: "linearizable" },
    plan: (world) => {
      world.addClient("u1");
      at(world, 0, () => act(world, { do: "partition", nodes: ["n3"] }));
      at(world, 1, () => upload(world, "u1", [KEY]));
      at(world, 60, () => act(world, { do: "wipe", node: "n2" }));
      at(world, 61, () => act(world, { do: "heal" }));
      at(world, 62, () => act(world, { do: "kill", who: "n1" }));
      at(world, 65, () => act(world, { do: "read" }));
      at(world, 200, () => act(world, { do: "restart", who: "n1" }));
      at(world, 210, () => act(world, { do: "reconfigure", nodes: ["n1", "n2", "n3"] }));
    },
  },
  "reply-before-flush": {
    title: "The power fails before the flush",
    words:
      "Two acceptors take the value and lose power before it is on their disks. As they have not answered, nobody was promised anything: the owner tries again.",
    ...{ nodeCount: 3, acceptors: 3, flushMsMost: 60 },
    lesson: { mutant: "flush", seed: 0, invariant: "acknowledged-is-durable" },
    plan: (world) => {
      world.addClient("u1");
      at(world, 0, () => act(world, { do: "partition", nodes: ["n3"] }));
      at(world, 1, () => upload(world, "u1", [KEY]));
      at(world, 14, () => {
        act(world, { do: "kill", who: "n1" });
        act(world, { do: "kill", who: "n2" });
      });
      at(world, 30, () => act(world, { do: "heal" }));
      at(world, 31, () => {
        act(world, { do: "restart", who: "n1" });
        act(world, { do: "restart", who: "n2" });
      });
      at(world, 150, () => act(world, { do: "read" }));
    },
  },
  "disjoint-groups": {
    title: "Whoever proposes chooses who votes",
    words:
      "Six nodes, three votes each. As long as the group follows from epoch and position, two uploaders meet in it. When each chooses three nodes for itself, both may win.",
    ...{ nodeCount: 6, acceptors: 3, flushMsMost: 3 },
    lesson: { mutant: "fixed-group", seed: 1, invariant: "agreement" },
    plan: (world) => {
      at(world, 0, () => upload(world, "u1", [KEY]));
      at(world, 2, () => uploadAsRival(world, "v1"));
    },
  },
  reconfiguration: {
    title: "Other nodes vote from now on",
    words:
      "A coordinator seals the old members, which is one first phase for every key, installs what they knew on the new ones, and has the epoch made active. Somebody who proposes meanwhile is told, asks who votes now, and goes on there.",
    ...{ nodeCount: 5, acceptors: 3, flushMsMost: 3 },
    lesson: { mutant: "seal", seed: 0, invariant: "linearizable" },
    plan: (world) => {
      at(world, 0, () => upload(world, "u1", [KEY]));
      at(world, 40, () => act(world, { do: "reconfigure", nodes: ["n3", "n4", "n5"] }));
      at(world, 45, () => replaceBy(world, "x1", { text: "4 copies", holders: [] }));
      at(world, 130, () => act(world, { do: "read" }));
    },
  },
  "replication-to-erasure": {
    title: "From three copies to shards",
    words:
      "Five shards are stored and verified first; then one change of version, without bytes, makes them what stands. A repair that read the same version comes too late, and changes nothing.",
    ...{ nodeCount: 6, acceptors: 5, flushMsMost: 3 },
    lesson: { mutant: "compare", seed: 0, invariant: "agreement" },
    plan: (world) => {
      at(world, 0, () => upload(world, "u1", [KEY]));
      at(world, 40, () => {
        const coder = world.addClient("x1");
        const shards = ["n1", "n2", "n3", "n4", "n5"];
        coder.store(shards, "a shard each", () => replace(coder, { text: "3+2 shards", holders: shards }));
      });
      at(world, 70, () => replaceBy(world, "x2", { text: "3 copies, one elsewhere", holders: ["n1", "n2", "n6"] }));
    },
  },
};

function at(world: World, atMs: number, act: () => void): void {
  world.clock.at(atMs, () => {
    world.log?.beginStep();
    act();
  });
}

function act(world: World, action: UserAction): void {
  carryOut(world, action);
}

/** The owner of a video that nobody has heard of. */
function upload(world: World, name: string, keys: readonly string[]): void {
  const client = world.clients.find((one) => one.name === name) ?? world.addClient(name);
  for (const key of keys) world.master.grant(key, client.proposer);
  const wishes = keys.map((key) => {
    const id = client.newId();
    return { key, change: { change: "create", id, body: COPIES } as const, isOwner: true };
  });
  client.propose(wishes, () => undefined);
}

function uploadAsRival(world: World, name: string): void {
  create(world.addClient(name), { isOwner: false, text: "other bytes" });
}

function create(client: Client, as: { isOwner: boolean; text: string; proposer?: string }): void {
  const id = client.newId();
  const change = { change: "create", id, body: { text: as.text, holders: HOLDERS } } as const;
  client.propose([{ key: KEY, change, isOwner: as.isOwner }], () => undefined, as.proposer);
}

function replaceBy(world: World, name: string, body: Body): void {
  replace(world.addClient(name), body);
}

function replace(client: Client, body: Body): void {
  const change = { change: "replace", id: client.newId(), expectedVersion: 1, body } as const;
  client.propose([{ key: KEY, change, isOwner: false }], () => undefined);
}
