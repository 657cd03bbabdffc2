/** The journal as such, with a state of its own: a number for each name, of which the newest counts. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "#core/random.ts";
import { silentLog } from "#wire/server/log.ts";
import { Journal } from "./journal.ts";
import type { LineFormat } from "./journal-lines.ts";
import { SimulatedDisk, systemError } from "./simulated-disk.ts";

const PATH = "/numbers.log";
const SEEDS = [1, 2, 3];
const WRITERS = 4;
const STEPS = 60;

type NumberChange = readonly [name: string, value: number];

const NUMBER_LINES: LineFormat<NumberChange> = {
  firstLine: "numbers 1",
  contents: "the numbers",
  write: ([name, value]) => `${name} ${value}`,
  read: (bytes, start, end) => {
    const [name, value] = bytes.toString("utf8", start, end).split(" ");
    return name === undefined || value === undefined ? undefined : [name, Number(value)];
  },
};

async function openNumbers(disk: SimulatedDisk, minCompactionLines = 20_000) {
  const numbers = new Map<string, number>();
  const apply = ([name, value]: NumberChange) => {
    numbers.set(name, value);
  };
  const journal = await Journal.open<NumberChange>({
    ...{ fileSystem: disk, folder: "", fileName: "numbers.log", format: NUMBER_LINES, log: silentLog },
    ...{ minCompactionLines, onDamage: () => {} },
    state: { replay: apply, onDurable: apply, changes: () => numbers, changeCount: () => numbers.size },
  });
  return { numbers, journal };
}

/** On a disk that has a journal, so that its file bears its own name from the beginning. */
async function reopenedNumbers(disk: SimulatedDisk, minCompactionLines?: number) {
  await (await openNumbers(disk)).journal.close();
  return await openNumbers(disk, minCompactionLines);
}

const countOf = (disk: SimulatedDisk, what: string, path: string) =>
  disk.operations.filter((one) => one.do === what && one.path === path).length;
const flushCount = (disk: SimulatedDisk) => countOf(disk, "datasync", PATH);
const draftCount = (disk: SimulatedDisk) => countOf(disk, "create", `${PATH}.new`);
const renameCount = (disk: SimulatedDisk) => countOf(disk, "rename", PATH);

describe("Journal", () => {
  test("append() shares one flush among all changes of a turn", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await reopenedNumbers(disk);
    await Promise.all(Array.from({ length: 64 }, (_, index) => journal.append([`n${index}`, index])));
    expect(flushCount(disk)).toBe(1);
  });

  test("append() without changes waits for those before, and for nothing when there are none", async () => {
    const disk = new SimulatedDisk();
    const { journal, numbers } = await reopenedNumbers(disk);
    await journal.append();
    expect(flushCount(disk)).toBe(0);
    void journal.append(["a", 1]);
    await journal.append();
    expect(numbers.get("a")).toBe(1);
    expect(flushCount(disk)).toBe(1);
  });

  test.each(["write", "datasync"] as const)("append() never goes on in a file after a failed %s", async (failing) => {
    const disk = new SimulatedDisk();
    const { journal } = await reopenedNumbers(disk);
    await journal.append(["a", 1]);
    disk.before = ({ do: what, path }) => {
      if (what === failing && path === PATH) throw systemError("EIO");
    };
    await expect(journal.append(["a", 2])).rejects.toMatchObject({ code: "unavailable" });
    disk.before = () => {};
    // The state itself is durable only after it was written anew.
    const writtenBefore = disk.operations.length;
    await journal.append();
    expect(disk.operations.slice(writtenBefore).map((one) => `${one.do} ${one.path}`)).toEqual([
      ...["remove /numbers.log.new", "create /numbers.log.new", "write /numbers.log.new", "write /numbers.log.new"],
      ...["datasync /numbers.log.new", "rename /numbers.log", "sync-folder ", "append /numbers.log"],
    ]);
    await journal.append(["b", 3]);
    expect([...(await openNumbers(disk)).numbers]).toEqual([
      ["a", 1],
      ["b", 3],
    ]);
  });

  test("append() says that the disk is full, and works again when it is not", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await reopenedNumbers(disk);
    disk.before = ({ do: what }) => {
      if (what === "write") throw systemError("ENOSPC");
    };
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(journal.append(["a", turn])).rejects.toMatchObject({ code: "storage-full" });
    }
    disk.before = () => {};
    await journal.append(["a", 9]);
    expect((await openNumbers(disk)).numbers).toEqual(new Map([["a", 9]]));
  });

  test("append() does not wait for a compaction", async () => {
    const disk = new SimulatedDisk();
    const { journal, numbers } = await openNumbers(disk, 10);
    let answeredMeanwhile = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      await journal.append([`n${turn % 3}`, turn]);
      if (draftCount(disk) > renameCount(disk)) answeredMeanwhile += 1;
    }
    expect(renameCount(disk)).toBeGreaterThan(5);
    expect(answeredMeanwhile).toBeGreaterThan(5);
    await journal.close();
    expect((await openNumbers(disk, 10)).numbers).toEqual(numbers);
  });

  test("a compaction that fails costs nothing but its room", async () => {
    const disk = new SimulatedDisk();
    const { journal, numbers } = await reopenedNumbers(disk, 10);
    let refused = 0;
    disk.before = ({ path }) => {
      if (path === PATH) return;
      refused += 1;
      throw systemError("ENOSPC");
    };
    for (let turn = 0; turn < 100; turn += 1) await journal.append(["a", turn]);
    await journal.close();
    expect(refused).toBeGreaterThan(2);
    expect(refused).toBeLessThan(8);
    disk.before = () => {};
    expect((await openNumbers(disk, 1000)).numbers).toEqual(numbers);
  });

  test.each(SEEDS)(
    "a power loss at any moment, compactions included, loses nothing acknowledged (seed %i)",
    async (seed) => {
      const disk = new SimulatedDisk();
      const acknowledged = new Map<string, number>();
      const found: { disk: SimulatedDisk; acknowledged: ReadonlyMap<string, number>; story: string }[] = [];
      disk.before = ({ do: what, path }) => {
        const story = `seed ${seed}, before operation ${found.length}: ${what} ${path}`;
        const left = disk.afterPowerLoss(seededRandom(seed * 100_000 + found.length));
        found.push({ disk: left, acknowledged: new Map(acknowledged), story });
      };
      const { journal } = await openNumbers(disk, 20);
      const write = async (writer: number) => {
        for (let step = 1; step <= STEPS; step += 1) {
          const name = `${writer}.${step % 3}`;
          await journal.append([name, step]);
          acknowledged.set(name, step);
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
      await journal.close();
      expect(renameCount(disk)).toBeGreaterThan(3);
      for (const moment of found) {
        const { numbers, journal: again } = await openNumbers(moment.disk, 20);
        expect(again.damagedLines, moment.story).toBe(0);
        // Each name's numbers only grow: whatever is found is at least what was acknowledged.
        for (const [name, value] of moment.acknowledged) {
          expect(numbers.get(name), moment.story).toBeGreaterThanOrEqual(value);
        }
      }
    },
  );
});
