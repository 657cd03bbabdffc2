import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import type { NetworkAskWords, NetworksAnswer } from "#wire/contract/emulation-api.ts";
import { MAX_LAB_SESSIONS, NetworksAnswerSchema } from "#wire/contract/emulation-api.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { ChunkServer, ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { removeFolder, startTestServer } from "../test-server.contract.ts";

const NOW_MS = 1_700_000_000_000;

describe("/api/lab/network", () => {
  let nodes: ChunkServers;
  let server: TestServer;
  let wallMs = NOW_MS;
  const clock: Clock = { ...liveClock, wallMs: () => wallMs };
  beforeEach(async () => {
    wallMs = NOW_MS;
    nodes = chunkServers(11);
    server = await startTestServer(nodes, { lab: true, clock });
  });
  afterEach(async () => {
    await server.stop();
    removeFolder(server.folder);
  });

  const node = (number: number): ChunkServer => present(nodes.servers[number - 1]);
  const asked = async (method: string, path = "", body?: unknown): Promise<Response> =>
    await server.app.request(`${ROUTES.labNetwork}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const answered = async (...words: Parameters<typeof asked>): Promise<NetworksAnswer> => {
    const answer = await asked(...words);
    expect(answer.status).toBe(200);
    return v.parse(NetworksAnswerSchema, await answer.json());
  };
  const put = (ask: NetworkAskWords) => answered("PUT", "", ask);
  const pathOf = (answer: NetworksAnswer, session: string | null, nodeId = "node-1") =>
    present(answer.networks.find((network) => network.session === session)?.nodes.find((one) => one.nodeId === nodeId));

  it("gives every node its own part of the network, and says that they took it", async () => {
    const { networks } = await put({ by: "scenario", scenario: "hang", session: "p1" });
    expect(networks).toMatchObject([{ id: "scenario:hang", session: "p1", startedAtMs: NOW_MS, lastChangeMs: 10_000 }]);
    expect(networks[0]?.nodes.map(({ nodeId, access }) => `${nodeId} ${access}`)).toEqual(
      Array.from({ length: 11 }, (_, index) => `node-${index + 1} unlimited`),
    );
    for (const { id, networks: told } of nodes.servers) {
      expect(told.get("p1")?.nodes.map(({ nodeId }) => nodeId)).toEqual([id]);
    }
    expect(node(1).networks.get("p1")?.changes).toHaveLength(1);
    expect(node(2).networks.get("p1")?.changes).toEqual([]);
  });

  it("shows what is ordered at this moment, as scheduled changes come", async () => {
    await put({ by: "scenario", scenario: "hang" });
    expect(pathOf(await answered("GET"), null).now?.fault).toBeNull();
    wallMs += 10_000;
    expect(pathOf(await answered("GET"), null).now?.fault).toBe("hang");
    expect((await answered("GET")).nowMs).toBe(NOW_MS + 10_000);
  });

  it("puts a profile on the nodes that are named, and the default on the others", async () => {
    const answer = await put({ by: "profile", profile: "profile:degraded", nodeIds: ["node-2"] });
    expect(pathOf(answer, null, "node-2").now).toMatchObject({ roundTripMs: 100, lossRatio: 0.1 });
    expect(pathOf(answer, null, "node-3").now).toMatchObject({ roundTripMs: 20, lossRatio: 0 });
  });

  it("lays values over what holds, and the schedule goes on", async () => {
    await put({ by: "scenario", scenario: "hang" });
    wallMs += 4_000;
    const nodesAsked = [{ nodeId: "node-1", path: { rate: 1000, roundTripMs: 80 } }];
    const answer = await put({ by: "values", session: "p1", nodes: nodesAsked, access: 5000 });
    expect(answer.networks[1]).toMatchObject({ startedAtMs: NOW_MS, accessBytesPerSecond: 5000 });
    expect(pathOf(answer, "p1").now).toMatchObject({ bytesPerSecond: 1000, roundTripMs: 80, jitterMs: 5 });
    wallMs += 6_000;
    expect(pathOf(await answered("GET"), "p1").now).toMatchObject({ bytesPerSecond: 1000, fault: "hang" });
    expect(pathOf(await answered("GET"), null).now?.roundTripMs).toBe(20);
  });

  it("puts an access link behind every node, whichever are named", async () => {
    const answer = await put({ by: "values", access: 5000, nodes: [{ nodeId: "node-2", path: { roundTripMs: 7 } }] });
    expect(answer.networks[0]).toMatchObject({ accessBytesPerSecond: 5000, kind: "shared-access+paths" });
    expect(answer.networks[0]?.nodes.map(({ now }) => now?.roundTripMs)).toEqual([0, 7, ...Array<number>(9).fill(0)]);
    for (const { networks } of nodes.servers) expect(networks.get(null)?.nodes).toHaveLength(1);
  });

  it("takes a topology of its own and a whole plan", async () => {
    expect((await put({ by: "topology", topology: "s2-weak-node" })).networks[0]?.id).toBe("s2-weak-node");
    const path = { rate: 7, roundTripMs: 0, jitterMs: 0, lossRatio: 0, slowStart: false, fault: null };
    const plan = { id: "mine", expect: "", kind: "independent" as const, access: 1e12, changes: [] };
    const answer = await put({ by: "plan", plan: { ...plan, nodes: [{ nodeId: "node-1", path }] } });
    expect(pathOf(answer, null).now?.bytesPerSecond).toBe(7);
    expect(pathOf(answer, null, "node-2").now).toBeNull();
  });

  it("takes back the network of one session, of everybody, or all", async () => {
    const sessions = (answer: NetworksAnswer) => answer.networks.map(({ session }) => session);
    for (const session of [null, "p1", "p2"]) await put({ by: "profile", profile: "normal", session });
    expect(sessions(await answered("DELETE", "?session=p1"))).toEqual([null, "p2"]);
    expect([...node(5).networks.keys()]).toEqual([null, "p2"]);
    expect(sessions(await answered("DELETE", "?session="))).toEqual(["p2"]);
    expect([...node(5).networks.keys()]).toEqual(["p2"]);
    expect(sessions(await answered("DELETE"))).toEqual([]);
    expect(nodes.servers.map(({ networks }) => networks.size)).toEqual(nodes.servers.map(() => 0));
  });

  it.each<[NetworkAskWords | object, RegExp]>([
    [{ by: "profile", profile: "awful" }, /profile "awful": known are normal, high_latency/],
    [{ by: "scenario", scenario: "profile:normal" }, /scenario "profile:normal": known are normal-operation/],
    [{ by: "topology", topology: "scenario:hang" }, /topology "scenario:hang": known are s1-broadband-3/],
    [{ by: "values", nodes: [{ nodeId: "n9", path: {} }] }, /"n9" as no node is called that: there are node-1, node-2/],
    [{ by: "values", session: "a b", nodes: [] }, /session/],
  ])("refuses %j in words", async (ask, words) => {
    const answer = await asked("PUT", "", ask);
    expect(answer.status).toBe(400);
    const { detail } = v.parse(v.object({ detail: v.string() }), await answer.json());
    expect(detail).toMatch(words);
  });

  it("refuses one session too many, and changes those that are there", async () => {
    for (let number = 0; number < MAX_LAB_SESSIONS; number += 1) {
      await put({ by: "values", session: `s${number}`, nodes: [] });
    }
    expect((await asked("PUT", "", { by: "values", session: "more", nodes: [] })).status).toBe(429);
    await put({ by: "profile", profile: "normal", session: "s0" });
  });

  describe("with nodes that come and go", () => {
    let stopping: AbortController;
    let running: Promise<void>;
    beforeEach(() => {
      stopping = new AbortController();
      running = present(server.labNetworks).run(stopping.signal);
    });
    afterEach(async () => {
      stopping.abort();
      await running;
    });
    const restart = async (one: ChunkServer) => {
      one.networks.clear();
      one.pid += 1;
      await server.beat();
    };

    it("tells a node that was restarted everything again", async () => {
      await put({ by: "profile", profile: "normal", session: "p1" });
      await restart(node(3));
      await expect.poll(() => [...node(3).networks.keys()]).toEqual(["p1"]);
      expect(node(3).networks.get("p1")?.startedAtMs).toBe(NOW_MS);
    });

    it("makes nodes forget what an earlier run of the server had set", async () => {
      const { networks } = node(4);
      await put({ by: "profile", profile: "normal", session: "kept" });
      const old = present(networks.get("kept"));
      networks.set("old", { ...old, session: "old" });
      node(4).pid += 1;
      await server.beat();
      await expect.poll(() => [...networks.keys()]).toEqual(["kept"]);
    });

    it("says that a node which does not answer is unreachable, and reaches it when it is back", async () => {
      await put({ by: "profile", profile: "normal" });
      node(2).away = true;
      const answer = await put({ by: "profile", profile: "degraded" });
      expect(pathOf(answer, null, "node-2").access).toBe("unreachable");
      expect(pathOf(answer, null, "node-3").access).toBe("unlimited");
      node(2).away = false;
      await expect
        .poll(async () => pathOf(await answered("GET"), null, "node-2").access, { timeout: 8_000 })
        .toBe("unlimited");
      expect(node(2).networks.get(null)?.id).toBe("profile:degraded");
    });

    it("makes nobody wait longer for a node that hangs than it takes to notice", async () => {
      node(2).gate = new Promise(() => undefined);
      const startedMs = performance.now();
      await Promise.all(["a", "b", "c", "d"].map((session) => put({ by: "profile", profile: "normal", session })));
      expect(performance.now() - startedMs).toBeLessThan(2 * 2_000);
      expect(pathOf(await answered("GET"), "d", "node-2").access).toBe("unreachable");
      expect(pathOf(await answered("GET"), "d", "node-3").access).toBe("unlimited");
    });

    it("takes back what a node missed while it was away", async () => {
      await put({ by: "profile", profile: "normal" });
      node(2).away = true;
      await answered("DELETE");
      expect(node(2).networks.size).toBe(1);
      node(2).away = false;
      await expect.poll(() => node(2).networks.size, { timeout: 8_000 }).toBe(0);
    });
  });
});

describe("/api/lab/network without --lab", () => {
  it("answers 404 and says how to start a lab, whatever is asked", async () => {
    const nodes = chunkServers(1);
    const server = await startTestServer(nodes);
    try {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const answer = await server.app.request(ROUTES.labNetwork, { method });
        expect(answer.status).toBe(404);
        expect(await answer.text()).toContain("npx vstack up --lab");
      }
      expect(nodes.servers[0]?.asked["PUT"]).toBeUndefined();
    } finally {
      await server.stop();
      removeFolder(server.folder);
    }
  });
});
