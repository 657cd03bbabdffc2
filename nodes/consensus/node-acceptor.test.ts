import { describe, expect, test } from "vitest";
import type { EntriesAnswer } from "#core/consensus/messages.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { MAX_ENTRIES } from "#wire/contract/consensus-api.ts";
import type { Log } from "#wire/server/log.ts";
import { silentLog } from "#wire/server/log.ts";
import { SimulatedDisk, systemError } from "../storage/simulated-disk.ts";
import type { NodeAcceptor } from "./node-acceptor.ts";
import { acceptOf, ballotOf, configOf, GRANTED, keyOf, openAcceptor, requestOf, valueOf } from "./votes.contract.ts";

const PATH = "/data/acceptor.log";
const NO_GRANTS: ReadonlySet<string> = new Set();
const { group } = configOf();

/** Has the owner's value accepted for one key after the other. */
async function acceptSome(acceptor: NodeAcceptor, count: number): Promise<void> {
  for (let seq = 0; seq < count; seq += 1) {
    const entry = acceptOf(seq, ballotOf(0), valueOf(`v${seq}`));
    await expectAccepted(acceptor.entries(requestOf(acceptor, [entry]), GRANTED));
  }
}

async function expectAccepted(answer: Promise<EntriesAnswer<ChunkRecord>>): Promise<void> {
  expect(await answer).toEqual({ say: "answered", replies: [{ say: "accepted" }] });
}

async function readKeys(acceptor: NodeAcceptor, count: number) {
  const entries = Array.from({ length: count }, (_, seq) => ({ ask: "read" as const, key: keyOf(seq) }));
  const answer = await acceptor.entries(requestOf(acceptor, entries), NO_GRANTS);
  if (answer.say !== "answered") throw new Error(`The acceptor says ${answer.say}`);
  return answer.replies.map((reply) => (reply.say === "state" ? (reply.accepted?.value.id ?? null) : reply.say));
}

/** A log that keeps its errors. */
function loudLog(): { readonly log: Log; readonly errors: string[] } {
  const errors: string[] = [];
  return { log: { ...silentLog, error: (_: object, message: string) => errors.push(message) }, errors };
}

describe("NodeAcceptor", () => {
  test("remembers promises and values over a restart, and counts its starts", async () => {
    const disk = new SimulatedDisk();
    const first = await openAcceptor(disk);
    await acceptSome(first, 3);
    const prepare = { ask: "prepare" as const, key: keyOf(0), ballot: ballotOf(5, { proposer: "other" }) };
    expect(await first.entries(requestOf(first, [prepare]), NO_GRANTS)).toMatchObject({ say: "answered" });
    await first.close();
    const second = await openAcceptor(disk);
    expect(second.incarnation).toBe(first.incarnation);
    expect([first.report(), second.report()]).toMatchObject([
      { incarnation: first.incarnation, starts: 1, writes: 5 },
      { incarnation: first.incarnation, starts: 2, writes: 5 },
    ]);
    expect(second.report().program).not.toBe(first.report().program);
    expect(await readKeys(second, 4)).toEqual(["v0", "v1", "v2", null]);
    const late = acceptOf(0, ballotOf(1), valueOf("late"));
    expect(await second.entries(requestOf(second, [late]), NO_GRANTS)).toEqual({
      say: "answered",
      replies: [{ say: "rejected", because: "promised", promised: prepare.ballot }],
    });
  });

  test("takes round 0 only with a grant, refuses messages for another incarnation and of sealed epochs", async () => {
    const acceptor = await openAcceptor();
    const entry = acceptOf(0, ballotOf(0), valueOf("v"));
    expect(await acceptor.entries(requestOf(acceptor, [entry]), NO_GRANTS)).toMatchObject({
      replies: [{ say: "rejected", because: "no-grant" }],
    });
    expect(await acceptor.entries({ ...requestOf(acceptor, [entry]), incarnation: "gone" }, GRANTED)).toEqual({
      say: "stranger",
      incarnation: acceptor.incarnation,
    });
    await acceptor.seal({ group, toEpoch: 2, incarnation: acceptor.incarnation, after: "", limit: 10 });
    expect(await acceptor.entries(requestOf(acceptor, [entry]), GRANTED)).toEqual({ say: "sealed", sealedEpoch: 2 });
  });

  test("shares one flush among all votes of a turn", async () => {
    const disk = new SimulatedDisk();
    await (await openAcceptor(disk)).close();
    const acceptor = await openAcceptor(disk);
    const before = disk.operations.filter((one) => one.do === "datasync").length;
    const entries = Array.from({ length: 64 }, (_, seq) => acceptOf(seq, ballotOf(0), valueOf(`v${seq}`)));
    await Promise.all(entries.map((entry) => expectAccepted(acceptor.entries(requestOf(acceptor, [entry]), GRANTED))));
    expect(disk.operations.filter((one) => one.do === "datasync").length - before).toBe(1);
  });

  test("answers a repetition and a reading only when the vote that they rest on is flushed", async () => {
    const disk = new SimulatedDisk();
    const acceptor = await openAcceptor(disk);
    const told: string[] = [];
    disk.before = ({ do: what }) => {
      if (what === "datasync") told.push("flush");
    };
    const request = requestOf(acceptor, [acceptOf(0, ballotOf(0), valueOf("v"))]);
    const tell = (name: string) => () => told.push(name);
    await Promise.all([
      acceptor.entries(request, GRANTED).then(tell("vote")),
      acceptor.entries(request, GRANTED).then(tell("repetition")),
      readKeys(acceptor, 1).then(tell("reading")),
      acceptor.states(group, "").then(tell("states")),
      acceptor.groups().then(tell("groups")),
    ]);
    expect(told[0]).toBe("flush");
    expect(told.slice(1).sort()).toEqual(["groups", "reading", "repetition", "states", "vote"]);
  });

  test("tells its groups, and their values page by page in the order of their keys", async () => {
    const acceptor = await openAcceptor();
    const count = MAX_ENTRIES + 10;
    for (let from = 0; from < count; from += 100) {
      const entries = Array.from({ length: Math.min(100, count - from) }, (_, index) =>
        acceptOf(from + index, ballotOf(0), valueOf(`v${from + index}`)),
      );
      await acceptor.entries(requestOf(acceptor, entries), GRANTED);
    }
    const promised = { ask: "prepare" as const, key: keyOf(count), ballot: ballotOf(1) };
    await acceptor.entries(requestOf(acceptor, [promised]), NO_GRANTS);
    expect(await acceptor.groups()).toEqual({
      incarnation: acceptor.incarnation,
      groups: [{ group, sealedEpoch: 1, active: configOf(), installed: null, keyCount: count }],
    });
    const first = await acceptor.states(group, "");
    const second = await acceptor.states(group, first.states.at(-1)?.key ?? "");
    expect([first.states.length, first.isLast, second.states.length, second.isLast]).toEqual([512, false, 10, true]);
    const keys = [...first.states, ...second.states].map(({ key }) => key);
    expect(keys).toEqual(Array.from({ length: count }, (_, seq) => keyOf(seq)).sort());
    expect(await acceptor.states((group + 1) % 64, "")).toEqual({ states: [], isLast: true });
    expect(acceptor.keyCount).toBe(count + 1);
  });

  test.each(["write", "datasync"] as const)(
    "gives no answer after a failed %s, and heals with the next vote",
    async (failing) => {
      const disk = new SimulatedDisk();
      const acceptor = await openAcceptor(disk);
      disk.before = ({ do: what }) => {
        if (what === failing) throw systemError("EIO");
      };
      const request = requestOf(acceptor, [acceptOf(0, ballotOf(0), valueOf("v"))]);
      await expect(acceptor.entries(request, GRANTED)).rejects.toMatchObject({ code: "unavailable" });
      // The memory has the vote, the disk has not: nobody may be told of it.
      await expect(acceptor.entries(request, GRANTED)).rejects.toMatchObject({ code: "unavailable" });
      await expect(readKeys(acceptor, 1)).rejects.toMatchObject({ code: "unavailable" });
      disk.before = () => {};
      await expectAccepted(acceptor.entries(request, GRANTED));
      await acceptor.close();
      expect(await readKeys(await openAcceptor(disk), 1)).toEqual(["v"]);
    },
  );

  test("refuses, undecided, what is more than the disk can be asked to keep up with", async () => {
    const acceptor = await openAcceptor();
    const prepareAll = (round: number) =>
      Array.from({ length: MAX_ENTRIES }, (_, seq) => ({
        ...{ ask: "prepare" as const, key: keyOf(seq), ballot: ballotOf(round) },
      }));
    const rounds = Array.from({ length: 70 }, (_, index) => index + 1);
    const asked = rounds.map((round) => acceptor.entries(requestOf(acceptor, prepareAll(round)), NO_GRANTS));
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.filter((one) => one.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "too-many-requests" });
    const lowest = outcomes.findIndex((one) => one.status === "rejected") + 1;
    const again = await acceptor.entries(requestOf(acceptor, prepareAll(lowest)), NO_GRANTS);
    expect(again.say === "answered" && again.replies.every(({ say }) => say === "promised")).toBe(true);
  });

  test("loses nothing to compactions, and counts on", async () => {
    const disk = new SimulatedDisk();
    const acceptor = await openAcceptor(disk, { minCompactionLines: 20 });
    for (let round = 1; round <= 60; round += 1) {
      const entry = acceptOf(round % 5, ballotOf(round), valueOf(`v${round}`));
      await expectAccepted(acceptor.entries(requestOf(acceptor, [entry]), NO_GRANTS));
    }
    const before = acceptor.report();
    expect(before.writes).toBe(61);
    await acceptor.close();
    const renames = disk.operations.filter((one) => one.do === "rename" && one.path === PATH);
    expect(renames.length).toBeGreaterThan(2);
    const again = await openAcceptor(disk);
    expect(await readKeys(again, 5)).toEqual(["v60", "v56", "v57", "v58", "v59"]);
    expect(again.report()).toMatchObject({ incarnation: before.incarnation, writes: before.writes, starts: 2 });
  });
});

describe("NodeAcceptor.open()", () => {
  async function opened(tamper: (bytes: Buffer) => Buffer | undefined) {
    const disk = new SimulatedDisk();
    const first = await openAcceptor(disk);
    await acceptSome(first, 4);
    await first.close();
    disk.tamper(PATH, tamper);
    const { log, errors } = loudLog();
    return { disk, first, errors, second: await openAcceptor(disk, { log }) };
  }

  test("cuts a torn end, and goes on as the same acceptor", async () => {
    const { first, second, errors } = await opened((bytes) => bytes.subarray(0, bytes.length - 3));
    expect(second.incarnation).toBe(first.incarnation);
    expect(await readKeys(second, 4)).toEqual(["v0", "v1", "v2", null]);
    expect(errors).toEqual([]);
  });

  test("begins another acceptor after damage in the middle, loudly, and keeps the log for a look", async () => {
    const { disk, first, second, errors } = await opened((bytes) => {
      bytes.write("#", bytes.indexOf(keyOf(1)));
      return bytes;
    });
    expect(second.incarnation).not.toBe(first.incarnation);
    expect(second.report()).toMatchObject({ starts: 1, writes: 0 });
    expect(second.keyCount).toBe(0);
    expect(errors).toEqual(["Cannot read some votes: this acceptor is no more, and another one begins"]);
    expect(disk.paths()).toContain(`${PATH}.damaged`);
    await second.close();
    expect((await openAcceptor(disk)).incarnation).toBe(second.incarnation);
  });

  test("begins another acceptor when the log ends before the acceptor's name", async () => {
    const { first, second, errors } = await opened((bytes) => {
      const lines = bytes.toString().split("\n");
      const [header = ""] = lines;
      return Buffer.from(`${header}\n${lines.filter((line) => line.includes(" v ")).join("\n")}\n`);
    });
    expect(second.incarnation).not.toBe(first.incarnation);
    expect([second.keyCount, errors.length]).toEqual([0, 1]);
  });

  test("begins another acceptor where the log is missing", async () => {
    const { first, second } = await opened(() => undefined);
    expect(second.incarnation).not.toBe(first.incarnation);
    expect(await second.entries(requestOf(first, []), NO_GRANTS)).toMatchObject({ say: "stranger" });
  });

  test("refuses a log of another version", async () => {
    await expect(opened(() => Buffer.from("vstack-acceptor 9\n"))).rejects.toThrow(/"vstack-acceptor 1" is wanted/);
  });
});

describe("NodeAcceptor.hear()", () => {
  const request = (acceptor: NodeAcceptor) => requestOf(acceptor, [acceptOf(0, ballotOf(0), valueOf("v"))]);

  test("lets a started acceptor vote when it is said that its disk was not put back", async () => {
    const acceptor = await openAcceptor(new SimulatedDisk(), { waitsForVerdict: true });
    await expect(acceptor.entries(request(acceptor), GRANTED)).rejects.toMatchObject({ code: "not-ready" });
    await acceptor.hear("ok");
    await expectAccepted(acceptor.entries(request(acceptor), GRANTED));
  });

  test("ends an acceptor whose disk was put back: what is under way is not answered, and another one begins", async () => {
    const disk = new SimulatedDisk();
    const acceptor = await openAcceptor(disk);
    await acceptSome(acceptor, 1);
    const before = acceptor.incarnation;
    const underWay = expect(acceptor.entries(request(acceptor), GRANTED)).rejects.toMatchObject({ code: "not-ready" });
    await acceptor.hear("rolled-back");
    await underWay;
    expect(acceptor.incarnation).not.toBe(before);
    expect(acceptor.report()).toMatchObject({ starts: 1, writes: 0 });
    await expect(acceptor.entries(request(acceptor), GRANTED)).rejects.toMatchObject({ code: "not-ready" });
    await acceptor.hear("ok");
    await expectAccepted(acceptor.entries(request(acceptor), GRANTED));
    await acceptor.close();
    const again = await openAcceptor(disk);
    expect(again.incarnation).toBe(acceptor.incarnation);
    expect(await readKeys(again, 1)).toEqual(["v"]);
  });
});
