import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { ManifestPage } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { RenditionIdSchema } from "#wire/contract/schemas.ts";
import type { ChunkPlace } from "./manifest-cache.ts";
import { manifestCache } from "./manifest-cache.ts";
import { manualClock, settle } from "./manual-clock.contract.ts";
import type { ManualClock } from "./manual-clock.contract.ts";
import { RENDITION, sampleBackground, samplePage, sampleVideo, VIDEO_ID } from "./sample-manifest.contract.ts";
import { memoryTable } from "./table.ts";

const NEVER = new AbortController().signal;
const place = (seq: number, rendition = RENDITION): ChunkPlace => ({
  ...{ videoId: VIDEO_ID, rendition, slot: "segment", seq },
});

/** A metadata server that lives, is dead, hangs, or has deleted the video; and the list of what it was asked. */
function server(renditions: Readonly<Record<string, number>> = { [RENDITION]: 3 }) {
  const asked: string[] = [];
  const state: { is: "alive" | "dead" | "hung" | "emptied"; nodeUrl: string } = {
    is: "alive",
    nodeUrl: "http://127.0.0.1:9001",
  };
  async function answer<T>(make: () => Promise<T> | T): Promise<T> {
    await settle();
    if (state.is === "dead") throw new VStackError("unreachable", "Cannot ask as the server is dead");
    if (state.is === "hung") return new Promise<T>(() => undefined);
    if (state.is === "emptied") throw new VStackError("not-found", "Cannot find the video");
    return make();
  }
  const metadata = {
    manifestPage: ({ rendition, from }: { rendition: string; from: number }): Promise<ManifestPage> => {
      asked.push(`${rendition}@${from}`);
      return answer(() => samplePage({ rendition, from, total: renditions[rendition] ?? 0, nodeUrl: state.nodeUrl }));
    },
    video: () => {
      asked.push("video");
      return answer(() => sampleVideo(renditions));
    },
  };
  return { asked, state, metadata };
}

function setUp(
  given: { server?: ReturnType<typeof server>; clock?: ManualClock; table?: ReturnType<typeof memoryTable> } = {},
) {
  const { server: from = server(), clock = manualClock(), table = memoryTable(256) } = given;
  const { work } = sampleBackground();
  const cache = manifestCache({ metadata: from.metadata, table, clock, background: work });
  return { cache, clock, table, work, ...from };
}

/** Until all that was started has ended, prefetches and refreshes included. */
async function quiet(of: ReturnType<typeof setUp>): Promise<void> {
  for (let i = 0; i < 10; i += 1) {
    await settle();
    await of.work.settled();
  }
}

describe("manifestCache()", () => {
  it("asks once for a page, however many segments want it, and then knows it in one tick", async () => {
    const one = setUp();
    expect(one.cache.peek(place(1))).toBeUndefined();
    const found = await Promise.all([0, 1, 2].map((seq) => one.cache.locate(place(seq), NEVER)));
    await quiet(one);
    expect(found.map((chunk) => chunk.entry.seq)).toEqual([0, 1, 2]);
    expect(one.asked).toEqual([`${RENDITION}@0`, "video"]);
    expect(one.cache.peek(place(1))?.entry.record.sizeBytes).toBe(3000);
    expect(one.cache.peek({ ...place(0), slot: "init" })?.entry.record.sizeBytes).toBe(700);
    expect([...one.cache.nodeUrls().values()]).toEqual(["http://127.0.0.1:9001"]);
  });

  it("ends the waiting of one who gives up, not the question", async () => {
    const one = setUp();
    const gone = new AbortController();
    const given = one.cache.locate(place(0), gone.signal);
    const other = one.cache.locate(place(0), NEVER);
    gone.abort();
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    expect((await other).entry.seq).toBe(0);
  });

  it("says not-found for a segment behind the end", async () => {
    await expect(setUp().cache.locate(place(7), NEVER)).rejects.toMatchObject({ code: "not-found" });
  });

  it("plays on while the server is dead, also in a new worker", async () => {
    const first = setUp();
    await first.cache.locate(place(0), NEVER);
    await quiet(first);
    first.state.is = "dead";
    const next = setUp({ ...first, server: first });
    next.clock.skipWall(300_000);
    expect((await next.cache.locate(place(2), NEVER)).entry.seq).toBe(2);
  });

  it("waits 1.5 s for a hung server before it uses a page of yesterday", async () => {
    const first = setUp();
    await first.cache.locate(place(0), NEVER);
    await quiet(first);
    first.state.is = "hung";
    const next = setUp({ ...first, server: first });
    next.clock.skipWall(86_400_000);
    let seq: number | undefined;
    void next.cache.locate(place(2), NEVER).then((chunk) => (seq = chunk.entry.seq));
    await next.clock.advance(1_499);
    expect(seq).toBeUndefined();
    await next.clock.advance(1);
    expect(seq).toBe(2);
  });

  it("uses a page of one minute at once and refreshes it behind", async () => {
    const one = setUp();
    await one.cache.locate(place(0), NEVER);
    await quiet(one);
    await one.clock.advance(60_001);
    one.state.nodeUrl = "http://127.0.0.1:9999";
    const old = await one.cache.locate(place(0), NEVER);
    await quiet(one);
    const fresh = await one.cache.locate(place(0), NEVER);
    expect([...old.nodeUrls.values(), ...fresh.nodeUrls.values()]).toEqual([
      "http://127.0.0.1:9001",
      "http://127.0.0.1:9999",
    ]);
  });

  it("forgets a video that was deleted", async () => {
    const one = setUp();
    await one.cache.locate(place(0), NEVER);
    await quiet(one);
    one.state.is = "emptied";
    await one.clock.advance(60_001);
    await one.cache.locate(place(0), NEVER);
    await quiet(one);
    await expect(one.cache.locate(place(0), NEVER)).rejects.toMatchObject({ code: "not-found" });
    expect(await one.table.newest(10)).toEqual([]);
  });

  it("prefetches the same place of the other renditions, and the next page once half-way", async () => {
    const one = setUp({ server: server({ [RENDITION]: 100, "360p": 100, short: 40 }) });
    await one.cache.locate(place(70), NEVER);
    await quiet(one);
    expect(one.asked).toEqual([`${RENDITION}@64`, "video", "360p@64"]);
    await one.cache.locate(place(31), NEVER);
    await quiet(one);
    expect(one.asked.slice(3)).toEqual([`${RENDITION}@0`]);
    const two = setUp({ server: server({ [RENDITION]: 100 }) });
    await two.cache.locate(place(32), NEVER);
    await quiet(two);
    expect(two.asked).toEqual([`${RENDITION}@0`, `${RENDITION}@64`, "video"]);
    two.state.is = "dead";
    expect((await two.cache.locate(place(99), NEVER)).entry.seq).toBe(99);
  });

  it("asks again for the other renditions when the server was dead at the first try", async () => {
    const one = setUp({ server: server({ [RENDITION]: 3, "360p": 3 }) });
    await one.cache.locate(place(0), NEVER);
    one.state.is = "dead";
    await quiet(one);
    one.state.is = "alive";
    await one.cache.locate(place(1), NEVER);
    await quiet(one);
    expect(one.cache.peek(place(0, v.parse(RenditionIdSchema, "360p")))).toBeDefined();
  });

  it("relocate() asks though the page is fresh", async () => {
    const one = setUp();
    await one.cache.locate(place(0), NEVER);
    one.state.nodeUrl = "http://127.0.0.1:9999";
    const moved = await one.cache.relocate(place(0), NEVER);
    expect([...moved.nodeUrls.values()]).toEqual(["http://127.0.0.1:9999"]);
  });
});
