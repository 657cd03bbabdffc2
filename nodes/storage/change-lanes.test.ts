import { expect, test } from "vitest";
import { changeLanes } from "./change-lanes.ts";
import { SimulatedDisk, systemError } from "./simulated-disk.ts";

/** Counts the flushes of folders that run at once. */
class CountingDisk extends SimulatedDisk {
  readonly began: string[] = [];
  running = 0;
  most = 0;

  override async syncFolder(path: string): Promise<void> {
    this.began.push(path);
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await super.syncFolder(path).finally(() => (this.running -= 1));
  }
}

test("changeLanes() leaves two threads free, lets changes run in the order of their coming, and survives failures", async () => {
  const disk = new CountingDisk();
  disk.before = ({ path }) => {
    if (path === "/3") throw systemError("EIO");
  };
  const limited = changeLanes(disk, 6);
  const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
  const settled = await Promise.allSettled(paths.map((path) => limited.syncFolder(path)));
  expect(disk.most).toBe(4);
  expect(disk.began).toEqual(paths);
  expect(settled.filter(({ status }) => status === "rejected")).toHaveLength(1);
});
