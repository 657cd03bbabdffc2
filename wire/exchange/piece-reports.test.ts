import { describe, expect, it } from "vitest";
import { parseChunkHash, parseNodeId } from "#core/ids.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import { pieceReports } from "./piece-reports.ts";
import { createVirtualClock } from "./virtual-network.ts";

const never = new AbortController().signal;

function pieceOf(number: number): BadPiece {
  const [nodeId, hash] = [parseNodeId("n1"), parseChunkHash(number.toString(16).padStart(64, "0"))];
  if (nodeId === undefined || hash === undefined) throw new Error("no ids");
  return { nodeId, hash, shard: null };
}

function world(send: (piece: BadPiece) => Promise<unknown> = () => Promise.resolve()) {
  const clock = createVirtualClock();
  const sent: { readonly piece: BadPiece; readonly atMs: number }[] = [];
  const lost: unknown[] = [];
  const reports = pieceReports(
    {
      clock,
      send: (piece) => {
        sent.push({ piece, atMs: clock.nowMs() });
        return send(piece);
      },
      onLost: (_, error) => lost.push(error),
    },
    never,
  );
  /** Lets time pass until everything was sent. */
  const settle = async () => {
    const state = { isSettled: false };
    void reports.settled().then(() => {
      state.isSettled = true;
    });
    for (let turn = 0; turn < 1000; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (state.isSettled) return;
      clock.wakeNext();
    }
    throw new Error("Reports were not sent in 1000 turns");
  };
  return { clock, reports, sent, lost, settle };
}

describe("pieceReports()", () => {
  it("sends a piece once, however often it was seen, and again after a rest", async () => {
    const { clock, reports, sent, settle } = world();
    for (let time = 0; time < 5; time += 1) reports.saw(pieceOf(1));
    reports.saw({ ...pieceOf(1), shard: 2 });
    await settle();
    expect(sent.map(({ piece }) => piece)).toEqual([pieceOf(1), { ...pieceOf(1), shard: 2 }]);
    void clock.sleep(30_000, never);
    clock.wakeNext();
    reports.saw(pieceOf(1));
    await settle();
    expect(sent).toHaveLength(3);
  });

  it("sends one after the other with a pause, keeps sixteen waiting, and drops the others", async () => {
    const { reports, sent, settle } = world();
    for (let number = 0; number < 100; number += 1) reports.saw(pieceOf(number));
    await settle();
    expect(sent).toHaveLength(16);
    const pauses = sent.slice(1).map(({ atMs }, at) => atMs - (sent[at]?.atMs ?? 0));
    expect(Math.min(...pauses)).toBe(250);
  });

  it("goes on when the server cannot be reached", async () => {
    const error = new VStackError("unreachable", "Cannot reach it");
    const { reports, sent, lost, settle } = world(() => Promise.reject(error));
    reports.saw(pieceOf(1));
    reports.saw(pieceOf(2));
    await settle();
    expect(sent).toHaveLength(2);
    expect(lost).toEqual([error, error]);
  });
});
