import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { chunkBlocks } from "#core/placement/blocks.ts";
import { blockRun } from "#core/schedule/running-attempt.ts";
import type { AttemptPorts, AttemptReport, AttemptTask } from "./attempt.ts";
import { startAttempt } from "./attempt.ts";
import { createVirtualClock } from "./virtual-network.ts";

const BLOCK_BYTES = 64;
const CHUNK = Uint8Array.from({ length: 400 }, (_, index) => index % 251);
const BLOCKS = chunkBlocks(CHUNK.length, BLOCK_BYTES);

const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest());

function taskOf(firstBlock: number, endBlock: number): AttemptTask {
  const hashes = Uint8Array.from(BLOCKS.flatMap(({ start, end }) => [...sha256(CHUNK.subarray(start, end))]));
  return {
    url: "http://a/x",
    run: blockRun(BLOCKS, firstBlock, endBlock),
    sizeBytes: CHUNK.length,
    offset: 0,
    blocks: BLOCKS,
    hashes,
  };
}

/** Answers with the wanted bytes in reads of the given sizes, over and over. */
function portsOf(readBytes: readonly number[], digest = async (bytes: Uint8Array) => sha256(bytes)): AttemptPorts {
  const fetch = async (_url: string, init: RequestInit) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get("range") ?? "");
    const [start, end] = range === null ? [0, CHUNK.length] : [Number(range[1]), Number(range[2]) + 1];
    let at = start;
    let reads = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = Math.min(end, at + (readBytes[reads % readBytes.length] ?? 1));
        reads += 1;
        controller.enqueue(CHUNK.slice(at, next));
        at = next;
        if (at === end) controller.close();
      },
    });
    const headers = { "content-range": `bytes ${start}-${end - 1}/${CHUNK.length}` };
    return new Response(body, { status: range === null ? 200 : 206, headers });
  };
  return { clock: createVirtualClock(), fetch, digest };
}

/** All reports of an attempt, to its end. */
async function reportsOf(task: AttemptTask, ports: AttemptPorts): Promise<AttemptReport[]> {
  const reports: AttemptReport[] = [];
  await new Promise<void>((resolve) => {
    startAttempt(task, ports, (report) => {
      reports.push(report);
      if (report.saw === "ended" || report.saw === "failed") resolve();
    });
  });
  return reports;
}

function blocksIn(reports: readonly AttemptReport[]) {
  return reports.flatMap((report) =>
    report.saw === "block-ok" ? [{ block: report.block, content: [...report.content] }] : [],
  );
}

describe("startAttempt()", () => {
  test.each([[[1]], [[63, 2]], [[64]], [[65]], [[1000]], [[0, 7, 128]]])(
    "cuts the body into the right blocks from reads of %j bytes",
    async (sizes) => {
      const reports = await reportsOf(taskOf(0, BLOCKS.length), portsOf(sizes));
      const wanted = BLOCKS.map(({ index, start, end }) => ({
        block: index,
        content: [...CHUNK.subarray(start, end)],
      }));
      expect(blocksIn(reports)).toEqual(wanted);
      expect(reports.at(-1)).toEqual({ saw: "ended" });
      expect(reports.filter((report) => report.saw === "first-byte")).toHaveLength(1);
      const bytes = reports.map((report) => (report.saw === "bytes" ? report.bytes : 0));
      expect(bytes.reduce((sum, count) => sum + count, 0)).toBe(CHUNK.length);
    },
  );

  test("reports only the blocks of its run, under their own numbers", async () => {
    expect(blocksIn(await reportsOf(taskOf(2, 5), portsOf([50]))).map(({ block }) => block)).toEqual([2, 3, 4]);
  });

  test("says nothing more once it is stopped, whatever still arrives", async () => {
    for (let stopAfter = 1; stopAfter <= 12; stopAfter += 1) {
      const reports: AttemptReport[] = [];
      const stop = startAttempt(taskOf(0, BLOCKS.length), portsOf([50]), (report) => {
        reports.push(report);
        if (reports.length === stopAfter) stop();
      });
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(reports).toHaveLength(stopAfter);
    }
  });

  test("fails as broken when the platform cannot hash", async () => {
    const ports = portsOf([1000], () => Promise.reject(new Error("no memory")));
    const reports = await reportsOf(taskOf(0, 3), ports);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(reports.filter((report) => report.saw === "failed" || report.saw === "ended")).toMatchObject([
      { saw: "failed", kind: "broken" },
    ]);
  });
});
