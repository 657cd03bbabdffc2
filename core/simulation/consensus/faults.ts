/** What fails in a schedule, and when: crashes, wiped disks, partitions, reconfigurations whose coordinators die. */
import type { Mix } from "./mixes.ts";
import { drawWithin } from "./mixes.ts";
import type { SimulatedNode } from "./node.ts";
import type { World } from "./world.ts";
import { shuffled } from "./world.ts";

/** Wiping is rare where it would leave no majority: then the group is lost, and a schedule tells little. */
const HOPELESS_WIPE_RATIO = 0.1;
const DOWN_MS_MOST = 30;
const PARTITION_MS_MOST = 40;

export function planFaults(world: World, mix: Mix): void {
  const { random } = world;
  const plan = (count: number, act: () => void) => {
    for (let at = 0; at < count; at += 1) {
      world.clock.at(random() * mix.quietMs * 0.8, () => {
        world.log?.beginStep();
        act();
      });
    }
  };
  plan(drawWithin(mix.nodeCrashes, random), () => crashSome(world));
  plan(drawWithin(mix.wipes, random), () => wipeSome(world));
  plan(drawWithin(mix.partitions, random), () => partition(world));
  plan(drawWithin(mix.reconfigurations, random), () => {
    reconfigure(world, mix);
    // Somebody impatient takes over at once, though the first one may be alive.
    if (random() < mix.takeoverRatio) {
      world.clock.at(world.clock.nowMs + random() * 15, () => {
        world.log?.beginStep();
        reconfigure(world, mix);
      });
    }
  });
}

function anyNode({ nodes, random }: World): SimulatedNode | undefined {
  return [...nodes.values()][Math.floor(random() * nodes.size)];
}

function crashSome(world: World): void {
  const { random, clock, log } = world;
  const node = anyNode(world);
  if (node?.isUp !== true) return;
  const unflushed = node.unflushedCount;
  node.crash(Math.floor(random() * (unflushed + 1)));
  log?.add(clock.nowMs, {
    kind: "crash",
    node: node.nodeId,
    text: `${node.nodeId} crashes, with ${unflushed} writes not flushed`,
  });
  clock.at(clock.nowMs + random() * DOWN_MS_MOST, () => {
    if (node.isUp) return;
    node.restart();
    log?.beginStep();
    log?.add(clock.nowMs, {
      kind: "restart",
      node: node.nodeId,
      text: `${node.nodeId} starts again with what its disk has`,
    });
  });
}

function wipeSome(world: World): void {
  const { random, clock, log, master } = world;
  const node = anyNode(world);
  if (node === undefined) return;
  const isMember = master.active.members.some(({ incarnation }) => incarnation === node.disk.incarnation);
  const majority = Math.floor(master.active.members.length / 2) + 1;
  if (isMember && world.intactMembers <= majority && random() >= HOPELESS_WIPE_RATIO) return;
  node.wipe();
  log?.add(clock.nowMs, {
    kind: "wipe",
    node: node.nodeId,
    text: `The disk of ${node.nodeId} is lost: an empty one takes its place`,
  });
}

/** Some nodes are cut off from some clients and coordinators. */
function partition(world: World): void {
  const { random, clock, log, conditions } = world;
  const nodeIds = shuffled([...world.nodes.keys()], random);
  const to = new Set(nodeIds.slice(0, drawWithin([1, nodeIds.length - 1], random)));
  const askers = [...world.clients, ...world.coordinators].map(({ name }) => name);
  const from = new Set(askers.filter(() => random() < 0.6));
  const cut = { from, to, isOneWay: random() < 0.3 };
  conditions.cut = cut;
  log?.add(clock.nowMs, {
    kind: "partition",
    node: "",
    text: `${[...from].join(" ")} cannot reach ${[...to].join(" ")}`,
  });
  clock.at(clock.nowMs + random() * PARTITION_MS_MOST, () => {
    if (conditions.cut !== cut) return;
    conditions.cut = null;
    log?.beginStep();
    log?.add(clock.nowMs, { kind: "heal", node: "", text: "Everybody reaches everybody again" });
  });
}

/** New members: most of the old ones, as their disks are now, and perhaps others. The coordinator may die on the way. */
function reconfigure(world: World, mix: Mix): void {
  const { random, clock, log, master } = world;
  const present = master.active.members.map(({ nodeId }) => nodeId);
  const others = [...world.nodes.keys()].filter((nodeId) => !present.includes(nodeId));
  const replaced = Math.floor(random() * 3);
  const chosen = [...shuffled(present, random).slice(replaced), ...shuffled(others, random)].slice(0, mix.acceptors);
  const missing = present.filter((nodeId) => !chosen.includes(nodeId)).slice(0, mix.acceptors - chosen.length);
  const coordinator = world.reconfigure(world.pickMembers([...chosen, ...missing]));
  if (random() >= 0.4) return;
  clock.at(clock.nowMs + random() * 25, () => {
    if (!coordinator.isAlive) return;
    coordinator.crash();
    log?.beginStep();
    log?.add(clock.nowMs, {
      kind: "crash",
      node: coordinator.name,
      text: `${coordinator.name} crashes in the midst of epoch ${coordinator.epoch}`,
    });
  });
}
