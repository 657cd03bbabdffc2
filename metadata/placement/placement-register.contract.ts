/** What every placement register must do, whatever keeps it. */
import { beforeEach, describe, expect, it } from "vitest";
import { parseChunkHash, parseNodeId, parseRenditionId, parseVideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { PlacementRegister } from "./placement-register.ts";

/** The value, or a failed test. */
export function present<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error("The test needs a value that is not there");
  return value;
}

/** A valid video id that ends in the given letters. */
export const videoIdOf = (end: string) => present(parseVideoId(end.padStart(26, "a")));
export const rendition720 = present(parseRenditionId("720p"));

/** A replicated record whose hash begins with `digit`. */
export function sampleRecord(digit: string, version = 1, holders = ["node-1", "node-2", "node-3"]): ChunkRecord {
  return {
    schema: 1,
    version,
    hash: present(parseChunkHash(digit.padEnd(64, "0"))),
    sizeBytes: 1000,
    blockSizeBytes: 131_072,
    blocksDigest: present(parseChunkHash("b".repeat(64))),
    scheme: { kind: "replication" },
    holders: holders.map((id) => ({ nodeId: present(parseNodeId(id)), holds: "replica" })),
  };
}

export const segmentOf = (video: string, seq: number): Position => ({
  slot: "segment",
  videoId: videoIdOf(video),
  rendition: rendition720,
  seq,
});

export function placementRegisterContract(name: string, open: () => Promise<PlacementRegister>): void {
  describe(`${name} as a placement register`, () => {
    let register: PlacementRegister;
    beforeEach(async () => {
      register = await open();
    });
    const position = segmentOf("b", 0);

    it("propose() chooses the first record of an empty position", async () => {
      expect(await register.propose(position, sampleRecord("1"), null)).toEqual({
        outcome: "chosen",
        record: sampleRecord("1"),
      });
      expect(await register.read(position)).toEqual(sampleRecord("1"));
    });

    it("propose() refuses a second first record and tells the one that stands", async () => {
      await register.propose(position, sampleRecord("1"), null);
      expect(await register.propose(position, sampleRecord("2"), null)).toEqual({
        outcome: "conflict",
        record: sampleRecord("1"),
      });
      expect(await register.read(position)).toEqual(sampleRecord("1"));
    });

    it("propose() says chosen again to whoever repeats the chosen record", async () => {
      await register.propose(position, sampleRecord("1"), null);
      expect((await register.propose(position, sampleRecord("1"), null)).outcome).toBe("chosen");
    });

    it("propose() replaces the expected version only", async () => {
      await register.propose(position, sampleRecord("1"), null);
      expect((await register.propose(position, sampleRecord("1", 3), 2)).outcome).toBe("conflict");
      expect((await register.propose(position, sampleRecord("1", 2, ["node-4"]), 1)).outcome).toBe("chosen");
      expect(await register.propose(position, sampleRecord("1", 2, ["node-5"]), 1)).toEqual({
        outcome: "conflict",
        record: sampleRecord("1", 2, ["node-4"]),
      });
    });

    it("propose() conflicts with null when a version is expected of an empty position", async () => {
      expect(await register.propose(position, sampleRecord("1", 2), 1)).toEqual({ outcome: "conflict", record: null });
    });

    it("propose() refuses a version that does not follow", async () => {
      await expect(register.propose(position, sampleRecord("1", 2), null)).rejects.toMatchObject({
        code: "bad-request",
      });
    });

    it("propose() lets one of many concurrent proposers win", async () => {
      const proposals = ["1", "2", "3", "4", "5"].map((digit) => register.propose(position, sampleRecord(digit), null));
      const outcomes = await Promise.all(proposals);
      expect(outcomes.filter(({ outcome }) => outcome === "chosen")).toHaveLength(1);
      expect(new Set(outcomes.map(({ record }) => record?.hash)).size).toBe(1);
    });

    it("listByVideo() pages through one video's placements in the order of their text", async () => {
      const slots: Position[] = [
        { slot: "meta", videoId: videoIdOf("b") },
        { slot: "init", videoId: videoIdOf("b"), rendition: rendition720 },
        ...[0, 1, 2, 10].map((seq) => segmentOf("b", seq)),
      ];
      for (const slot of [...slots, segmentOf("c", 0)]) await register.propose(slot, sampleRecord("1"), null);
      const first = await register.listByVideo(videoIdOf("b"), "", 4);
      const second = await register.listByVideo(videoIdOf("b"), `${videoIdOf("b")}/720p/2`, 4);
      expect(first.map((placement) => placement.position)).toEqual([0, 1, 10, 2].map((seq) => segmentOf("b", seq)));
      expect(second.map((placement) => placement.position.slot)).toEqual(["init", "meta"]);
    });

    it("removeByVideo() empties the positions of that video and of no other", async () => {
      await register.propose(position, sampleRecord("1"), null);
      await register.propose(segmentOf("c", 0), sampleRecord("1"), null);
      await register.removeByVideo(videoIdOf("b"));
      expect(await register.read(position)).toBeUndefined();
      expect(await register.known(position)).toBeUndefined();
      expect(await register.listByVideo(videoIdOf("b"), "", 10)).toEqual([]);
      expect(await register.read(segmentOf("c", 0))).toEqual(sampleRecord("1"));
    });

    it("remove() empties for good: nothing can be proposed there any more", async () => {
      await register.propose(position, sampleRecord("1"), null);
      await register.remove([position]);
      expect(await register.read(position)).toBeUndefined();
      for (const [version, expected] of [
        [1, null],
        [2, 1],
        [3, 2],
      ] as const) {
        expect(await register.propose(position, sampleRecord("2", version), expected)).toEqual({
          outcome: "conflict",
          record: null,
        });
      }
    });

    it("remove() leaves what was never set as it is, and may be repeated", async () => {
      await register.remove([position]);
      await register.propose(segmentOf("b", 1), sampleRecord("1"), null);
      await register.remove([segmentOf("b", 1)]);
      await register.remove([segmentOf("b", 1)]);
      expect(await register.read(segmentOf("b", 1))).toBeUndefined();
    });

    it("known() follows what was chosen", async () => {
      expect(await register.known(position)).toBeUndefined();
      await register.propose(position, sampleRecord("1"), null);
      await register.propose(position, sampleRecord("1", 2, ["node-4"]), 1);
      expect(await register.known(position)).toEqual(sampleRecord("1", 2, ["node-4"]));
    });
  });
}
