/** What a node counts against what the system counts in its folder. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { silentLog } from "#wire/server/log.ts";
import { putChunk, testChunk, testShard } from "./chunk-store.contract.ts";
import { openDiskStore } from "./disk-store.ts";
import { FolderRest } from "./folder-rest.ts";
import { liveFileSystem } from "./live-file-system.ts";

const folder = mkdtempSync(join(tmpdir(), "vstack-du-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function duBytes(): number {
  return Number(execFileSync("du", ["--apparent-size", "-s", "-B1", folder], { encoding: "utf8" }).split("\t")[0]);
}

test.runIf(process.platform === "linux")(
  "stats() of a store count what du counts, pieces and all the rest",
  async () => {
    const nodeId = parseNodeId("node-1");
    if (nodeId === undefined) throw new Error("node-1 is a node id");
    const times = { nowMs: 0 };
    const nowMs = () => times.nowMs;
    const store = await openDiskStore({ fileSystem: liveFileSystem, folder, nodeId, nowMs, log: silentLog });
    // The votes of the acceptor and the lock of the process are in the same folder.
    writeFileSync(join(folder, "acceptor.log"), "x".repeat(12_345));
    const pieces = Array.from({ length: 20 }, (_, at) => [testChunk(`${at}`, 70_000), testShard(`${at}`, 4, 30_000)]);
    for (const piece of pieces.flat()) await putChunk(store, piece, "a");
    await store.damage(testChunk("3", 70_000).hash, "corrupt");
    await store.verify(testChunk("3", 70_000).hash);
    times.nowMs += 10_000;
    const { usedBytes, otherBytes } = await store.stats();
    expect(usedBytes).toBe(19 * 70_000 + 20 * 30_000);
    expect(usedBytes + otherBytes).toBe(duBytes());
    await store.close();
  },
);

test("bytes() looks at the folder every ten seconds, and stays with what it knows when it cannot", async () => {
  const times = { nowMs: 0 };
  let looks = 0;
  const fileSystem = {
    list: async () => [],
    apparentBytes: async () => {
      looks += 1;
      if (looks === 2) throw new Error("EMFILE");
      return 100 * looks;
    },
  };
  const rest = new FolderRest({ fileSystem, folder: "/data", nowMs: () => times.nowMs });
  expect(await Promise.all([rest.bytes(), rest.bytes()])).toEqual([100, 100]);
  for (const [nowMs, bytes] of [
    [9_999, 100],
    [10_000, 100],
    [19_999, 100],
    [20_000, 300],
  ] as const) {
    times.nowMs = nowMs;
    expect(await rest.bytes(), `at ${nowMs} ms`).toBe(bytes);
  }
});
