import { describe, expect, it } from "vitest";
import { attachmentOf, downloadName } from "./download-name.ts";

describe("downloadName()", () => {
  it.each([
    ["A day at the lake", "A day at the lake.mp4"],
    ["../../etc/passwd", "etc passwd.mp4"],
    ["..\\..\\boot.ini", "boot.ini.mp4"],
    ['<script>alert("1")</script>', "script alert( 1 ) script.mp4"],
    ["line\r\nSet-Cookie: a=b\0", "line Set-Cookie a=b.mp4"],
    ["gnp\u202E4pm.exe", "gnp 4pm.exe.mp4"],
    ["CON", "_CON.mp4"],
    ["nul.txt", "_nul.txt.mp4"],
    ["...", "video.mp4"],
    ["", "video.mp4"],
    ["half \ud83d", "half.mp4"],
    ["Füße 🎬 映画", "Füße 🎬 映画.mp4"],
  ])("makes a harmless name of %j", (title, name) => {
    expect(downloadName(title, ".mp4")).toBe(name);
  });

  it("cuts long names between characters", () => {
    const name = downloadName("🎬".repeat(200), ".mp4");
    expect(name).toBe(`${"🎬".repeat(60)}.mp4`);
    expect(Buffer.byteLength(name)).toBeLessThan(255);
  });
});

describe("attachmentOf()", () => {
  it("says the name in ASCII and exactly", () => {
    expect(attachmentOf("Füße 100% (1).mp4")).toBe(
      "attachment; filename=\"F__e 100_ (1).mp4\"; filename*=UTF-8''F%C3%BC%C3%9Fe%20100%25%20%281%29.mp4",
    );
  });

  it.each(['a"; filename="evil.exe', "a\\", "a\r\nb: c"])("lets nothing leave the header: %j", (title) => {
    const header = attachmentOf(downloadName(title, ".mp4"));
    expect(header).toMatch(/^attachment; filename="[^"\\\r\n]*"; filename\*=UTF-8''[A-Za-z0-9%._~!$&+-]*$/);
    expect(() => new Headers({ "content-disposition": header })).not.toThrow();
  });
});
