import { describe, expect, test } from "vitest";
import { createBlockRelease } from "./block-release.ts";

const block = (byte: number) => Uint8Array.of(byte);

function created() {
  const released: number[] = [];
  const cancelled: unknown[] = [];
  const release = createBlockRelease({
    released: (bytes) => void released.push(bytes),
    cancelled: (reason) => void cancelled.push(reason),
  });
  return { release, reader: release.body.getReader(), released, cancelled };
}

describe("createBlockRelease()", () => {
  test("releases blocks in order, each as soon as all before it are there", async () => {
    const { release, reader, released } = created();
    release.accept(2, block(2));
    release.accept(1, block(1));
    expect(released).toEqual([]);
    release.accept(0, block(0));
    expect(released).toEqual([1, 1, 1]);
    release.close();
    const read = [await reader.read(), await reader.read(), await reader.read(), await reader.read()];
    expect(read.map(({ value }) => value?.[0])).toEqual([0, 1, 2, undefined]);
  });

  test("takes blocks that nobody reads yet", () => {
    const { release, released } = created();
    for (let index = 0; index < 100; index += 1) release.accept(index, block(index));
    expect(released).toHaveLength(100);
  });

  test("errors the body, and takes nothing more", async () => {
    const { release, reader, released } = created();
    release.fail(new Error("over"));
    release.accept(0, block(0));
    release.close();
    await expect(reader.read()).rejects.toThrow("over");
    expect(released).toEqual([]);
  });

  test("tells of a reader that cancels, and takes nothing more", async () => {
    const { release, reader, released, cancelled } = created();
    await reader.cancel("seek");
    release.accept(0, block(0));
    release.fail(new Error("late"));
    release.close();
    expect([cancelled, released]).toEqual([["seek"], []]);
  });
});
