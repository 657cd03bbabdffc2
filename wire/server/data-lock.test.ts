import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockDataFolder } from "./data-lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vstack-lock-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Above the highest process id that Linux gives. */
const DEAD_PID = 2 ** 22 + 1;

describe("lockDataFolder()", () => {
  test("refuses the folder of a living process until that gives it free", () => {
    const free = lockDataFolder(folder, process.pid);
    expect(() => lockDataFolder(folder, process.pid + 1)).toThrow(/another process has it/);
    free();
    expect(() => lockDataFolder(folder, process.pid + 1)).not.toThrow();
  });

  test.each([String(DEAD_PID), "", "nonsense"])("takes over from a process that is gone (%j)", (owner) => {
    writeFileSync(join(folder, "lock"), owner);
    expect(() => lockDataFolder(folder, process.pid)).not.toThrow();
  });
});
