/**
 * The long form of healing, by `vstack bench heal`: two nodes of a gigabyte each lose their disks in turn while people watch.
 * Needs 15 GB of disk for some minutes.
 */
import { runVstack } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

const BENCH_MS = 1_800_000;
const LEAST_BYTES = 1e9;

interface Report {
  readonly p99Ratio: number;
  readonly rounds: readonly {
    readonly lost: { readonly replicas: number; readonly shards: number; readonly bytes: number };
    readonly seconds: number;
    readonly bytesPerSecond: number;
  }[];
  readonly wrongPieces: number;
  readonly load: { readonly failedReads: number; readonly wrongChunks: number };
}

test("a wiped node of a gigabyte is full again unaided, and playback is hardly slower meanwhile", async () => {
  test.setTimeout(BENCH_MS);
  const { stdout, stderr } = await runVstack(["bench", "heal", "--json"], BENCH_MS);
  console.log(stderr + stdout);
  const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Report;
  for (const { lost, seconds, bytesPerSecond } of report.rounds) {
    expect(lost.bytes).toBeGreaterThan(LEAST_BYTES);
    expect(Math.min(lost.replicas, lost.shards)).toBeGreaterThan(100);
    expect(bytesPerSecond * seconds).toBeCloseTo(lost.bytes, -3);
  }
  expect(report.rounds.length).toBeGreaterThan(0);
  expect(report.wrongPieces).toBe(0);
  expect(report.load).toMatchObject({ failedReads: 0, wrongChunks: 0 });
  expect(report.p99Ratio).toBeLessThan(1.5);
});
