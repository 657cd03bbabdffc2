import { expect, test } from "vitest";
import { invariant } from "./invariant.ts";

test("invariant() throws its message only when the condition does not hold", () => {
  expect(() => invariant(true, "never seen")).not.toThrow();
  expect(() => invariant(false, "Cannot go on")).toThrow("Invariant broken: Cannot go on");
});
