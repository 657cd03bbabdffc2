/** The ledger with nodes that are event emitters, by a clock of the test. */
import { EventEmitter } from "node:events";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { Clock } from "#wire/client/live-clock.ts";
import { type AccessAsk, AccessGrantSchema } from "#wire/contract/access-ledger.ts";
import { AccessLedger, type LedgerNode } from "./access-ledger.ts";

const WALL_MS = 1_700_000_000_000;

class Node extends EventEmitter {
  connected = true;
  grantedBytes = new Map<number, number>();

  say(ask: AccessAsk): void {
    this.emit("message", ask);
  }

  send(message: unknown): boolean {
    for (const [transfer, bytes] of v.parse(AccessGrantSchema, message).grants) {
      this.grantedBytes.set(transfer, (this.grantedBytes.get(transfer) ?? 0) + bytes);
    }
    return true;
  }
}

function clusterOf(count: number) {
  let nowMs = 100;
  const waiting: (() => void)[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    wallMs: () => WALL_MS + nowMs,
    sleep: () => new Promise((resolve) => waiting.push(resolve)),
  };
  const ledger = new AccessLedger(clock);
  const nodes = Array.from({ length: count }, () => new Node());
  for (const node of nodes) ledger.attach(node as unknown as LedgerNode);
  const tick = async (byMs: number) => {
    nowMs += byMs;
    for (const wake of waiting.splice(0)) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { nodes, tick, waiting };
}

const open = (rate: number, session = "s"): AccessAsk => ({ say: "access-open", session, startedAtMs: WALL_MS, rate });
const want = (transfer: number, bytes: number, session = "s"): AccessAsk => ({
  ...{ say: "access-want", session, wants: [[transfer, bytes]] },
});
const total = (nodes: readonly Node[]) =>
  nodes.reduce((sum, { grantedBytes }) => sum + [...grantedBytes.values()].reduce((a, b) => a + b, 0), 0);

describe("AccessLedger", () => {
  test("gives four nodes together what the link carries, each the same, however late it ticks", async () => {
    const { nodes, tick } = clusterOf(4);
    for (const node of nodes) node.say(open(1_250_000));
    for (const node of nodes) node.say(want(1, 1e8));
    for (let round = 0; round < 100; round += 1) await tick(round % 10 === 0 ? 80 : 5);
    const elapsedMs = 10 * 80 + 90 * 5;
    expect(total(nodes)).toBeGreaterThan(1_250 * elapsedMs * 0.999);
    expect(total(nodes)).toBeLessThanOrEqual(1_250 * elapsedMs);
    const each = nodes.map(({ grantedBytes }) => grantedBytes.get(1) ?? 0);
    expect(Math.max(...each) - Math.min(...each)).toBeLessThan(200);
  });

  test("keeps sessions apart", async () => {
    const { nodes, tick } = clusterOf(2);
    const [one, two] = nodes;
    one?.say(open(1_000_000, "a"));
    two?.say(open(2_000_000, "b"));
    one?.say(want(7, 1e8, "a"));
    two?.say(want(7, 1e8, "b"));
    await tick(500);
    expect([one?.grantedBytes.get(7), two?.grantedBytes.get(7)]).toEqual([500_000, 1_000_000]);
  });

  test("gives what a transfer leaves, and what a node that ended wanted, to the rest", async () => {
    const { nodes, tick } = clusterOf(3);
    for (const node of nodes) node.say(open(1_000_000));
    for (const node of nodes) node.say(want(1, 1e8));
    nodes[0]?.say({ say: "access-leave", session: "s", transfer: 1 });
    if (nodes[1] !== undefined) {
      nodes[1].connected = false;
      nodes[1].emit("exit");
    }
    await tick(300);
    expect(nodes[2]?.grantedBytes.get(1)).toBe(300_000);
    expect(total(nodes)).toBe(300_000);
  });

  test("follows another rate when the network changes, and rests when nobody wants", async () => {
    const { nodes, tick, waiting } = clusterOf(1);
    const [node] = nodes;
    node?.say(open(1_000_000));
    node?.say(want(1, 250_000));
    await tick(100);
    node?.say(open(500_000));
    await tick(100);
    expect(total(nodes)).toBe(150_000);
    await tick(200);
    expect(total(nodes)).toBe(250_000);
    await tick(5);
    expect(waiting).toHaveLength(0);
  });

  test("does not listen to what it does not understand", async () => {
    const { nodes, tick } = clusterOf(1);
    const [node] = nodes;
    for (const words of [{ say: "access-want", session: "s", wants: [[1, -5]] }, "hello", null, { ready: true }]) {
      node?.emit("message", words);
    }
    node?.say(want(1, 5, "unheard-of"));
    await tick(100);
    expect(total(nodes)).toBe(0);
  });
});
