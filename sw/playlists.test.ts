import { describe, expect, it } from "vitest";
import { VStackError } from "#wire/contract/errors.ts";
import { SERVED_BY } from "#wire/contract/headers.ts";
import { manualClock, settle } from "./manual-clock.contract.ts";
import { playlists, renditionPaths } from "./playlists.ts";
import { sampleBackground, VIDEO_ID } from "./sample-manifest.contract.ts";
import { memoryTable } from "./table.ts";

const MASTER = `/media/${VIDEO_ID}/master.m3u8`;
const HIGH = `/media/${VIDEO_ID}/720p/index.m3u8`;
const MASTER_TEXT = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/index.m3u8\n";

function setUp() {
  const failure: { now: VStackError | undefined } = { now: undefined };
  const asked: string[] = [];
  const { work } = sampleBackground();
  const { answer, ...rest } = playlists({
    ask: async (path) => {
      asked.push(path);
      if (failure.now !== undefined) throw failure.now;
      return new Response(path === MASTER ? MASTER_TEXT : "#EXTM3U\n#EXT-X-ENDLIST\n");
    },
    table: memoryTable(64),
    clock: manualClock(),
    background: work,
  });
  return { ...rest, answer, asked, failure, work };
}

describe("playlists()", () => {
  it("answers from the server while it lives", async () => {
    const { answer, asked } = setUp();
    const response = await answer(HIGH);
    await answer(HIGH);
    expect(asked).toEqual([HIGH, HIGH]);
    expect(response.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
    expect(response.headers.get(SERVED_BY)).toBe("worker");
  });

  it.each(["unreachable", "timeout", "bad-answer"] as const)(
    "answers with the copy when the server is %s",
    async (code) => {
      const { answer, failure } = setUp();
      await answer(HIGH);
      failure.now = new VStackError(code, "Cannot ask");
      const response = await answer(HIGH);
      expect([response.status, await response.text()]).toEqual([200, "#EXTM3U\n#EXT-X-ENDLIST\n"]);
    },
  );

  it("has the playlists of the qualities that were not played yet", async () => {
    const { answer, failure, work } = setUp();
    await answer(MASTER);
    await settle();
    await work.settled();
    failure.now = new VStackError("unreachable", "Cannot ask");
    expect((await answer(HIGH)).status).toBe(200);
  });

  it("gives what was asked for a moment ago once, and asks anew after that", async () => {
    const { answer, asked, prepare } = setUp();
    prepare(HIGH);
    expect((await answer(HIGH)).status).toBe(200);
    expect(asked).toEqual([HIGH]);
    await answer(HIGH);
    expect(asked).toEqual([HIGH, HIGH]);
  });

  it("asks anew when what was asked for before the player did failed", async () => {
    const { answer, failure, prepare } = setUp();
    failure.now = new VStackError("timeout", "Cannot ask");
    prepare(HIGH);
    await settle();
    failure.now = undefined;
    expect((await answer(HIGH)).status).toBe(200);
  });

  it("refuses with a problem document when there is no copy", async () => {
    const { answer, failure } = setUp();
    failure.now = new VStackError("unreachable", "Cannot ask");
    const response = await answer(HIGH);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ type: "urn:vstack:problem:unreachable", instance: HIGH });
  });

  it("believes the server that a video is gone, now and later", async () => {
    const { answer, failure, work } = setUp();
    await answer(HIGH);
    failure.now = new VStackError("not-found", "Cannot find it");
    expect((await answer(HIGH)).status).toBe(404);
    await work.settled();
    failure.now = new VStackError("unreachable", "Cannot ask");
    expect((await answer(HIGH)).status).toBe(502);
  });
});

describe("renditionPaths()", () => {
  it("reads each address once, wherever the master stands, and nothing foreign", () => {
    const text = `#EXTM3U\r\n720p/index.m3u8?x=1\r\n${HIGH}\r\nhttp://evil.example/a.m3u8\r\n../../api/videos\r\nhttp://\r\n`;
    expect(renditionPaths(MASTER, text)).toEqual([HIGH]);
  });
});
