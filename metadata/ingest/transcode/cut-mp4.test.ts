import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { refuseCutMp4 } from "./cut-mp4.ts";

const folder = mkdtempSync(join(tmpdir(), "vstack-cut-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const box = (type: string, lengthBytes: number, presentBytes = lengthBytes) => {
  const bytes = Buffer.alloc(presentBytes);
  bytes.writeUInt32BE(lengthBytes, 0);
  bytes.write(type, 4, "latin1");
  return bytes;
};
const check = (...boxes: Buffer[]) => {
  const bytes = Buffer.concat(boxes);
  const path = join(folder, "film.mp4");
  writeFileSync(path, bytes);
  return refuseCutMp4(path, bytes.length);
};

describe("refuseCutMp4()", () => {
  it("passes whole files, and media that reaches to the end of the file", async () => {
    await check(box("ftyp", 24), box("moov", 100), box("mdat", 500));
    await check(box("ftyp", 24), box("mdat", 0, 500));
  });

  it("refuses one whose media or index ends beyond it, and says by how much", async () => {
    await expect(check(box("ftyp", 24), box("moov", 100), box("mdat", 500, 80))).rejects.toThrow(
      /420 of its bytes are missing at the end/,
    );
    await expect(check(box("ftyp", 24), box("mdat", 50), box("moov", 100, 40))).rejects.toMatchObject({
      code: "damaged",
    });
  });

  it("reads lengths of 64 bits", async () => {
    const large = box("mdat", 1, 60);
    large.writeBigUInt64BE(100n, 8);
    await expect(check(box("ftyp", 24), large)).rejects.toThrow(/40 of its bytes/);
  });

  it("leaves padding and nonsense to others", async () => {
    await check(box("ftyp", 24), box("mdat", 50), box("free", 5000, 12));
    await check(box("ftyp", 24), box("mdat", 3, 50));
  });
});
