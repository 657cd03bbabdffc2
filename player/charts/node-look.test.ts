import { expect, test } from "vitest";
import { NO_NODE_LOOK, nodeBackground, nodeLook } from "./node-look.ts";

test("nodeLook() gives six neighbours six colours and six patterns", () => {
  const looks = ["node-1", "node-2", "node-3", "node-4", "node-5", "node-6"].map(nodeLook);
  expect(new Set(looks.map((look) => look.colour)).size).toBe(6);
  expect(new Set(looks.map((look) => look.pattern)).size).toBe(6);
});

test("nodeLook() tells 42 numbered nodes apart", () => {
  const looks = Array.from({ length: 42 }, (_, index) => nodeLook(`n${index + 1}`));
  expect(new Set(looks.map(nodeBackground)).size).toBe(42);
});

test("nodeLook() depends on the id alone", () => {
  expect(nodeLook("attic")).toEqual(nodeLook("attic"));
  expect(nodeLook("attic")).not.toEqual(nodeLook("cellar"));
});

test("nodeLook() survives ids that end in zero or in a long number", () => {
  expect(nodeLook("n0").colour).toBe("var(--node-1)");
  expect(nodeLook("n999999999").colour).toMatch(/^var\(--node-[1-7]\)$/);
});

test("nodeBackground() of a solid look is its colour", () => {
  expect(nodeBackground(NO_NODE_LOOK)).toBe("var(--node-none)");
});
