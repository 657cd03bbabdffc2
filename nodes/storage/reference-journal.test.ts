import { describe, expect, test } from "vitest";
import { silentLog } from "#wire/server/log.ts";
import { testChunk, testShard } from "./chunk-store.contract.ts";
import { readWholeFile } from "./file-system.ts";
import { ReferenceIndex } from "./reference-index.ts";
import { headerOf, lineOf, readLines } from "./journal-lines.ts";
import { openReferenceJournal } from "./reference-journal.ts";
import { REFERENCE_LINES } from "./reference-log.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

const PATH = "/references.log";
const HEADER = headerOf(REFERENCE_LINES);
const chunks = Array.from({ length: 8 }, (_, index) => testChunk(`chunk ${index}`));

async function openJournal(disk: SimulatedDisk, minCompactionLines = 20_000) {
  const index = new ReferenceIndex();
  const journal = await openReferenceJournal({
    fileSystem: disk,
    folder: "",
    index,
    log: silentLog,
    minCompactionLines,
  });
  return { index, journal };
}

function add(reference: string, chunk = chunks[0]) {
  if (chunk === undefined) throw new Error("No chunk");
  const { piece, digest, bytes } = chunk;
  return { change: "add", piece, digest, sizeBytes: bytes.length, reference, version: 3 } as const;
}

describe("openReferenceJournal()", () => {
  test("open() replays what was appended", async () => {
    const disk = new SimulatedDisk();
    const { journal, index } = await openJournal(disk);
    await Promise.all(chunks.map((chunk) => journal.append(add("a", chunk))));
    await journal.append({ ...add("a"), change: "remove" });
    expect([...(await openJournal(disk)).index.changes()]).toEqual([...index.changes()]);
    expect(index.referenceCount).toBe(7);
  });

  test("open() cuts a torn end and appends after the last whole line", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openJournal(disk);
    await journal.append(add("a"));
    await journal.append(add("b"));
    disk.tamper(PATH, (bytes) => bytes.subarray(0, bytes.length - 3));
    const second = await openJournal(disk);
    expect([...second.index.changes()]).toEqual([add("a")]);
    expect(second.journal.damagedLines).toBe(0);
    await second.journal.append(add("c"));
    expect([...(await openJournal(disk)).index.changes()]).toEqual([add("a"), add("c")]);
  });

  test("open() says when good lines follow a bad one, and keeps the journal for a look", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openJournal(disk);
    for (const reference of ["a", "b", "c"]) await journal.append(add(reference));
    disk.tamper(PATH, (bytes) => {
      bytes.write("#", HEADER.length + 5);
      return bytes;
    });
    const second = await openJournal(disk);
    expect(second.journal.damagedLines).toBe(1);
    expect([...second.index.changes()]).toEqual([add("b"), add("c")]);
    expect(disk.paths()).toContain("/references.log.damaged");
  });

  test("append() compacts when most lines are history, and loses nothing", async () => {
    const disk = new SimulatedDisk();
    const { journal, index } = await openJournal(disk, 10);
    for (let round = 0; round < 50; round += 1) {
      await journal.append(add(`kept ${round % 4}`, chunks[round % 8]));
      await journal.append(add("passing"));
      await journal.append({ ...add("passing"), change: "remove" });
    }
    expect(disk.operations.filter(({ do: what, path }) => what === "rename" && path === PATH).length).toBeGreaterThan(
      3,
    );
    const after = await openJournal(disk, 10);
    expect([...after.index.changes()].sort()).toEqual([...index.changes()].sort());
  });

  test("append() after close() is refused", async () => {
    const { journal } = await openJournal(new SimulatedDisk());
    await journal.close();
    await expect(journal.append(add("a"))).rejects.toMatchObject({ code: "unavailable" });
  });
});

test("openReferenceJournal() reads version 1, where every reference is one of a whole chunk, and writes it anew", async () => {
  const disk = new SimulatedDisk();
  const [one, two] = [testChunk("one"), testChunk("two")];
  const older = {
    write: (words: string) => words,
  };
  const lines = [`+ ${one.hash} 1000 loose`, `+ ${two.hash} 1000 a`, `+ ${two.hash} 1000 b`, `- ${two.hash} a`];
  const file = await disk.create(PATH);
  await file.write(Buffer.from(`vstack-references 1\n${lines.map((words) => lineOf(older, words)).join("")}`));
  const { index, journal } = await openJournal(disk);
  const known = [
    { ...add("loose", one), version: 1 },
    { ...add("b", two), version: 1 },
  ];
  expect(new Set(index.changes())).toEqual(new Set(known));
  expect(journal.damagedLines).toBe(0);
  await journal.append(add("c", testShard("one", 3)));
  const text = (await readWholeFile(disk, PATH))?.toString() ?? "";
  expect(text.split("\n")[0]).toBe("vstack-references 2");
  const after = new Set((await openJournal(disk)).index.changes());
  expect(after).toEqual(new Set([...known, add("c", testShard("one", 3))]));
});

describe("readLines()", () => {
  test.each([
    ["a replica", chunks[0]],
    ["a shard", testShard("one", 12)],
  ])("ignores no flipped bit of %s", (_, piece) => {
    const line = lineOf(REFERENCE_LINES, add("video/720p/1", piece));
    for (let bit = 0; bit < (line.length - 1) * 8; bit += 1) {
      const bytes = Buffer.concat([HEADER, Buffer.from(line)]);
      const at = HEADER.length + (bit >> 3);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
      const found: unknown[] = [];
      const reading = readLines(REFERENCE_LINES, bytes, (change) => found.push(change));
      // A flip of the case of a hexadecimal digit of the checksum changes nothing that it says.
      if (found.length > 0) expect(found).toEqual([add("video/720p/1", piece)]);
      else expect(reading.torn).toBe(true);
    }
  });

  test("takes a first line that is none for damage: what is behind it counts", () => {
    const found: unknown[] = [];
    const bytes = Buffer.from(`vstack-refrences 1\n${lineOf(REFERENCE_LINES, add("a"))}`);
    const reading = readLines(REFERENCE_LINES, bytes, (change) => found.push(change));
    expect({ found, reading }).toEqual({
      found: [add("a")],
      reading: { lineCount: 1, torn: false, damagedLines: 1, isOlder: false },
    });
    expect(readLines(REFERENCE_LINES, Buffer.alloc(0), () => {}).damagedLines).toBe(1);
  });

  test("refuses another version", () => {
    expect(() => readLines(REFERENCE_LINES, Buffer.from("vstack-references 9\n"), () => {})).toThrow(
      /"vstack-references 2" is wanted/,
    );
  });
});
