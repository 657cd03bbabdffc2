import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findFfmpeg, isTooOld } from "./ffmpeg.ts";

const folder = mkdtempSync(join(tmpdir(), "vstack-find-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program that answers as ffmpeg does, as far as it is asked. */
function pretend(name: string, { version = "6.1", encoders = "libx264 aac", withProbe = true } = {}) {
  const bin = mkdtempSync(join(folder, "bin-"));
  const lines = encoders.split(" ").map((encoder) => `echo ' V..... ${encoder} some words'`);
  const script = ["#!/bin/sh", 'case "$*" in', `*-version*) echo 'ffmpeg version ${version} Copyright' ;;`];
  writeFileSync(join(bin, name), [...script, "*-encoders*)", ...lines, ";;", "esac", ""].join("\n"));
  chmodSync(join(bin, name), 0o700);
  if (withProbe) writeFileSync(join(bin, "ffprobe"), "", { mode: 0o700 });
  return bin;
}
const find = (setting: string | undefined, searchPath: string) => findFfmpeg(setting, { searchPath, folder });

describe("findFfmpeg()", () => {
  it("takes the first on the PATH, with the ffprobe beside it, and says what it cannot do", async () => {
    const bin = pretend("ffmpeg");
    const found = await find(undefined, `/nowhere:${bin}`);
    expect(found.ffmpeg).toMatchObject({
      ...{ ffmpegPath: join(bin, "ffmpeg"), ffprobePath: join(bin, "ffprobe") },
      ...{ version: "6.1", canToneMap: false, prlimitPath: null },
    });
  });

  it.each([
    ["not on the PATH", () => "/nowhere"],
    ["no ffprobe", () => pretend("ffmpeg", { withProbe: false })],
    ["its version is 4.2.1", () => pretend("ffmpeg", { version: "4.2.1" })],
    ["lacks the encoder libx264", () => pretend("ffmpeg", { encoders: "aac mpeg4" })],
  ])("goes without when it is %s", async (reason, make) => {
    const found = await find(undefined, make());
    expect(found.ffmpeg).toBeNull();
    expect(found.reason).toContain(reason);
  });

  it("can be switched off, and refuses a path that was set and is of no use", async () => {
    expect(await find("off", pretend("ffmpeg"))).toMatchObject({ ffmpeg: null, reason: "it is switched off" });
    await expect(find("/nowhere/ffmpeg", pretend("ffmpeg"))).rejects.toMatchObject({ code: "bad-request" });
    const named = join(pretend("my-ffmpeg"), "my-ffmpeg");
    expect((await find(named, "/nowhere")).ffmpeg?.ffmpegPath).toBe(named);
  });
});

describe("isTooOld()", () => {
  it("reads the versions of distributions, and trusts those without numbers", () => {
    const versions = ["4.2.9-ubuntu", "4.3", "5.1.9-0+deb12u1", "n7.0", "N-109000-g1234567", "2023-01-01-git"];
    expect(versions.map(isTooOld)).toEqual([true, false, false, false, false, false]);
  });
});
