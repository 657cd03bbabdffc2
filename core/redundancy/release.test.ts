import { expect, test } from "vitest";
import { pieces } from "./clusters.contract.ts";
import { dueReleases, mayDelete } from "./release.ts";

test("dueReleases() sends what has waited longest, nothing before its time, with the epoch that it has", () => {
  const releases = pieces("a/0 b/0 c/0").map((piece, at) => ({
    ...{ key: "v/720p/0", piece, epoch: at + 1, notBeforeSeconds: [30, 10, 20][at] ?? 0 },
  }));
  expect(dueReleases(releases, 25, 9).map(({ piece, epoch }) => `${piece.nodeId} ${epoch}`)).toEqual(["b 2", "c 3"]);
  expect(dueReleases(releases, 25, 1)).toHaveLength(1);
  expect(dueReleases(releases, 9, 9)).toEqual([]);
});

test("mayDelete() refuses a delete that is older than what the node was given the piece for", () => {
  expect(mayDelete(2, 2)).toBe(true);
  expect(mayDelete(1, 2)).toBe(true);
  expect(mayDelete(3, 2)).toBe(false);
});
