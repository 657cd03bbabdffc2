import { describe, expect, it, vi } from "vitest";
import { background } from "./background.ts";
import { manualClock, settle } from "./manual-clock.contract.ts";
import { untilAborted, within } from "./waiting.ts";

const forEver = () => new Promise<number>(() => undefined);

describe("within()", () => {
  it("gives the result in time, undefined after it, and the failure", async () => {
    const clock = manualClock();
    expect(await within(Promise.resolve(7), 100, clock)).toBe(7);
    const late = within(forEver(), 100, clock);
    await clock.advance(100);
    expect(await late).toBeUndefined();
    await expect(within(Promise.reject(new Error("broken")), 100, clock)).rejects.toThrow("broken");
  });
});

describe("untilAborted()", () => {
  it("ends the waiting with the signal, before or meanwhile", async () => {
    const gone = new AbortController();
    const waiting = untilAborted(forEver(), gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await expect(untilAborted(forEver(), gone.signal)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("background()", () => {
  it("settles with the work of now, not with what is added later", async () => {
    const work = background(() => undefined);
    work.add("end soon", Promise.resolve());
    const settled = work.settled();
    work.add("run for ever", forEver());
    await expect(settled).resolves.toBeUndefined();
  });

  it("tells of a failure and goes on", async () => {
    const warn = vi.fn();
    const work = background(warn);
    const cause = new Error("disk full");
    work.add("write the traces", Promise.reject(cause));
    await settle();
    await work.settled();
    expect(warn).toHaveBeenCalledWith("Cannot write the traces", cause);
  });
});
