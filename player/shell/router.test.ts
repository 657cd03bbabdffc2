import { expect, test } from "vitest";
import { PATHS } from "#wire/contract/paths.ts";
import { PAGE_PATHS, parseRoute } from "./router.ts";

const ID = "abcdefghijklmnopqrstuvwxyz";

test("parseRoute() shows the library at the root", () => {
  expect(parseRoute("/")).toEqual({ page: "library" });
});

test("parseRoute() reads the video id of a watch address, with or without a slash at the end", () => {
  expect(parseRoute(`/watch/${ID}`)).toEqual({ page: "watch", videoId: ID });
  expect(parseRoute(`/watch/${ID}/`)).toEqual({ page: "watch", videoId: ID });
});

test.each([
  `/watch/${ID.toUpperCase()}`,
  "/watch/short",
  "/watch",
  `/watch/${ID}/more`,
  "/devtools/x",
  "/upload/x",
  "/chaos/x",
  "/consensus/x",
  "/nodes/x",
  "/storage/x",
  "/embed",
  "/compare/1",
])("parseRoute() finds nothing at %s", (path) => {
  expect(parseRoute(path)).toEqual({ page: "not-found", path });
});

test("parseRoute() reads back the address that PAGE_PATHS makes", () => {
  const route = parseRoute(`/watch/${ID}`);
  if (route.page !== "watch") throw new Error("no watch page");
  expect(parseRoute(PAGE_PATHS.watch(route.videoId))).toEqual(route);
  expect(parseRoute(PAGE_PATHS.devtools)).toEqual({ page: "devtools" });
  expect(parseRoute(PAGE_PATHS.upload)).toEqual({ page: "upload" });
  expect(parseRoute(PAGE_PATHS.chaos)).toEqual({ page: "chaos" });
  expect(parseRoute(PAGE_PATHS.bench)).toEqual({ page: "bench" });
  expect(parseRoute(PAGE_PATHS.consensus)).toEqual({ page: "consensus" });
  expect(parseRoute(PATHS.embed(route.videoId))).toEqual({ page: "embed", videoId: route.videoId });
});
