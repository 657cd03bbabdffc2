import { describe, expect, it } from "vitest";
import { taskWindow } from "./task-window.ts";

describe("taskWindow()", () => {
  it("holds whoever adds back while its places are taken", async () => {
    const window = taskWindow(2);
    const ends: (() => void)[] = [];
    let started = 0;
    const task = () => {
      started += 1;
      return new Promise<void>((resolve) => ends.push(resolve));
    };
    await window.add(task);
    await window.add(task);
    const third = window.add(task);
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toBe(2);
    ends[0]?.();
    await third;
    expect(started).toBe(3);
    for (const end of ends) end();
    await window.drain();
  });

  it("starts nothing more after a failure, waits for what runs, and tells the first error", async () => {
    const window = taskWindow(2);
    let end: () => void = () => undefined;
    let ended = false;
    const slow = new Promise<void>((resolve) => {
      end = resolve;
    }).then(() => {
      ended = true;
    });
    await window.add(() => slow);
    await window.add(() => Promise.reject(new Error("first")));
    await expect(window.add(() => Promise.reject(new Error("never started")))).rejects.toThrow("first");
    const drained = expect(window.drain()).rejects.toThrow("first");
    end();
    await drained;
    expect(ended).toBe(true);
  });
});
