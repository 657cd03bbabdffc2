/** Ten minutes of changes between copies and shards while two browsers and fifty virtual players watch and nodes die. */
import { startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import { runTransitionLoop } from "../fixtures/transition-loop.ts";

const SECONDS = 600;

test("ten minutes of changes between copies and shards, nodes killed one at a time: nobody reads in vain", async ({
  browser,
}) => {
  test.setTimeout((SECONDS + 240) * 1000);
  const cluster = await startCluster("--no-demo");
  try {
    const { inBrowsers, load, ...seen } = await runTransitionLoop(cluster, browser, SECONDS);
    const failed = inBrowsers.failed.map(({ failure, attempts }) => ({ failure, attempts: attempts.length }));
    console.log(JSON.stringify({ ...seen, load, inBrowsers: { ...inBrowsers, failed } }));
    expect(load.failures).toEqual({});
    expect(load.wrongChunks).toBe(0);
    expect(inBrowsers.failed).toEqual([]);
    expect(seen.leastLossesLeft).toBeGreaterThanOrEqual(2);
    expect(seen.changes).toBeGreaterThanOrEqual(20);
    expect(seen.kills).toBeGreaterThanOrEqual(20);
    expect(inBrowsers.fromShards).toBeGreaterThan(0);
  } finally {
    await cluster.stop();
  }
});
