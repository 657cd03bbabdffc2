import { describe, expect, it } from "vitest";
import type { Clock } from "#wire/client/live-clock.ts";
import { LiveEventSchema } from "#wire/contract/consensus-live-api.ts";
import type { ProposerEvent } from "#wire/exchange/decide-record.ts";
import * as v from "valibot";
import { ProposerFeed } from "./proposer-feed.ts";

/** Time that stands still; whoever sleeps is woken by its signal alone. */
class StillClock implements Clock {
  now = 0;
  nowMs(): number {
    return this.now;
  }
  wallMs(): number {
    return this.now;
  }
  sleep(_delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

function said(proposal: number, parts: Partial<ProposerEvent> = {}): ProposerEvent {
  return {
    ...{ proposal, kind: "send", key: "k", group: 1, epoch: 1, turn: 1, nodeId: "n1", what: "accept" },
    ...{ ballot: null, valueId: "v", version: 1, quorum: 2 },
    ...parts,
  };
}

async function watching() {
  const clock = new StillClock();
  const feed = new ProposerFeed(clock);
  const leave = new AbortController();
  const parts = feed.watch(leave.signal);
  expect((await parts.next()).value).toBe(":\n\n");
  const next = async () => {
    const { value } = await parts.next();
    return (value ?? "")
      .split("\n\n")
      .filter((text) => text !== "")
      .map((text) => ({
        name: /^event: (.*)$/m.exec(text)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "null") as unknown,
      }));
  };
  return { clock, feed, leave, next, parts };
}

const proposalsOf = (events: readonly { name: string | undefined; data: unknown }[]) =>
  events.filter(({ name }) => name === "proposer").map(({ data }) => v.parse(LiveEventSchema, data).proposal);

describe("ProposerFeed", () => {
  it("tells a watcher everything of a proposal, in order, in the shape of the contract", async () => {
    const { feed, next, clock } = await watching();
    feed.observe(said(1));
    clock.now = 1.23456;
    feed.observe(said(1, { kind: "reply", what: "accepted" }));
    feed.observe(said(1, { kind: "finish", nodeId: null, what: "chosen" }));
    const events = (await next()).map(({ data }) => v.parse(LiveEventSchema, data));
    expect(events.map(({ kind, atMs }) => [kind, atMs])).toEqual([
      ["send", 0],
      ["reply", 1.235],
      ["finish", 1.235],
    ]);
  });

  it("does not follow what had begun before, nor what is told after the end", async () => {
    const { feed, next } = await watching();
    feed.observe(said(7, { kind: "reply", what: "accepted" }));
    feed.observe(said(8));
    feed.observe(said(8, { kind: "finish" }));
    feed.observe(said(8, { kind: "reply" }));
    expect(proposalsOf(await next())).toEqual([8, 8]);
  });

  it("follows so many new proposals a second, and says how many it left out", async () => {
    const { feed, next, clock } = await watching();
    for (let proposal = 1; proposal <= 50; proposal += 1) feed.observe(said(proposal));
    const first = await next();
    expect(proposalsOf(first)).toHaveLength(20);
    expect(first.find(({ name }) => name === "skipped")?.data).toEqual({ proposals: 30, isCut: false });
    clock.now = 1000;
    feed.observe(said(51));
    expect(proposalsOf(await next())).toEqual([51]);
  });

  it("keeps a bounded queue for a watcher that does not read, and says that it cut", async () => {
    const { feed, next } = await watching();
    feed.observe(said(1));
    for (let count = 0; count < 3000; count += 1) feed.observe(said(1, { kind: "reply" }));
    const events = await next();
    expect(events).toEqual([{ name: "skipped", data: { proposals: 1, isCut: true } }]);
  });

  it("forgets a watcher that leaves", async () => {
    const { feed, leave, parts } = await watching();
    expect(feed.watcherCount).toBe(1);
    leave.abort();
    await parts.next();
    expect(feed.watcherCount).toBe(0);
  });
});
