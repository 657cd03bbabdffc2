/** What a person may do to a simulated cluster. Each is done at once and written to the log. */
import type { World } from "./world.ts";

export type UserAction =
  /** To a message in flight, by its number. */
  | { readonly do: "drop"; readonly message: number }
  | { readonly do: "delay"; readonly message: number; readonly byMs: number }
  | { readonly do: "duplicate"; readonly message: number }
  /** What was not flushed is lost. A program forgets everything, and starts again as somebody new. */
  | { readonly do: "kill"; readonly who: string }
  | { readonly do: "restart"; readonly who: string }
  /** An empty disk takes the place of the node's. */
  | { readonly do: "wipe"; readonly node: string }
  /** These nodes are not reached by anybody, nor reach anybody. */
  | { readonly do: "partition"; readonly nodes: readonly string[] }
  | { readonly do: "heal" }
  /** Somebody else wants the first key that anybody wanted, or to replace what stands there. */
  | { readonly do: "rival" }
  /** Somebody reads the key. */
  | { readonly do: "read" }
  /** These nodes vote from now on. */
  | { readonly do: "reconfigure"; readonly nodes: readonly string[] };

/** The position that scenarios are about. */
export const KEY = "seg-1";

/** A repeated message comes so much later. */
const DUPLICATE_AFTER_MS = 15;
const MAX_DELAY_MS = 10_000;

/** @returns whether there was anything to do it to */
export function carryOut(world: World, action: UserAction): boolean {
  const { network, log, clock, conditions } = world;
  log?.beginStep();
  switch (action.do) {
    case "drop":
      return network.drop(action.message);
    case "delay":
      return network.delay(action.message, Math.min(MAX_DELAY_MS, Math.max(0, action.byMs)));
    case "duplicate":
      return network.duplicate(action.message, DUPLICATE_AFTER_MS);
    case "kill":
      return kill(world, action.who);
    case "restart":
      return restart(world, action.who);
    case "wipe": {
      const node = world.nodes.get(action.node);
      node?.wipe();
      const text = `The disk of ${action.node} is lost: an empty one takes its place`;
      if (node !== undefined) log?.add(clock.nowMs, { kind: "wipe", node: action.node, text });
      return node !== undefined;
    }
    case "partition":
      conditions.cut = { from: new Set(programNames(world)), to: new Set(action.nodes), isOneWay: false };
      log?.add(clock.nowMs, { kind: "partition", node: "", text: `Nobody reaches ${action.nodes.join(" ")}` });
      return true;
    case "heal":
      conditions.cut = null;
      log?.add(clock.nowMs, { kind: "heal", node: "", text: "Everybody reaches everybody again" });
      return true;
    case "rival":
      return rival(world);
    case "read":
      world.addClient(nextName(world, "r")).propose([{ key: KEY, change: { change: "keep" }, isOwner: false }], ignore);
      return true;
    case "reconfigure":
      if (action.nodes.length === 0 || action.nodes.some((nodeId) => !world.nodes.has(nodeId))) return false;
      world.reconfigure(world.pickMembers([...new Set(action.nodes)]));
      return true;
  }
}

const ignore = () => undefined;

function rival(world: World): boolean {
  const client = world.addClient(nextName(world, "v"));
  const id = client.newId();
  const body = { text: `the upload of ${client.name}`, holders: [] };
  client.propose([{ key: KEY, change: { change: "create", id, body }, isOwner: false }], ignore);
  return true;
}

function kill(world: World, who: string): boolean {
  const { log, clock, nodes, clients, coordinators } = world;
  const node = nodes.get(who);
  const client = clients.find(({ name }) => name === who);
  const coordinator = coordinators.find(({ name }) => name === who);
  if (node !== undefined) node.crash(0);
  else if (client !== undefined) client.crash();
  else if (coordinator !== undefined) coordinator.crash();
  else return false;
  log?.add(clock.nowMs, { kind: "crash", node: who, text: `${who} is killed` });
  return true;
}

function restart(world: World, who: string): boolean {
  const { log, clock, nodes, clients } = world;
  const node = nodes.get(who);
  const client = clients.find(({ name }) => name === who);
  if (node?.isUp === false) node.restart();
  else if (client?.isUp === false) client.restart();
  else return false;
  const text =
    client === undefined ? `${who} starts again with what its disk has` : `${who} starts again as ${client.proposer}`;
  log?.add(clock.nowMs, { kind: "restart", node: who, text });
  return true;
}

function programNames({ clients, coordinators }: World): string[] {
  return [...clients, ...coordinators].map(({ name }) => name);
}

function nextName({ clients }: World, letter: string): string {
  return `${letter}${clients.filter(({ name }) => name.startsWith(letter)).length + 1}`;
}
