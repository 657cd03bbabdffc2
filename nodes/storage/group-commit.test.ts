import { describe, expect, test } from "vitest";
import { sharedFolderSync } from "./folder-sync.ts";
import { KeyedLock } from "./keyed-lock.ts";

/** A flush that ends when told. */
function manualFlushes() {
  const running: { path: string; end: () => void; fail: () => void }[] = [];
  const sync = sharedFolderSync(
    (path) =>
      new Promise((resolve, reject) => {
        running.push({
          path,
          end: resolve,
          fail: () => {
            reject(new Error("EIO"));
          },
        });
      }),
  );
  return { running, sync };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("sharedFolderSync()", () => {
  test("shares the next flush and never the running one", async () => {
    const { running, sync } = manualFlushes();
    const done: string[] = [];
    void sync("/a").then(() => done.push("first"));
    void sync("/a").then(() => done.push("second"));
    void sync("/a").then(() => done.push("third"));
    expect(running).toHaveLength(1);
    running[0]?.end();
    await settle();
    expect(done).toEqual(["first"]);
    expect(running).toHaveLength(2);
    running[1]?.end();
    await settle();
    expect(done).toEqual(["first", "second", "third"]);
  });

  test("lets folders not wait for each other", () => {
    const { running, sync } = manualFlushes();
    void sync("/a");
    void sync("/b");
    expect(running.map(({ path }) => path)).toEqual(["/a", "/b"]);
  });

  test("tells a failure to those who shared it, and tries anew for the next", async () => {
    const { running, sync } = manualFlushes();
    const first = sync("/a");
    const second = sync("/a");
    running[0]?.fail();
    await expect(first).rejects.toThrow("EIO");
    await settle();
    running[1]?.end();
    await expect(second).resolves.toBeUndefined();
  });
});

describe("KeyedLock", () => {
  test("run() does one thing at a time per key, in order, and others at once", async () => {
    const lock = new KeyedLock<string>();
    const story: string[] = [];
    const step = (key: string, name: string) =>
      lock.run(key, async () => {
        story.push(`${name} begins`);
        await settle();
        story.push(`${name} ends`);
      });
    await Promise.all([step("x", "1"), step("x", "2"), step("y", "3")]);
    expect(story).toEqual(["1 begins", "3 begins", "1 ends", "2 begins", "3 ends", "2 ends"]);
  });

  test("run() goes on after a failure", async () => {
    const lock = new KeyedLock<string>();
    const failed = lock.run("x", () => Promise.reject(new Error("no")));
    const next = lock.run("x", async () => "yes");
    await expect(failed).rejects.toThrow("no");
    await expect(next).resolves.toBe("yes");
  });
});
