/** What every catalogue must do, whatever keeps it. */
import { beforeEach, describe, expect, it } from "vitest";
import { parseRenditionId, videoIdFromBytes } from "#core/ids.ts";
import type { Rendition, VideoSort } from "#wire/contract/catalog-api.ts";
import { VIDEO_SORTS } from "#wire/contract/catalog-api.ts";
import { rendition720, sampleRecord, segmentOf, videoIdOf } from "../placement/placement-register.contract.ts";
import type { CatalogStore } from "./catalog-store.ts";

export const sampleRendition: Rendition = {
  id: rendition720,
  kind: "video",
  language: null,
  label: null,
  width: 1280,
  height: 720,
  frameRate: 24,
  codecs: "avc1.64001f,mp4a.40.2",
  peakBitsPerSecond: 3_000_000,
  averageBitsPerSecond: 2_000_000,
  segmentCount: 3,
  sizeBytes: 3000,
};

export function catalogStoreContract(name: string, open: () => CatalogStore): void {
  describe(`${name} as a catalogue`, () => {
    let store: CatalogStore;
    const id = videoIdOf("b");
    const chunk = (seq: number, holders?: string[]) => ({
      position: segmentOf("b", seq),
      durationSeconds: 4 + seq,
      record: sampleRecord(String(seq), 1, holders),
      blocks: "AAAA",
    });
    beforeEach(async () => {
      store = open();
      await store.createVideo({ id, title: "A day at the lake", createdAtMs: 1000 });
    });

    it("video() shows a new video as processing and empty", async () => {
      expect(await store.video(id)).toEqual({
        id,
        title: "A day at the lake",
        state: "processing",
        durationSeconds: 0,
        createdAt: "1970-01-01T00:00:01.000Z",
        sizeBytes: 0,
        views: 0,
        copies: { present: 0, wanted: 0 },
        failure: null,
        poster: null,
        renditions: [],
      });
      expect(await store.video(videoIdOf("c"))).toBeUndefined();
    });

    it("finishVideo() makes it ready with its renditions in their order", async () => {
      const small = { ...sampleRendition, height: 360, sizeBytes: 1000 };
      const renditions = [sampleRendition, { ...small, id: videoRendition("360p") }];
      await store.finishVideo(id, { durationSeconds: 12.5, renditions });
      const video = await store.video(id);
      expect(video).toMatchObject({ state: "ready", durationSeconds: 12.5, sizeBytes: 4000, renditions });
    });

    it("putChunk() counts copies and counts a replaced chunk once", async () => {
      await store.putChunk(chunk(0));
      await store.putChunk(chunk(1, ["node-1", "node-2"]));
      expect((await store.video(id))?.copies).toEqual({ present: 5, wanted: 6 });
      await store.putChunk({ ...chunk(1), record: sampleRecord("1", 2) });
      expect((await store.video(id))?.copies).toEqual({ present: 6, wanted: 6 });
      expect((await store.entry(segmentOf("b", 1)))?.record.version).toBe(2);
    });

    it("putChunk() keeps a newer record", async () => {
      await store.putChunk({ ...chunk(0), record: sampleRecord("0", 2) });
      await store.putChunk(chunk(0, ["node-1"]));
      expect((await store.entry(segmentOf("b", 0)))?.record.version).toBe(2);
      expect((await store.video(id))?.copies).toEqual({ present: 3, wanted: 3 });
    });

    it("renameVideo() changes the title and its meta chunk together, and searches and sorts by the new one", async () => {
      const meta = (version: number) => ({
        ...{ position: { slot: "meta", videoId: id } as const, durationSeconds: 0, blocks: "AAAA" },
        record: sampleRecord(String(version), version),
      });
      expect(await store.renameVideo(id, "Über Wasser", meta(2))).toBe(true);
      expect(await store.renameVideo(id, "Too late", meta(1))).toBe(true);
      expect((await store.video(id))?.title).toBe("Über Wasser");
      expect((await store.entry({ slot: "meta", videoId: id }))?.record.version).toBe(2);
      expect((await store.listVideos({ ...all("title"), search: "ÜBER" })).total).toBe(1);
      expect((await store.listVideos({ ...all("title"), search: "lake" })).total).toBe(0);
      expect(await store.renameVideo(id, "Without one", null)).toBe(true);
      expect(await store.renameVideo(videoIdOf("c"), "Nothing", null)).toBe(false);
    });

    it("chunksAtRisk() pages through what lacks copies in ready videos", async () => {
      await store.createVideo({ id: videoIdOf("c"), title: "Being stored", createdAtMs: 0 });
      await store.putChunk({ ...chunk(0, ["node-1"]), position: segmentOf("c", 0) });
      const init = { slot: "init", videoId: id, rendition: rendition720 } as const;
      const positions = [{ slot: "meta", videoId: id } as const, init, segmentOf("b", 2), segmentOf("b", 10)];
      for (const position of positions) await store.putChunk({ ...chunk(0, ["node-1", "node-2"]), position });
      await store.putChunk(chunk(3));
      expect(await store.chunksAtRisk(null, 9)).toEqual([]);
      await store.finishVideo(id, { durationSeconds: 1, renditions: [] });
      const first = await store.chunksAtRisk(null, 3);
      const second = await store.chunksAtRisk(first.at(-1) ?? null, 3);
      expect([...first, ...second]).toEqual(positions);
      expect([await store.countAtRisk(id), await store.countAtRisk(null)]).toEqual([4, 5]);
      await store.putChunk({ ...chunk(0), position: init, record: sampleRecord("0", 2) });
      expect(await store.countAtRisk(id)).toBe(3);
    });

    it("putChunk() refuses a chunk of a video that is not there", async () => {
      const orphan = { ...chunk(0), position: segmentOf("c", 0) };
      await expect(store.putChunk(orphan)).rejects.toMatchObject({ code: "not-found" });
    });

    it("segments() pages in playing order, without init and meta", async () => {
      for (const seq of [2, 10, 0, 1]) await store.putChunk(chunk(seq));
      await store.putChunk({ ...chunk(0), position: { slot: "init", videoId: id, rendition: rendition720 } });
      await store.putChunk({ ...chunk(0), position: { slot: "meta", videoId: id } });
      const page = (from: number, limit: number) =>
        store.segments({ videoId: id, rendition: rendition720, from, limit });
      expect((await page(0, 3)).map((entry) => entry.seq)).toEqual([0, 1, 2]);
      expect((await page(2, 9)).map((entry) => entry.seq)).toEqual([2, 10]);
      expect(await store.segmentDurations(id, rendition720)).toEqual([4, 5, 6, 14]);
    });

    it("entry() finds the chunk of every slot", async () => {
      const init = { slot: "init", videoId: id, rendition: rendition720 } as const;
      await store.putChunk({ ...chunk(7), position: init });
      await store.putChunk(chunk(3));
      expect((await store.entry(init))?.record.hash).toMatch(/^7/);
      expect(await store.entry(segmentOf("b", 3))).toMatchObject({ seq: 3, durationSeconds: 7, blocks: "AAAA" });
      expect(await store.entry({ slot: "meta", videoId: id })).toBeUndefined();
    });

    it("video() names the poster while there is one, and every fact of a track", async () => {
      const track = { ...sampleRendition, id: videoRendition("subtitles-en"), kind: "subtitles" as const };
      await store.putChunk({ ...chunk(0), position: { slot: "poster", videoId: id } });
      await store.finishVideo(id, { durationSeconds: 1, renditions: [{ ...track, language: "en", label: "English" }] });
      const poster = `/media/${id}/poster.jpg`;
      expect(await store.video(id)).toMatchObject({
        poster,
        renditions: [{ kind: "subtitles", language: "en", label: "English" }],
      });
      expect((await store.listVideos(all("newest"))).videos[0]?.poster).toBe(poster);
      await store.clearVideo(id);
      expect((await store.video(id))?.poster).toBeNull();
    });

    it("failVideo() keeps the reason and forgets the chunks", async () => {
      await store.putChunk(chunk(0));
      await store.failVideo(id, "Cannot read it");
      expect(await store.video(id)).toMatchObject({
        state: "failed",
        failure: "Cannot read it",
        copies: { present: 0, wanted: 0 },
      });
      expect(await store.entry(segmentOf("b", 0))).toBeUndefined();
    });

    it("clearVideo() begins again with nothing", async () => {
      await store.putChunk(chunk(0));
      await store.failVideo(id, "Cannot read it");
      await store.clearVideo(id);
      expect(await store.video(id)).toMatchObject({
        state: "processing",
        failure: null,
        copies: { present: 0, wanted: 0 },
      });
    });

    it("beginRemoval() hides the video until deleteVideo() ends it", async () => {
      expect(await store.beginRemoval(videoIdOf("c"))).toBe(false);
      expect(await store.beginRemoval(id)).toBe(true);
      expect(await store.video(id)).toBeUndefined();
      expect((await store.listVideos(all("newest"))).videos).toEqual([]);
      expect(await store.countVideos()).toBe(0);
      expect(await store.countView(id, "viewing-1")).toBeUndefined();
      expect(await store.removals()).toEqual([id]);
      await store.deleteVideo(id);
      expect(await store.removals()).toEqual([]);
    });

    it("countView() counts each viewing once", async () => {
      expect(await store.countView(id, "viewing-1")).toEqual({ views: 1, counted: true });
      expect(await store.countView(id, "viewing-1")).toEqual({ views: 1, counted: false });
      expect(await store.countView(id, "viewing-2")).toEqual({ views: 2, counted: true });
      expect((await store.video(id))?.views).toBe(2);
      expect(await store.countView(videoIdOf("c"), "viewing-1")).toBeUndefined();
    });

    it.each(VIDEO_SORTS)("listVideos() by %s shows every video once over all pages", async (sort) => {
      const random = numbers(7);
      for (let index = 0; index < 23; index += 1) {
        const one = videoIdFromBytes(Uint8Array.from({ length: 16 }, () => random() & 255));
        await store.createVideo({ id: one, title: `Take ${random() % 5}`, createdAtMs: random() % 4 });
        const renditions = [{ ...sampleRendition, sizeBytes: random() % 4 }];
        await store.finishVideo(one, { durationSeconds: random() % 4, renditions });
        for (let view = random() % 3; view > 0; view -= 1) await store.countView(one, `viewing-${view}`);
      }
      const pages = await everyPage(store, sort, 5);
      const videos = pages.flat();
      expect(new Set(videos.map((video) => video.id)).size).toBe(24);
      expect(videos).toHaveLength(24);
      for (const [before, after] of videos.slice(1).map((video, index) => [videos[index], video] as const)) {
        if (before === undefined) continue;
        if (sort === "newest") expect(before.createdAt >= after.createdAt).toBe(true);
        if (sort === "title") expect(before.title.toLowerCase() <= after.title.toLowerCase()).toBe(true);
        if (sort === "views") expect(before.views >= after.views).toBe(true);
        if (sort === "oldest") expect(before.createdAt <= after.createdAt).toBe(true);
        if (sort === "longest") expect(before.durationSeconds >= after.durationSeconds).toBe(true);
        if (sort === "largest") expect(before.sizeBytes >= after.sizeBytes).toBe(true);
      }
    });

    it("listVideos() searches a part of the title whatever the case, and takes % and _ as they are", async () => {
      await store.createVideo({ id: videoIdOf("c"), title: "ÜBER 100%_sure", createdAtMs: 2000 });
      const found = async (search: string) =>
        (await store.listVideos({ ...all("newest"), search })).videos.map((one) => one.title);
      expect(await found("LAKE")).toEqual(["A day at the lake"]);
      expect(await found("über")).toEqual(["ÜBER 100%_sure"]);
      expect(await found("0%_S")).toEqual(["ÜBER 100%_sure"]);
      expect(await found("%")).toEqual(["ÜBER 100%_sure"]);
      expect(await found("a_day")).toEqual([]);
      expect(await store.listVideos({ ...all("newest"), search: "lake" })).toMatchObject({ total: 1, next: null });
    });

    it("listVideos() refuses a cursor of another sort", async () => {
      await store.createVideo({ id: videoIdOf("c"), title: "B", createdAtMs: 2000 });
      const { next } = await store.listVideos({ ...all("newest"), limit: 1 });
      await expect(store.listVideos({ ...all("title"), after: next })).rejects.toMatchObject({ code: "bad-request" });
      await expect(store.listVideos({ ...all("title"), after: "nonsense" })).rejects.toMatchObject({
        code: "bad-request",
      });
    });
  });
}

const all = (sort: VideoSort) => ({ search: "", sort, after: null, limit: 100 });

async function everyPage(store: CatalogStore, sort: VideoSort, limit: number) {
  const pages = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<CatalogStore["listVideos"]>> = await store.listVideos({
      search: "",
      sort,
      after,
      limit,
    });
    pages.push(page.videos);
    after = page.next;
  } while (after !== null && pages.length < 100);
  return pages;
}

/** Small whole numbers from a seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 8;
  };
}

function videoRendition(text: string): Rendition["id"] {
  const id = parseRenditionId(text);
  if (id === undefined) throw new Error(`No rendition id: ${text}`);
  return id;
}
