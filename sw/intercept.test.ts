import { describe, expect, it } from "vitest";
import { intercept } from "./intercept.ts";

const ORIGIN = "http://127.0.0.1:8080";
const VIDEO = "abcdefghijklmnopqrstuvwxyz";
const SEGMENT = `/media/${VIDEO}/720p/3.m4s`;

function seen(path: string, change: { method?: string; mode?: string; origin?: string; range?: string } = {}) {
  const { method = "GET", mode = "cors", origin = ORIGIN, range } = change;
  return { url: origin + path, method, mode, headers: new Headers(range === undefined ? {} : { range }) };
}

describe("intercept()", () => {
  it.each([
    ["segment", SEGMENT, {}],
    ["init segment", `/media/${VIDEO}/720p/init.mp4`, {}],
    ["master playlist", `/media/${VIDEO}/master.m3u8`, {}],
    ["media playlist", `/media/${VIDEO}/720p/index.m3u8`, {}],
    ["same-origin mode", SEGMENT, { mode: "same-origin" }],
    ["media element", SEGMENT, { mode: "no-cors" }],
  ])("takes a %s", (_name, path, change) => {
    expect(intercept(seen(path, change), ORIGIN)).toMatchObject({ path });
  });

  it.each([
    ["another origin", SEGMENT, { origin: "http://127.0.0.1:8081" }],
    ["an origin that only begins the same", SEGMENT, { origin: `${ORIGIN}9` }],
    ["a POST", SEGMENT, { method: "POST" }],
    ["a HEAD", SEGMENT, { method: "HEAD" }],
    ["a navigation", SEGMENT, { mode: "navigate" }],
    ["a request to the gateway", `${SEGMENT}?via=gateway`, {}],
    ["the API", "/api/videos", {}],
    ["the page", "/", {}],
    ["an asset", "/assets/index.js", {}],
    ["an unknown media name", `/media/${VIDEO}/720p/3.ts`, {}],
    ["a bad video id", "/media/nope/720p/3.m4s", {}],
    ["a negative number", `/media/${VIDEO}/720p/-1.m4s`, {}],
    ["a climb out of the folder", "/media/../api/videos", {}],
  ])("leaves %s alone", (_name, path, change) => {
    expect(intercept(seen(path, change), ORIGIN)).toBeUndefined();
  });

  it("reads player, strategy and request from the address, and the range from the header", () => {
    const path = `${SEGMENT}?session=left&strategy=naive&request=r7&bandwidth=2500000`;
    expect(intercept(seen(path, { range: "bytes=0-9" }), ORIGIN)).toEqual({
      address: { asks: "segment", videoId: VIDEO, rendition: "720p", seq: 3 },
      path: SEGMENT,
      session: "left",
      strategy: "naive",
      request: "r7",
      range: "bytes=0-9",
      bitsPerSecond: 2_500_000,
    });
  });

  it.each(["", "?session=&strategy=fast&request=", `?session=${"x".repeat(65)}&request=${"y".repeat(65)}`])(
    "falls back to the defaults for %j",
    (query) => {
      expect(intercept(seen(SEGMENT + query), ORIGIN)).toMatchObject({
        session: "default",
        strategy: "smart",
        request: null,
        range: null,
        bitsPerSecond: null,
      });
    },
  );
});
