/** Paths, sessions and the access link by a clock of the test; sockets are objects without a network. */
import { describe, expect, test } from "vitest";
import type { NetworkPlan, PathConditions } from "#core/network/conditions.ts";
import { FREE_PATH } from "#core/network/path-phases.ts";
import { bytesBetween, constantRate, rateCurve } from "#core/network/rate-curve.ts";
import { SharedLink } from "#core/network/shared-link.ts";
import { seededRandom } from "#core/random.ts";
import { parseNodeId } from "#core/ids.ts";
import { MAX_LAB_SESSIONS, planToWords, rateFromWords, type SessionNetwork } from "#wire/contract/emulation-api.ts";
import type { AccessLedger } from "./access-link.ts";
import { LabNetworks } from "./lab-networks.ts";
import { type LateClock, lateClock, START_WALL_MS } from "./late-clock.contract.ts";
import type { PacedTransfer } from "./paced-transfer.ts";

const UNLIMITED = constantRate(1e12);
const ALL = 1e9;
const n1 = parseNodeId("n1");
if (n1 === undefined) throw new Error("n1 is a node id");
const nodeId = n1;

function network(
  path: Partial<PathConditions>,
  options: { session?: string | null; access?: NetworkPlan["access"]; changes?: NetworkPlan["changes"] } = {},
): SessionNetwork {
  const { session = null, access = UNLIMITED, changes = [] } = options;
  const nodes = [{ nodeId: "n1", path: { ...FREE_PATH, ...path } }];
  const plan = { id: "test", expect: "", kind: "independent", access, nodes, changes } as const;
  return { ...planToWords(plan), session, seed: 1, startedAtMs: START_WALL_MS };
}

function labOf(clock: LateClock, ledger?: AccessLedger) {
  return new LabNetworks({ nodeId, clock, ledger });
}

/** Runs the clock in steps until a promise settles; how long it took. */
async function waitOf<T>(clock: LateClock, promise: Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startMs = clock.nowMs();
  const run = { isOver: false };
  const settled = promise.finally(() => {
    run.isOver = true;
  });
  settled.catch(() => undefined);
  for (let step = 0; step < 5_000 && !run.isOver; step += 1) await clock.advance(1);
  return { value: await settled, tookMs: clock.nowMs() - startMs };
}

async function openBody(lab: LabNetworks, clock: LateClock, session: string, socket: object): Promise<PacedTransfer> {
  const { value } = await waitOf(clock, lab.arrive(session, socket, new AbortController().signal));
  if (value?.fate !== "answered") throw new Error("The request was not answered");
  return value.path.open(value.path.connectionOf(socket).connection, ALL, value.readyAtMs);
}

/** Takes whatever comes, for good. */
function drain(transfer: PacedTransfer): { bytes: number; over: boolean } {
  const drained = { bytes: 0, over: false };
  const keepTaking = async () => {
    for (;;) {
      const bytes = await transfer.take(ALL);
      if (bytes === 0) break;
      drained.bytes += bytes;
    }
    drained.over = true;
  };
  void keepTaking();
  return drained;
}

describe("LabNetworks.passFaults()", () => {
  const hanging = network({ fault: { kind: "hang" }, roundTripMs: 100 });

  test("holds while the node hangs for everybody, and no longer", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    const never = new AbortController().signal;
    expect(await lab.passFaults(never)).toBe("answered");
    lab.put(hanging);
    const held = lab.passFaults(never);
    await clock.advance(500);
    lab.put(network({ roundTripMs: 100 }));
    const { value, tookMs } = await waitOf(clock, held);
    expect(value).toBe("answered");
    expect(tookMs).toBeLessThanOrEqual(21);
  });

  test("refuses whoever went away meanwhile: nobody would hear of the effect", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(hanging);
    const gone = new AbortController();
    const held = lab.passFaults(gone.signal);
    gone.abort();
    expect((await waitOf(clock, held)).value).toBe("refused");
  });
});

describe("LabNetworks", () => {
  test("emulates nothing for whom it has no network", async () => {
    const [clock, gone] = [lateClock(), new AbortController().signal];
    const lab = labOf(clock);
    expect(await lab.arrive("a", {}, gone)).toBeUndefined();
    lab.put(network({}, { session: "b" }));
    expect(await lab.arrive("a", {}, gone)).toBeUndefined();
    const other = { ...network({}), nodes: [], session: "c" };
    lab.put(other);
    expect(await lab.arrive("c", {}, gone)).toBeUndefined();
  });

  test.each([
    ["punctual", () => 0],
    [
      "late",
      (
        (random) => () =>
          random() * 30
      )(seededRandom(3)),
    ],
    [
      "very late now and then",
      (
        (random) => () =>
          random() < 0.02 ? 400 : 1
      )(seededRandom(4)),
    ],
  ])("follows a curve over 20 s with timers that are %s", async (_name, latenessMs) => {
    const rate = rateCurve(
      [
        { atMs: 0, bytesPerSecond: 6_250_000 },
        { atMs: 700, bytesPerSecond: 0 },
        { atMs: 900, bytesPerSecond: 125_000 },
      ],
      1_300,
    );
    const clock = lateClock(latenessMs);
    const lab = labOf(clock);
    lab.put(network({ rate }));
    const drained = drain(await openBody(lab, clock, "a", {}));
    await clock.advance(20_000);
    // What a last tick that is late may still owe.
    const [least, most] = [bytesBetween(rate, 0, 19_550), bytesBetween(rate, 0, 20_000)];
    expect(drained.bytes).toBeLessThanOrEqual(most);
    expect(drained.bytes).toBeGreaterThan(least - 2);
  });

  test("lets two sessions have the whole path each, and the transfers of one share it", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(network({ rate: constantRate(1_000_000) }));
    const left = drain(await openBody(lab, clock, "left", {}));
    const rights = [drain(await openBody(lab, clock, "right", {})), drain(await openBody(lab, clock, "right", {}))];
    const before = left.bytes;
    await clock.advance(2_000);
    expect(left.bytes - before).toBeCloseTo(2_000_000, -4);
    for (const { bytes } of rights) expect(bytes).toBeCloseTo(1_000_000, -4);
  });

  test("holds the first byte for a round trip, two on a new connection, within the jitter", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(network({ roundTripMs: 100, jitterMs: 20 }));
    const socket = {};
    const waits: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const arrival = lab.arrive("a", socket, new AbortController().signal);
      waits.push((await waitOf(clock, arrival)).tookMs);
    }
    const [first = NaN, ...others] = waits;
    expect(first).toBeGreaterThanOrEqual(180);
    expect(Math.min(...others)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...others)).toBeLessThanOrEqual(121);
    expect(Math.max(...others) - Math.min(...others)).toBeGreaterThan(25);
  });

  test("refuses, answers 503, hangs until it is over, as the schedule has it", async () => {
    const at = (atMs: number, change: Partial<PathConditions>) => ({ atMs, nodeId: "n1", change });
    const changes = [
      at(1_000, { fault: { kind: "refuse" } }),
      at(2_000, { fault: { kind: "unavailable" } }),
      at(3_000, { fault: { kind: "hang" } }),
      at(4_000, { fault: null, failureRatio: 1 }),
      at(5_000, { failureRatio: 0 }),
    ];
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(network({ rate: constantRate(1_000_000) }, { changes }));
    const signal = new AbortController().signal;
    const body = await openBody(lab, clock, "a", {});
    const drained = drain(body);
    await clock.advance(1_100);
    expect(drained.over, "a refusing node breaks its bodies").toBe(true);
    expect((await waitOf(clock, lab.arrive("a", {}, signal))).value).toEqual({ fate: "refused" });
    await clock.advance(1_000);
    await expect(waitOf(clock, lab.arrive("a", {}, signal))).rejects.toMatchObject({ code: "unavailable" });
    await clock.advance(1_000);
    const hung = waitOf(clock, lab.arrive("a", {}, signal));
    await expect(hung).rejects.toMatchObject({ code: "unavailable" });
    expect(clock.nowMs() - 5_000).toBeGreaterThanOrEqual(4_000);
    await clock.advance(1_000);
    expect((await waitOf(clock, lab.arrive("a", {}, signal))).value).toMatchObject({ fate: "answered" });
  });

  test("ends the wait of an asker that goes away", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(network({ fault: { kind: "hang" } }));
    const leaving = new AbortController();
    const arrival = lab.arrive("a", {}, leaving.signal);
    await clock.advance(100_000);
    leaving.abort();
    expect((await waitOf(clock, arrival)).tookMs).toBeLessThanOrEqual(2);
  });

  test("answers who waits at a hanging node when its network is taken back", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(network({ fault: { kind: "hang" } }));
    const arrival = lab.arrive("a", {}, new AbortController().signal);
    await clock.advance(1_000);
    lab.clear(undefined);
    expect((await waitOf(clock, arrival)).value).toMatchObject({ fate: "answered" });
  });

  test("keeps the path's rate when only the access link goes", async () => {
    const clock = lateClock();
    const rate = constantRate(1_000_000);
    const lab = labOf(clock, linkLedger(clock, []));
    lab.put(network({ rate }, { access: constantRate(10_000) }));
    const drained = drain(await openBody(lab, clock, "a", {}));
    await clock.advance(1_000);
    expect(drained.bytes).toBeLessThanOrEqual(10_200);
    lab.put(network({ rate }));
    await clock.advance(1_000);
    // With what waited for the link: a tenth of a second of the path, and 64 KiB.
    expect(drained.bytes).toBeGreaterThan(1_000_000);
    expect(drained.bytes).toBeLessThan(1_200_000);
  });

  test("takes changes into bodies under way, and lets them go when the network is taken back", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(network({ rate: constantRate(1_000_000) }));
    const drained = drain(await openBody(lab, clock, "a", {}));
    await clock.advance(1_000);
    lab.put(network({ rate: constantRate(100_000) }));
    const before = drained.bytes;
    await clock.advance(1_000);
    expect(drained.bytes - before).toBeCloseTo(100_000, -4);
    lab.clear("someone");
    expect(drained.bytes).toBeLessThan(ALL);
    lab.clear(null);
    await clock.advance(1);
    expect(drained.bytes).toBeGreaterThanOrEqual(ALL);
    expect(await lab.arrive("a", {}, new AbortController().signal)).toBeUndefined();
  });

  test("bounds sessions: the one unused for longest makes room, none does while all are used", async () => {
    const clock = lateClock();
    const lab = labOf(clock);
    lab.put(network({ rate: constantRate(1_000) }));
    const bodies: PacedTransfer[] = [];
    for (let index = 0; index < MAX_LAB_SESSIONS; index += 1) bodies.push(await openBody(lab, clock, `s${index}`, {}));
    const signal = new AbortController().signal;
    await expect(lab.arrive("more", {}, signal)).rejects.toMatchObject({ code: "too-many-requests" });
    bodies[5]?.close();
    expect((await waitOf(clock, lab.arrive("more", {}, signal))).value).toMatchObject({ fate: "answered" });
    for (let index = 1; index < MAX_LAB_SESSIONS; index += 1) lab.put(network({}, { session: `own${index}` }));
    expect(() => lab.put(network({}, { session: "one-more" }))).toThrow(/more than 64 sessions/);
  });

  test("says whether it emulates the access link, and shares it by the ledger", async () => {
    const clock = lateClock();
    const access = constantRate(1_000_000);
    expect(labOf(clock).put(network({}))).toMatchObject({ access: "unlimited" });
    expect(labOf(clock).put(network({}, { access }))).toMatchObject({ access: "not-emulated" });
    const said: string[] = [];
    const lab = labOf(clock, linkLedger(clock, said));
    const rate = constantRate(3_000_000);
    expect(lab.put(network({ rate }, { access }))).toMatchObject({ access: "emulated" });
    const bodies = [await openBody(lab, clock, "a", {}), await openBody(lab, clock, "a", {})];
    const drained = bodies.map(drain);
    await clock.advance(2_000);
    const total = drained.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(total / 2_000_000).toBeCloseTo(1, 1);
    for (const body of bodies) body.close();
    lab.clear(undefined);
    expect(said).toEqual(["open", "leave", "leave", "close"]);
  });
});

/** A ledger in this process, over the same link that the real one has. */
function linkLedger(clock: LateClock, said: string[]): AccessLedger {
  return {
    open: ({ rate, onGrant }) => {
      said.push("open");
      const link = new SharedLink<number>(rateFromWords(rate), clock.nowMs());
      return {
        want: (transfer, bytes) => {
          link.want(transfer, bytes);
        },
        flush: () => {
          for (const { flow, bytes } of link.advance(clock.nowMs())) onGrant(flow, bytes);
        },
        leave: () => said.push("leave"),
        close: () => said.push("close"),
      };
    },
  };
}
