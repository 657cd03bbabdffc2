import { describe, expect, test } from "vitest";
import { parseChunkHash, parseNodeId, parseRenditionId, videoIdFromBytes } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { parseMediaPath, PATHS, ROUTES } from "./paths.ts";

const videoId = videoIdFromBytes(new Uint8Array(16).fill(9));
const rendition = parseRenditionId("720p");
const nodeId = parseNodeId("node-1");
const hash = parseChunkHash("ab".repeat(32));
invariant(rendition !== undefined && nodeId !== undefined && hash !== undefined, "Cannot name the test's ids");

describe("parseMediaPath()", () => {
  test("reads what PATHS builds", () => {
    expect(parseMediaPath(PATHS.masterPlaylist(videoId))).toEqual({ asks: "master", videoId });
    expect(parseMediaPath(PATHS.mediaPlaylist(videoId, rendition))).toEqual({ asks: "playlist", videoId, rendition });
    expect(parseMediaPath(PATHS.init(videoId, rendition))).toEqual({ asks: "init", videoId, rendition });
    expect(parseMediaPath(PATHS.segment(videoId, rendition, 12))).toEqual({
      asks: "segment",
      videoId,
      rendition,
      seq: 12,
    });
  });

  test.each([
    ...[
      "",
      "/",
      "/media",
      `/media/${videoId}`,
      `/media/${videoId}/`,
      `/media/${videoId}/other.m3u8`,
      "/media/x/master.m3u8",
    ],
    ...[
      `/media/${videoId}/720p/`,
      `/media/${videoId}/720p/01.m4s`,
      `/media/${videoId}/720p/-1.m4s`,
      `/media/${videoId}/720p/1.mp4`,
    ],
    ...[`/media/${videoId}/720p/1.m4s/x`, `/media/${videoId}/../1.m4s`, `x/media/${videoId}/master.m3u8`],
  ])("leaves %j alone", (path) => {
    expect(parseMediaPath(path)).toBeUndefined();
  });
});

test("every path that is built matches its route pattern", () => {
  const built: [keyof typeof ROUTES, string][] = [
    ["chunk", PATHS.chunk(hash)],
    ["nodeHeartbeat", PATHS.nodeHeartbeat(nodeId)],
    ["video", PATHS.video(videoId)],
    ["videoManifest", PATHS.manifest(videoId, rendition, 64)],
    ["videoViews", PATHS.views(videoId)],
    ["uploadStatus", PATHS.uploadStatus("a/b?c")],
    ["uploadEvents", PATHS.uploadEvents("abc")],
  ];
  for (const [route, path] of built) {
    const pattern = new RegExp(`^${ROUTES[route].replaceAll(/:[a-zA-Z]+/g, "[^/?]+")}(\\?.*)?$`);
    expect(path).toMatch(pattern);
  }
});
