/** Who wants what in a schedule: owners and their rivals, changers, readers, sweepers, drawn from the schedule's seed. */
import type { Ended, Wish, Client } from "./client.ts";
import type { Body } from "./events.ts";
import type { Mix } from "./mixes.ts";
import { drawWithin } from "./mixes.ts";
import type { World } from "./world.ts";

const KEYS = ["a", "b", "c"];
/** Changes that one changer makes at most. */
const MAX_CHANGES = 2;

/** Plans what clients do. @returns the keys */
export function planClients(world: World, mix: Mix): readonly string[] {
  const { random } = world;
  const keys = KEYS.slice(0, drawWithin(mix.keys, random));
  // A later video meets a later epoch.
  const hasLate = keys.length > 1 && random() < 0.5;
  const videos = hasLate ? [keys.slice(0, -1), keys.slice(-1)] : [keys];
  videos.forEach((positions, at) => {
    const bornMs = at === 0 ? 0 : random() * mix.quietMs * 0.6;
    later(world, bornMs, () => planVideo(world, mix, positions));
  });
  for (let count = drawWithin(mix.readers, random); count > 0; count -= 1) {
    const reader = world.addClient(`r${count}`);
    later(world, random() * mix.quietMs * 0.7, () => read(reader, keys));
  }
  return keys;
}

/** From here on a position can be known to somebody: its video has an id, and its owner the grant. */
function planVideo(world: World, mix: Mix, keys: readonly string[]): void {
  const { random, master, rules } = world;
  const owner = world.addClient(`u${keys[0] ?? ""}`);
  for (const key of keys) master.grant(key, owner.proposer);
  const firstName = owner.proposer;
  const uploadAsOwner = () => upload(owner, keys, { isOwner: true, proposer: firstName });
  later(world, random() * mix.beginMs, () => {
    uploadAsOwner();
    if (random() < 0.4)
      planRestart(world, owner, mix, () => {
        // Somebody new now: another proposer, without a grant.
        if (rules["fresh-owner"]) upload(owner, keys, { isOwner: false, proposer: owner.proposer });
        else uploadAsOwner();
      });
  });
  for (let count = drawWithin(mix.rivals, random); count > 0; count -= 1) {
    const rival = world.addClient(`v${count}${keys[0] ?? ""}`);
    later(world, random() * mix.beginMs, () => {
      // Some try the owner's ballot: the acceptors must refuse, as the grant names somebody else.
      const isBold = random() < 0.4;
      const proposer = isBold && !rules["one-owner"] ? firstName : rival.proposer;
      upload(rival, keys, { isOwner: isBold, proposer });
    });
  }
  for (let count = drawWithin(mix.changers, random); count > 0; count -= 1) {
    const changer = world.addClient(`x${count}${keys[0] ?? ""}`);
    const begin = () => {
      for (const key of keys) if (random() < 0.8) changeOften(world, changer, key, MAX_CHANGES);
    };
    later(world, random() * mix.beginMs * 2, () => {
      begin();
      if (random() < 0.2) planRestart(world, changer, mix, begin);
    });
  }
}

function upload(client: Client, keys: readonly string[], as: { isOwner: boolean; proposer: string }): void {
  if (!client.isUp) return;
  const wishes = keys.map((key): Wish => {
    const id = client.newId();
    return { key, change: { change: "create", id, body: bodyOf(id) }, isOwner: as.isOwner };
  });
  client.propose(wishes, () => undefined, as.proposer);
}

/** Reads, and replaces what was read; again and again. Some guess what stands. */
function changeOften(world: World, client: Client, key: string, left: number): void {
  if (!client.isUp || left === 0) return;
  const { random } = world;
  const again = (ended: Ended) => {
    if (ended.outcome.outcome !== "unknown" && random() < 0.5) changeOften(world, client, key, left - 1);
  };
  const replace = (expectedVersion: number) => {
    const id = client.newId();
    const body = random() < 0.1 ? null : bodyOf(id);
    client.propose([{ key, change: { change: "replace", id, expectedVersion, body }, isOwner: false }], again);
  };
  if (random() < 0.4) {
    replace(drawWithin([1, 3], random));
    return;
  }
  client.propose([{ key, change: { change: "keep" }, isOwner: false }], ({ outcome }) => {
    if (outcome.outcome === "chosen" && outcome.value.body !== null) replace(outcome.value.version);
  });
}

function read(client: Client, keys: readonly string[]): void {
  client.propose(
    keys.map((key) => ({ key, change: { change: "keep" }, isOwner: false })),
    () => undefined,
  );
}

/** Crashes soon, and goes on as somebody new a little later. */
function planRestart(world: World, client: Client, mix: Mix, goOn: () => void): void {
  const { random, clock } = world;
  if (mix.clientCrashes[1] === 0) return;
  later(world, clock.nowMs + random() * 15, () => {
    client.crash();
    world.log?.add(clock.nowMs, {
      kind: "crash",
      node: client.name,
      text: `${client.name} crashes, and forgets everything`,
    });
    later(world, clock.nowMs + random() * 20, () => {
      client.restart();
      const text = `${client.name} starts again, as ${client.proposer}`;
      world.log?.add(clock.nowMs, { kind: "restart", node: client.name, text });
      goOn();
    });
  });
}

function later(world: World, atMs: number, act: () => void): void {
  world.clock.at(atMs, () => {
    world.log?.beginStep();
    act();
  });
}

function bodyOf(id: string): Body {
  return { text: `the record of ${id}`, holders: [] };
}
