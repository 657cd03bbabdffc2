import { describe, expect, it } from "vitest";
import type { RuleName } from "./rules.ts";
import { RULES, SOUND, without } from "./rules.ts";

describe("SOUND", () => {
  it("has every rule that is described, in force", () => {
    expect(Object.keys(SOUND)).toEqual(Object.keys(RULES));
    expect(Object.values(SOUND).every(Boolean)).toBe(true);
  });
});

describe("without()", () => {
  it("takes one rule away and leaves the others", () => {
    const names = Object.keys(RULES).filter((name): name is RuleName => name in SOUND);
    for (const name of names) {
      expect(without(name)[name]).toBe(false);
      expect(Object.values(without(name)).filter(Boolean)).toHaveLength(names.length - 1);
    }
  });
});
