/** Uploads survive what happens to them: the quick form of e2e/long/ten-uploads.spec.ts, which needs no ffmpeg. */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uploadThroughTrouble } from "../../fixtures/broken-uploads.ts";
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import { expectThreeCopies } from "../../fixtures/stored-chunks.ts";
import { test } from "../../fixtures/test.ts";

const FILE_BYTES = 8_000_000;
/** Both together take about four seconds. */
const BYTES_PER_SECOND = 4_000_000;
const LIMIT_MS = 60_000;
const BOX_HEADER_BYTES = 8;

test("uploads by page and command arrive byte by byte, though connections are cut and the server is killed", async ({
  page,
}) => {
  const folder = await mkdtemp(join(tmpdir(), "vstack-broken-"));
  const cluster = await startCluster("--no-demo");
  try {
    const [, middle = "", large = ""] = DEMO_FILES;
    const byPage = [await padded(large, join(folder, "by page.mp4"))];
    const byCommand = [await padded(middle, join(folder, "by command.mp4"))];
    const trouble = { bytesPerSecond: BYTES_PER_SECOND, limitMs: LIMIT_MS };
    const ids = await uploadThroughTrouble({ cluster, page, byPage, byCommand, ...trouble });
    await expectThreeCopies(cluster, ids);
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

/** The same film with bytes behind it that players skip: a `free` box (ISO/IEC 14496-12 section 8.1.2). */
async function padded(source: string, path: string): Promise<string> {
  const film = await readFile(source);
  const free = Buffer.alloc(BOX_HEADER_BYTES);
  free.writeUInt32BE(FILE_BYTES - film.length);
  free.write("free", 4, "latin1");
  await writeFile(path, Buffer.concat([film, free, randomBytes(FILE_BYTES - film.length - BOX_HEADER_BYTES)]));
  return path;
}
