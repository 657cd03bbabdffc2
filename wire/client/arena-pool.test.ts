import { describe, expect, test } from "vitest";
import { tableKernel } from "#core/erasure/table-memory.ts";
import type { Lease } from "./arena-pool.ts";
import { ArenaPool } from "./arena-pool.ts";

const never = new AbortController().signal;
const poolOf = (limits: { arenas: number; bytes: number }) => new ArenaPool(tableKernel(), limits);

/** The leases in the order in which they were given. */
async function opening(pool: ArenaPool, sizes: readonly number[]) {
  const given: { size: number; lease: Lease }[] = [];
  for (const size of sizes)
    void pool.open(1, size, new AbortController().signal).then((lease) => given.push({ size, lease }));
  await settled();
  return given;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("ArenaPool", () => {
  test("opens as many arenas at once as the limits allow, the others in line as those close", async () => {
    const pool = poolOf({ arenas: 2, bytes: 1_000 });
    const given = await opening(pool, [100, 200, 300, 50]);
    expect(given.map(({ size }) => size)).toEqual([100, 200]);
    given[0]?.lease.close();
    await settled();
    expect(given.map(({ size }) => size)).toEqual([100, 200, 300]);
  });

  test("keeps to the bytes, and lets nobody pass who waits for many", async () => {
    const pool = poolOf({ arenas: 10, bytes: 1_000 });
    const given = await opening(pool, [600, 500, 100]);
    expect(given.map(({ size }) => size)).toEqual([600]);
    given[0]?.lease.close();
    await settled();
    expect(given.map(({ size }) => size)).toEqual([600, 500, 100]);
  });

  test("uses memory again", async () => {
    const pool = poolOf({ arenas: 1, bytes: 1_000 });
    const first = await pool.open(2, 100, never);
    first.close();
    const second = await pool.open(4, 50, never);
    expect(second.arena.slots[0]?.buffer).toBe(first.arena.slots[0]?.buffer);
  });

  test("counts an arena that is closed twice once", async () => {
    const pool = poolOf({ arenas: 1, bytes: 1_000 });
    const first = await pool.open(1, 100, never);
    first.close();
    first.close();
    expect(await opening(pool, [100, 100])).toHaveLength(1);
  });

  test("refuses what will never fit", async () => {
    const pool = poolOf({ arenas: 1, bytes: 1_000 });
    await expect(pool.open(5, 201, never)).rejects.toMatchObject({ code: "too-large" });
  });

  test("lets go of who gives up waiting, and of those behind", async () => {
    const pool = poolOf({ arenas: 10, bytes: 1_000 });
    const [first] = await opening(pool, [600]);
    const impatient = new AbortController();
    const large = pool.open(1, 500, impatient.signal);
    const small = pool.open(1, 100, never);
    impatient.abort();
    await expect(large).rejects.toMatchObject({ code: "aborted" });
    expect((await small).arena.slots[0]).toHaveLength(100);
    await expect(pool.open(1, 100, impatient.signal)).rejects.toMatchObject({ code: "aborted" });
    first?.lease.close();
  });

  test("lets 64 wait and no more", async () => {
    const pool = poolOf({ arenas: 1, bytes: 1_000 });
    await opening(
      pool,
      Array.from({ length: 65 }, () => 100),
    );
    await expect(pool.open(1, 100, never)).rejects.toMatchObject({ code: "too-many-requests" });
  });
});
