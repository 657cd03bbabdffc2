import { describe, expect, test } from "vitest";
import { videoIdFromBytes } from "#core/ids.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { atRiskText, viewOf, viewOfStatus } from "./item-view.ts";
import type { ItemState, QueueItem } from "./queue-item.ts";
import { NOTHING_SEEN, seen } from "./transfer-rate.ts";

const MB = 1_000_000;
const item = (state: ItemState, change: Partial<QueueItem> = {}): QueueItem => ({
  ...{ id: "f0", fileName: "clip.mp4", sizeBytes: 100 * MB, title: "Clip", group: null, fingerprint: "p" },
  ...{ uploadId: "u0", sentBytes: 40 * MB, progression: NOTHING_SEEN, state },
  ...change,
});
const status = (change: Partial<UploadStatus>): UploadStatus => ({
  ...{ id: "u0", phase: "packaging", videoId: null, title: "Clip", receivedBytes: 10, sizeBytes: 10 },
  ...{ storedSeconds: 20, durationSeconds: 80, chunksStored: 6, chunksAtRisk: 0, notice: null, failure: null },
  ...change,
});
const around = { progression: NOTHING_SEEN, nowMs: 0, isGrouped: false };

describe("viewOf()", () => {
  test("tells rate and time left of a send", () => {
    const progression = seen(seen(NOTHING_SEEN, 20 * MB, 0), 40 * MB, 2000);
    const view = viewOf(item({ is: "sending", trouble: null, tries: 0 }, { progression }), 2000);
    expect(view).toMatchObject({
      headline: "40 MB of 100 MB sent",
      detail: "10 MB/s, a few seconds left",
      share: 0.4,
      phases: ["now", "ahead", "ahead", "ahead", "ahead"],
    });
  });

  test("promises no time while a broken connection is tried again", () => {
    const view = viewOf(item({ is: "sending", trouble: "The connection broke", tries: 3 }), 0);
    expect(view).toMatchObject({ tone: "warn", detail: "The connection broke. Trying again by itself" });
  });

  test("shows the server's last word while it is silent", () => {
    const view = viewOf(item({ is: "processing", status: status({}), trouble: "The server does not answer" }), 0);
    expect(view).toMatchObject({ headline: "0:20 of 1:20 stored, 6 chunks", tone: "warn" });
    expect(view.detail).toBe("The server does not answer. Asking again by itself");
  });

  test("says that a stored video is still at risk", () => {
    const videoId = videoIdFromBytes(new Uint8Array(16));
    expect(viewOf(item({ is: "ready", videoId, chunksAtRisk: 0 }), 0).tone).toBe("good");
    expect(viewOf(item({ is: "ready", videoId, chunksAtRisk: 2 }), 0)).toMatchObject({ tone: "warn", chunksAtRisk: 2 });
  });
});

describe("viewOfStatus()", () => {
  test.each([
    ["receiving", ["now", "ahead", "ahead", "ahead", "ahead"]],
    ["probing", ["done", "now", "ahead", "ahead", "ahead"]],
    ["packaging", ["done", "done", "now", "now", "ahead"]],
    ["verifying", ["done", "done", "done", "done", "now"]],
    ["ready", ["done", "done", "done", "done", "done"]],
  ] as const)("marks the phases of %s", (phase, phases) => {
    expect(viewOfStatus(status({ phase }), around).phases).toEqual(phases);
  });

  test("hands on what holds the server up", () => {
    const view = viewOfStatus(status({ phase: "waiting", notice: "Waiting for storage nodes" }), around);
    expect(view).toMatchObject({ tone: "warn", detail: "Waiting for storage nodes" });
  });

  test("knows no share before the length is known", () => {
    expect(viewOfStatus(status({ durationSeconds: 0, storedSeconds: 0 }), around).share).toBeNull();
  });

  test("shows reason and advice of a failure", () => {
    const failure = { code: "unsupported-media", message: "The codec is VC-1", advice: "Convert it" };
    expect(viewOfStatus(status({ phase: "failed", failure }), around)).toMatchObject({
      ...{ headline: "The codec is VC-1", detail: "Convert it", tone: "bad", phases: undefined },
    });
  });
});

test("atRiskText() counts chunks, and is silent without any", () => {
  expect(atRiskText(0)).toBe("");
  expect(atRiskText(1)).toBe("At risk: 1 chunk with fewer than three copies so far");
});
