/** One minute of e2e/long/transitions.spec.ts: forms change while people watch and nodes die. */
import { startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import { runTransitionLoop } from "../fixtures/transition-loop.ts";

const SECONDS = 60;

test("a minute of changes between copies and shards, nodes killed one at a time: nobody reads in vain", async ({
  browser,
}) => {
  test.setTimeout(200_000);
  const cluster = await startCluster("--no-demo");
  try {
    const seen = await runTransitionLoop(cluster, browser, SECONDS);
    expect(seen.load.failures).toEqual({});
    expect(seen.load.wrongChunks).toBe(0);
    expect(seen.inBrowsers.failed).toEqual([]);
    expect(seen.leastLossesLeft).toBeGreaterThanOrEqual(2);
    expect(seen.changes).toBeGreaterThanOrEqual(2);
    expect(seen.kills).toBeGreaterThanOrEqual(2);
    expect(seen.load.segments).toBeGreaterThan(300);
    expect(seen.inBrowsers.fromShards).toBeGreaterThan(0);
  } finally {
    await cluster.stop();
  }
});
