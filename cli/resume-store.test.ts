import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resumeFile, resumeStore } from "./resume-store.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse("2026-01-02T00:00:00Z");

describe("resumeStore()", () => {
  let folder: string;
  let file: string;
  const upload = (uploadUrl: string, creationTime = "2026-01-01T23:00:00Z") => ({
    ...{ size: 5, metadata: { title: "Film" }, creationTime, uploadUrl, urlStorageKey: "", parallelUploadUrls: null },
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vstack-resume-"));
    file = join(folder, "deep", "uploads.json");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("finds an upload again after the program ended, until it is removed", async () => {
    await resumeStore(file, () => NOW_MS).addUpload("film", upload("http://one"));
    const store = resumeStore(file, () => NOW_MS);
    const [found] = await store.findUploadsByFingerprint("film");
    expect(found).toMatchObject({ uploadUrl: "http://one", metadata: { title: "Film" } });
    expect(await store.findUploadsByFingerprint("other")).toEqual([]);
    await store.removeUpload(found?.urlStorageKey ?? "");
    expect(await store.findAllUploads()).toEqual([]);
  });

  it("keeps what several uploads add at once, and the newest of one file", async () => {
    const store = resumeStore(file, () => NOW_MS);
    await Promise.all(["a", "b", "c"].map((name) => store.addUpload(name, upload(`http://${name}`))));
    await store.addUpload("a", upload("http://again"));
    expect((await store.findAllUploads()).map((one) => one.uploadUrl).sort()).toEqual([
      "http://again",
      "http://b",
      "http://c",
    ]);
  });

  it("forgets what the server has forgotten, and reads nonsense as nothing", async () => {
    const store = resumeStore(file, () => NOW_MS);
    await store.addUpload("old", upload("http://old", new Date(NOW_MS - 25 * HOUR_MS).toISOString()));
    expect(await store.findAllUploads()).toEqual([]);
    writeFileSync(file, "{nonsense");
    expect(await store.findAllUploads()).toEqual([]);
  });

  it("lets uploads go on when it cannot be written", async () => {
    writeFileSync(join(folder, "deep"), "a file where the folder should be");
    await expect(resumeStore(file, () => NOW_MS).addUpload("film", upload("http://one"))).resolves.toBe("film");
  });
});

describe("resumeFile()", () => {
  it("lies in the user's state folder", () => {
    expect(resumeFile({ XDG_STATE_HOME: "/state" })).toBe("/state/vstack/uploads.json");
    expect(resumeFile({ XDG_STATE_HOME: "" })).toMatch(/\.local\/state\/vstack\/uploads\.json$/);
  });
});
