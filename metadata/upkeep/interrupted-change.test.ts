import { beforeEach, describe, expect, it } from "vitest";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { pieceLinks } from "#wire/exchange/piece-links.ts";
import { mintNothing } from "../consensus/consensus-world.contract.ts";
import { sqlitePlans } from "../redundancy/plan-store.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { Redundancy, RedundancyPorts } from "./redundancy.ts";
import type { RedundancyWorld } from "./redundancy-world.contract.ts";
import { never, redundancyWorld, videoId } from "./redundancy-world.contract.ts";

/** What a change asks of the world, one after the other; a kill comes before or after it was done. */
const POINTS = ["read", "note", "put", "verify", "propose", "index", "release", "forget"] as const;
type Point = (typeof POINTS)[number];
const KILLS = POINTS.flatMap((point) => [`before ${point}`, `after ${point}`]);
const EACH_KILL = KILLS.flatMap((kill) => {
  // Five pieces are put and verified side by side.
  const counts = /put|verify/.test(kill) ? [1, 3, 5] : [1];
  return counts.map((count) => ({ kill, count }));
});

/** Ports of a program that is killed at its `count`th pass of a point. */
function killedAt(
  ports: RedundancyPorts,
  kill: string,
  count: number,
): { ports: Partial<RedundancyPorts>; dying: AbortController } {
  const dying = new AbortController();
  const [when, where] = kill.split(" ");
  let passes = 0;
  const at =
    <Args extends unknown[], Result>(point: Point, act: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (dying.signal.aborted) throw new Error("killed");
      const isIt = point === where && (passes += 1) === count;
      const die = () => {
        dying.abort(new Error("killed"));
        throw new Error("killed");
      };
      if (isIt && when === "before") die();
      const result = await act(...args);
      if (isIt) die();
      return result;
    };
  const { links, register, catalog, releases } = ports;
  return {
    dying,
    ports: {
      links: {
        ...links,
        read: at("read", (...asked: Parameters<typeof links.read>) => links.read(...asked)),
        put: at("put", (...asked: Parameters<typeof links.put>) => links.put(...asked)),
        verify: at("verify", (...asked: Parameters<typeof links.verify>) => links.verify(...asked)),
      },
      register: {
        ...register,
        propose: at("propose", (...asked: Parameters<typeof register.propose>) => register.propose(...asked)),
      },
      catalog: {
        ...catalog,
        putChunk: at("index", (chunk: Parameters<typeof catalog.putChunk>[0]) => catalog.putChunk(chunk)),
      },
      releases: {
        ...releases,
        keep: at("release", (...asked: Parameters<typeof releases.keep>) => releases.keep(...asked)),
      },
      db: killedDatabase(ports.db, at),
    },
  };
}

type Passing = (point: Point, act: () => Promise<unknown>) => () => Promise<unknown>;

/** The plan's own statements are points, too. */
function killedDatabase(db: RedundancyPorts["db"], at: Passing): RedundancyPorts["db"] {
  return new Proxy(db, {
    get(target, name: keyof typeof db) {
      const real: unknown = Reflect.get(target, name);
      const method: unknown = typeof real === "function" ? real.bind(target) : real;
      if (name !== "insertInto" && name !== "deleteFrom") return method;
      const point = name === "insertInto" ? "note" : "forget";
      return (table: "change_plans" | "faulty_pieces") => {
        const query: object = name === "insertInto" ? target.insertInto(table) : target.deleteFrom(table);
        return table === "change_plans" ? passing(query, (act) => at(point, act)()) : query;
      };
    },
  });
}

/** A query whose execution passes a point. */
function passing<Query extends object>(query: Query, pass: (act: () => Promise<unknown>) => Promise<unknown>): Query {
  return new Proxy(query, {
    get(target, name) {
      const real: unknown = Reflect.get(target, name);
      if (typeof real !== "function") return real;
      return (...args: unknown[]) => {
        const act = (): unknown => Reflect.apply(real, target, args);
        if (name === "execute") return pass(async () => await act());
        const made = act();
        return typeof made === "object" && made !== null ? passing(made, pass) : made;
      };
    },
  });
}

describe("A change of form that is cut short", () => {
  let world: RedundancyWorld;
  let position: Position;
  let before: ChunkRecord;
  const carryOut = async (redundancy: Redundancy, signal: AbortSignal) => {
    await redundancy.override(videoId, "erasure");
    await redundancy.formLoop.round(signal);
  };
  const settle = async (redundancy: Redundancy) => {
    for (let round = 0; round < 3; round += 1) {
      await redundancy.repairLoop.round(never);
      await redundancy.formLoop.round(never);
      world.clock.advance(1000);
      await world.drain();
    }
  };
  const expectWhole = async () => {
    expect(await world.standing(position)).toMatch(/^erasure: (node-\d\/\d ?){5}$/);
    expect(await world.isReadable(position)).toBe(true);
    expect(await sqlitePlans(world.db).all(10)).toEqual([]);
    expect(await world.ports.releases.count()).toBe(0);
  };
  beforeEach(async () => {
    world = await redundancyWorld(6);
    position = await world.store(0);
    before = await world.record(position);
  });

  it.each(EACH_KILL)(
    "by a kill $kill number $count is read all the while, and ended after the restart",
    async ({ kill, count }) => {
      const { ports, dying } = killedAt(world.ports, kill, count);
      const dead = await world.restarted(ports);
      await carryOut(dead, dying.signal).catch(() => undefined);
      expect(dying.signal.aborted).toBe(true);
      expect(await world.isReadable(position)).toBe(true);
      expect(await world.isReadable(position, before)).toBe(true);
      const again = await world.restarted();
      await again.override(videoId, "erasure");
      await settle(again);
      await expectWhole();
    },
  );

  it("by the loss of a node that was being written to, goes to another node", async () => {
    const lost = present(world.nodes.servers.find(({ id }) => !before.holders.some(({ nodeId }) => nodeId === id)));
    const fetch: RedundancyPorts["fetch"] = (url, init) => {
      if (init.method === "PUT" && url.startsWith(lost.url)) lost.away = true;
      return world.ports.fetch(url, init);
    };
    const redundancy = await world.restarted({ links: pieceLinks({ mint: mintNothing, fetch }) });
    await carryOut(redundancy, never);
    await settle(redundancy);
    world.clock.advance(100);
    await settle(redundancy);
    await expectWhole();
    expect((await world.record(position)).holders.some(({ nodeId }) => nodeId === lost.id)).toBe(false);
  });

  it("by somebody else's compare-and-set, gives up what it wrote, and begins anew", async () => {
    const { register } = world.ports;
    let others = 0;
    const propose: typeof register.propose = async (at, record, expected) => {
      others += 1;
      if (others === 1) await register.propose(at, { ...before, version: before.version + 1 }, before.version);
      return await register.propose(at, record, expected);
    };
    const redundancy = await world.restarted({ register: { ...register, propose } });
    await carryOut(redundancy, never);
    expect((await world.record(position)).scheme.kind).toBe("replication");
    expect(redundancy.queue().ended[0]?.outcome).toBe("lost-race");
    world.clock.advance(100);
    await settle(redundancy);
    await expectWhole();
  });

  it("by a register that does not answer, waits for it with its plan", async () => {
    const { register } = world.ports;
    let isAway = true;
    const propose: typeof register.propose = async (...args) => {
      if (isAway) throw new VStackError("unavailable", "No majority answers");
      return await register.propose(...args);
    };
    const redundancy = await world.restarted({ register: { ...register, propose } });
    await carryOut(redundancy, never).catch(() => undefined);
    expect(await sqlitePlans(world.db).all(10)).toHaveLength(1);
    isAway = false;
    world.clock.advance(100);
    await settle(redundancy);
    await expectWhole();
  });

  it("by the removal of its video, leaves nothing behind", async () => {
    const { register, catalog, releases } = world.ports;
    const propose: typeof register.propose = async (...args) => {
      await catalog.beginRemoval(videoId);
      await releases.releaseAll(videoId, register, 0);
      const proposed = await register.propose(...args);
      await register.removeByVideo(videoId);
      return proposed;
    };
    const redundancy = await world.restarted({ register: { ...register, propose } });
    await carryOut(redundancy, never);
    await catalog.deleteVideo(videoId);
    world.clock.advance(1000);
    await world.drain();
    expect(world.nodes.references()).toEqual([]);
  });
});
