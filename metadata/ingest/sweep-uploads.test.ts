import { describe, expect, it } from "vitest";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { videoIdOf } from "../placement/placement-register.contract.ts";
import { sweepUploads } from "./sweep-uploads.ts";
import type { Upload } from "./upload-store.ts";
import { NO_PROGRESS, sqliteUploads } from "./upload-store.ts";

const nothing = () => Promise.resolve();
const HOUR_MS = 3_600_000;
const NOW_MS = 1000 * HOUR_MS;

const upload = (id: string, over: Partial<Upload>): Upload => ({
  ...{ id, videoId: videoIdOf(id), group: null, groupSize: 1, fileName: "", title: "", redundancy: "auto" },
  ...{ sizeBytes: 10, phase: "receiving", failure: null, progress: NO_PROGRESS, createdMs: 0, updatedMs: 0 },
  ...over,
});

describe("sweepUploads()", () => {
  it("abandons what had no new byte for a day, as a whole group, and nothing that is being stored", async () => {
    const uploads = sqliteUploads(openDatabase(IN_MEMORY));
    const modifiedMs = new Map([
      ["fresh", NOW_MS - HOUR_MS],
      ["stale", NOW_MS - 25 * HOUR_MS],
      ["left", NOW_MS - 25 * HOUR_MS],
      ["right", NOW_MS - HOUR_MS],
    ]);
    const pair = { videoId: videoIdOf("pair"), groupSize: 2 };
    for (const id of ["fresh", "stale", "nofile"]) await uploads.add(upload(id, {}));
    await uploads.add(upload("left", pair));
    await uploads.add(upload("right", pair));
    await uploads.add(upload("busy", { phase: "packaging" }));
    const abandoned: string[] = [];
    await sweepUploads({
      uploads,
      files: { remove: nothing, facts: async (id) => ({ sizeBytes: 1, modifiedMs: modifiedMs.get(id) ?? 0 }) },
      nowMs: NOW_MS,
      abandon: async (videoId) => {
        abandoned.push(videoId);
      },
    });
    expect(abandoned.sort()).toEqual([videoIdOf("nofile"), videoIdOf("stale")].sort());
  });

  it("forgets uploads that ended a week ago", async () => {
    const uploads = sqliteUploads(openDatabase(IN_MEMORY));
    await uploads.add(upload("old", { phase: "ready", updatedMs: NOW_MS - 8 * 24 * HOUR_MS }));
    await uploads.add(upload("new", { phase: "failed", updatedMs: NOW_MS - 6 * 24 * HOUR_MS }));
    const files = { facts: async () => undefined, remove: nothing };
    await sweepUploads({ uploads, files, nowMs: NOW_MS, abandon: async () => undefined });
    expect([await uploads.byId("old"), (await uploads.byId("new"))?.id]).toEqual([undefined, "new"]);
  });

  it("deletes the files that were kept for a retry for longer than a day", async () => {
    const uploads = sqliteUploads(openDatabase(IN_MEMORY));
    await uploads.add(upload("kept", { phase: "failed", updatedMs: NOW_MS - 23 * HOUR_MS }));
    await uploads.add(upload("over", { phase: "failed", updatedMs: NOW_MS - 25 * HOUR_MS }));
    const removed: string[] = [];
    const files = { facts: async () => undefined, remove: async (id: string) => void removed.push(id) };
    await sweepUploads({ uploads, files, nowMs: NOW_MS, abandon: nothing });
    expect(removed).toEqual(["over"]);
  });
});
