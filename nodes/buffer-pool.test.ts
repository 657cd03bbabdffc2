import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BufferPool, type PooledBuffer } from "./buffer-pool.ts";

const KIB = 1024;
const never = new AbortController().signal;

describe("BufferPool", () => {
  test("tryTake() lends exactly what was asked for, and the same memory again", () => {
    const pool = new BufferPool({ limitBytes: 1024 * KIB, maxWaiting: 0 });
    const first = pool.tryTake(100 * KIB + 1);
    expect(first?.bytes).toHaveLength(100 * KIB + 1);
    first?.release();
    expect(pool.tryTake(100 * KIB)?.bytes.buffer).toBe(first?.bytes.buffer);
  });

  test("tryTake() never lends discarded or lent memory again", () => {
    const pool = new BufferPool({ limitBytes: 1024 * KIB, maxWaiting: 0 });
    const first = pool.tryTake(64 * KIB);
    const second = pool.tryTake(64 * KIB);
    expect(second?.bytes.buffer).not.toBe(first?.bytes.buffer);
    first?.discard();
    first?.release();
    expect(pool.tryTake(64 * KIB)?.bytes.buffer).not.toBe(first?.bytes.buffer);
  });

  test("tryTake() lends one buffer above the limit when nothing else is lent", () => {
    const pool = new BufferPool({ limitBytes: 64 * KIB, maxWaiting: 0 });
    const large = pool.tryTake(1024 * KIB);
    expect(large).toBeDefined();
    expect(pool.tryTake(1)).toBeUndefined();
    large?.release();
    expect(pool.tryTake(1)).toBeDefined();
  });

  test("take() serves in order, refuses beyond its queue, and forgets who gave up", async () => {
    const pool = new BufferPool({ limitBytes: 64 * KIB, maxWaiting: 2 });
    const held = pool.tryTake(64 * KIB);
    const giveUp = new AbortController();
    const order: string[] = [];
    const noting = (name: string) => (buffer: PooledBuffer) => {
      order.push(name);
      return buffer;
    };
    const first = pool.take(64 * KIB, giveUp.signal);
    const second = pool.take(32 * KIB, never).then(noting("second"));
    await expect(pool.take(1, never)).rejects.toMatchObject({ code: "too-many-requests" });
    giveUp.abort();
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    const third = pool.take(32 * KIB, never).then(noting("third"));
    held?.release();
    for (const buffer of await Promise.all([second, third])) buffer.release();
    expect(order).toEqual(["second", "third"]);
    expect(pool.inUseBytes).toBe(0);
  });

  test("stays within its limit whatever is taken and given back", () => {
    const step = fc.record({
      sizeBytes: fc.integer({ min: 0, max: 300 * KIB }),
      giveBack: fc.nat(20),
      reuse: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const limitBytes = 1024 * KIB;
        const pool = new BufferPool({ limitBytes, maxWaiting: 0 });
        const lent: PooledBuffer[] = [];
        for (const { sizeBytes, giveBack, reuse } of steps) {
          const buffer = pool.tryTake(sizeBytes);
          if (buffer !== undefined) lent.push(buffer);
          expect(new Set(lent.map(({ bytes }) => bytes.buffer)).size).toBe(lent.length);
          expect(pool.inUseBytes).toBeLessThanOrEqual(limitBytes);
          const [returned] = lent.splice(giveBack, 1);
          if (reuse) returned?.release();
          else returned?.discard();
        }
        for (const buffer of lent) buffer.release();
        expect(pool.inUseBytes).toBe(0);
      }),
    );
  });
});
