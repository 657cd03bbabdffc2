import { describe, expect, it } from "vitest";
import type { NodeId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { silentLog } from "#wire/server/log.ts";
import { Inventories } from "./inventories.ts";

const NODE = { nodeId: "n1" as NodeId, url: "http://127.0.0.1:1", weight: 1 };
const RUN_MS = 20_000;

/** Lists for 20 s and says when the node was asked. @param isThere whether it answers at that time */
async function listed(isThere: (nowMs: number) => boolean): Promise<{ askedMs: number[]; inventories: Inventories }> {
  let nowMs = 0;
  const over = new AbortController();
  const clock: Clock = {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    async sleep(delayMs) {
      nowMs += delayMs;
      if (nowMs >= RUN_MS) over.abort();
      await Promise.resolve();
    },
  };
  const askedMs: number[] = [];
  const inventories = new Inventories({
    pieces: { named: async () => await Promise.resolve(new Set()) },
    links: {
      async *inventory() {
        askedMs.push(nowMs);
        if (!isThere(nowMs)) throw new Error("connection refused");
        yield await Promise.resolve([]);
      },
    },
    alive: () => [NODE],
    onListed: async () => await Promise.resolve(),
    onStrays: async () => await Promise.resolve(),
    relistMs: () => RUN_MS,
    ...{ clock, log: silentLog },
  });
  inventories.want(NODE.nodeId);
  await inventories.run(over.signal);
  return { askedMs, inventories };
}

describe("Inventories", () => {
  it("asks a node that does not answer less and less often", async () => {
    const { askedMs, inventories } = await listed(() => false);
    expect(askedMs).toEqual([0, 2000, 6000, 14_000]);
    expect(inventories.counted().nodes.size).toBe(0);
  });

  it("has its list soon after it is back", async () => {
    const { askedMs, inventories } = await listed((nowMs) => nowMs >= 5000);
    expect(askedMs).toEqual([0, 2000, 6000]);
    expect([...inventories.counted().nodes.keys()]).toEqual([NODE.nodeId]);
  });
});
