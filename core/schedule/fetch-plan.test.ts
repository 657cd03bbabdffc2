import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyEvent, emptyBook } from "../estimate/estimate-book.ts";
import type { NodeId } from "../ids.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { chunkBlocks } from "../placement/blocks.ts";
import { seededRandom } from "../random.ts";
import { MAX_RUNNING_ATTEMPTS } from "./advance-plan.ts";
import type { Step } from "./fetch-plan.ts";
import { beginFetch, moveOn, moveOnWithBytes, onEvent } from "./fetch-plan.ts";
import { MAX_ATTEMPTS } from "./give-up.ts";
import { naiveStrategy } from "./naive-strategy.ts";
import type { PlanContext } from "./plan-context.ts";
import type { FailureKind, PlanCommand, PlanEvent } from "./plan-events.ts";
import type { FetchInput, FetchPlan } from "./plan-state.ts";
import { blockRun } from "./running-attempt.ts";
import { smartStrategy } from "./smart-strategy.ts";
import type { Strategy } from "./strategy.ts";

const KIB = 1024;

const REVIEW_MS = 10;

/** Replaces the first attempt by another node when it has delivered a block. */
const impatientStrategy: Strategy = {
  ...naiveStrategy,
  name: "impatient",
  reviewInMs: () => REVIEW_MS,
  assign(situation) {
    const [first] = situation.running;
    if (first?.id !== 0 || first.verifiedBlocks === 0) return naiveStrategy.assign(situation);
    const other = situation.candidates.find(({ source }) => source.nodeId !== first.nodeId);
    const run = blockRun(situation.blocks, first.verifiedBlocks, first.endBlock);
    return other === undefined ? [] : [{ nodeId: other.source.nodeId, run, because: "slow", takesFrom: 0 }];
  },
};

/** Asks two sources for everything: whose first block is verified first has won. */
const racingStrategy: Strategy = {
  ...smartStrategy,
  name: "racing",
  assign: ({ missing, candidates, cause }) =>
    missing.flatMap((run) =>
      candidates.slice(0, 2).map(({ source }, place) => ({
        nodeId: source.nodeId,
        run,
        because: place === 0 ? cause : "race",
      })),
    ),
};

/** Lets the second source take over all behind block 5 when the first has delivered a block. */
const stealingStrategy: Strategy = {
  ...naiveStrategy,
  name: "stealing",
  reviewInMs: () => REVIEW_MS,
  assign(situation) {
    const { blocks, candidates, running, missing } = situation;
    const [first] = running;
    const thief = candidates.find(({ source }) => source.nodeId !== first?.nodeId);
    if (missing.length > 0 || first?.verifiedBlocks !== 1 || running.length > 1) return naiveStrategy.assign(situation);
    if (thief === undefined || first.neededEndBlock <= 5) return [];
    const run = blockRun(blocks, 5, first.neededEndBlock);
    return [{ nodeId: thief.source.nodeId, run, because: "steal", takesFrom: first.id }];
  },
};

/** Wants everything from everybody four times over: the plan must hold it back. */
const greedyStrategy: Strategy = {
  ...smartStrategy,
  name: "greedy",
  assign: ({ missing, candidates, cause }) =>
    missing.flatMap((run) =>
      [...candidates, ...candidates, ...candidates, ...candidates].map(({ source }) => ({
        nodeId: source.nodeId,
        run,
        because: cause,
      })),
    ),
};

/** Splits what is missing in two halves for two nodes at once, as a strategy with guided splitting will. */
const halvingStrategy: Strategy = {
  ...naiveStrategy,
  name: "halving",
  assign({ blocks, missing, candidates, cause }) {
    return missing.flatMap(({ firstBlock, endBlock }) => {
      const middle = Math.ceil((firstBlock + endBlock) / 2);
      const halves = endBlock - firstBlock < 2 ? [endBlock] : [middle, endBlock];
      return halves.flatMap((end, index) => {
        const nodeId = (candidates[index] ?? candidates[0])?.source.nodeId;
        const run = blockRun(blocks, index === 0 ? firstBlock : middle, end);
        return nodeId === undefined ? [] : [{ nodeId, run, because: cause }];
      });
    });
  },
};

/** Keeps the last block back until the first was accepted. */
const keepingOneBack: Strategy = {
  ...smartStrategy,
  name: "keeping",
  assign({ blocks, accepted, missing, candidates, cause }) {
    const [run] = missing;
    const nodeId = candidates[0]?.source.nodeId;
    const end = accepted[0] === true ? blocks.length : blocks.length - 1;
    if (run === undefined || nodeId === undefined || run.firstBlock >= end) return [];
    return [{ nodeId, run: blockRun(blocks, run.firstBlock, end), because: cause }];
  },
};

/** The first missing block of the first candidate, when nobody is asked for anything. */
const oneBlockAfterTheOther: Strategy = {
  ...smartStrategy,
  name: "one by one",
  assign({ blocks, missing, candidates, cause, running }) {
    const first = missing[0]?.firstBlock;
    const nodeId = candidates[0]?.source.nodeId;
    if (first === undefined || nodeId === undefined || running.some(({ isSilent }) => !isSilent)) return [];
    return [{ nodeId, run: blockRun(blocks, first, first + 1), because: cause }];
  },
};

function node(name: string): NodeId {
  const id = parseNodeId(name);
  invariant(id !== undefined, `Cannot name a node "${name}"`);
  return id;
}

function inputOf(change: Partial<FetchInput> = {}): FetchInput {
  const blocks = change.blocks ?? chunkBlocks(900 * KIB, 100 * KIB);
  const end = blocks.at(-1)?.end ?? 0;
  return {
    blocks,
    sources: ["a", "b", "c"].map((name) => ({ nodeId: node(name), start: 0, end })),
    strategy: racingStrategy,
    slackMs: null,
    isAhead: false,
    turn: 0,
    givesUpWhenAllUnreachable: false,
    ...change,
  };
}

/** Plays a plan and keeps the books that the properties are about. */
class Game {
  plan: FetchPlan;
  nowMs = 0;
  wakeAtMs = Infinity;
  /** Attempts that the driver would have open, with the blocks that they have yet to verify. */
  readonly open = new Map<number, { nodeId: NodeId; next: number; end: number }>();
  readonly cancelled = new Set<number>();
  readonly accepted: number[] = [];
  readonly started: (PlanCommand & { do: "start" })[] = [];
  ending: (PlanCommand & { do: "finish" | "give-up" }) | undefined;
  book = emptyBook();
  readonly #random = seededRandom(1);

  constructor(input: FetchInput) {
    const step = beginFetch(input, this.context());
    this.plan = step.plan;
    this.take(step);
  }

  context(): PlanContext {
    return { nowMs: this.nowMs, book: this.book, random: this.#random };
  }

  tell(event: PlanEvent): void {
    this.take(onEvent(this.plan, event, this.context()));
  }

  take(step: Step): void {
    this.plan = step.plan;
    for (const command of step.commands) {
      invariant(this.ending === undefined, `A command after the end: ${command.do}`);
      this.#obey(command);
    }
  }

  #obey(command: PlanCommand): void {
    switch (command.do) {
      case "start":
        this.started.push(command);
        this.open.set(command.attempt, { nodeId: command.nodeId, next: command.firstBlock, end: command.endBlock });
        break;
      case "cancel":
        invariant(this.open.delete(command.attempt), `Attempt ${command.attempt} was cancelled without running`);
        this.cancelled.add(command.attempt);
        break;
      case "accept-block":
        invariant(!this.cancelled.has(command.attempt), `A block of the cancelled attempt ${command.attempt}`);
        this.accepted.push(command.block);
        break;
      case "wake":
        this.wakeAtMs = command.atMs;
        break;
      case "finish":
      case "give-up":
        this.ending = command;
        break;
      case "decode":
        throw new Error("There is nothing to decode");
      case "explain":
        break;
    }
  }

  /** The attempt goes through one more thing. */
  move(attempt: number, what: "first-byte" | "bytes" | "block-ok" | "block-bad" | FailureKind): void {
    const open = this.open.get(attempt);
    if (what === "first-byte" || what === "block-bad") this.tell(blockEvent(what, attempt, open?.next ?? 0));
    else if (what === "bytes") this.tell({ saw: "bytes", attempt, bytes: 1000 });
    else if (what === "block-ok") this.verifyNext(attempt);
    else {
      this.open.delete(attempt);
      this.tell({ saw: "failed", attempt, kind: what, detail: "by order" });
    }
  }

  verifyNext(attempt: number): void {
    const open = this.open.get(attempt);
    const block = open?.next ?? 0;
    if (open !== undefined) open.next += 1;
    this.tell({ saw: "block-ok", attempt, block });
    if (open !== undefined && open.next >= open.end && this.open.delete(attempt)) this.tell({ saw: "ended", attempt });
  }

  wake(): void {
    this.nowMs = Math.max(this.nowMs, this.wakeAtMs);
    this.wakeAtMs = Infinity;
    this.tell({ saw: "wake" });
  }
}

function blockEvent(saw: "first-byte" | "block-bad", attempt: number, block: number): PlanEvent {
  return saw === "first-byte" ? { saw, attempt } : { saw, attempt, block };
}

const FAILURES = ["refused", "missing", "status", "bad-answer", "truncated", "oversized", "broken"] as const;

const MOVES = fc.record({
  which: fc.nat(MAX_ATTEMPTS),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant("block-ok" as const) },
    { weight: 3, arbitrary: fc.constantFrom("first-byte", "bytes") },
    { weight: 1, arbitrary: fc.constant("block-bad" as const) },
    { weight: 3, arbitrary: fc.constantFrom(...FAILURES) },
    { weight: 3, arbitrary: fc.constant("wake" as const) },
  ),
  passedMs: fc.constantFrom(0, 1, 50, 350, 700),
});

describe("onEvent() under any order of events", () => {
  test.each([smartStrategy, naiveStrategy, racingStrategy, halvingStrategy, greedyStrategy, stealingStrategy])(
    "of $name: each block at most once, attempts bounded, a typed end",
    (strategy) => {
      const property = fc.property(
        fc.array(MOVES, { maxLength: 200 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 4 }),
        fc.boolean(),
        (moves, blockCount, sourceCount, givesUpWhenAllUnreachable) => {
          const blocks = chunkBlocks(blockCount * 64, 64);
          const sources = inputOf({ blocks }).sources.slice(0, sourceCount);
          const game = new Game(inputOf({ strategy, blocks, sources, givesUpWhenAllUnreachable }));
          for (const { which, what, passedMs } of moves) {
            game.nowMs += passedMs;
            if (what === "wake") game.wake();
            // Any attempt so far, so that news of cancelled and ended ones is tried too.
            else game.move(game.started.length === 0 ? 0 : which % game.started.length, what);
            expect(game.open.size).toBeLessThanOrEqual(MAX_RUNNING_ATTEMPTS);
          }
          // From here on nothing but time passes: the plan must come to an end by itself.
          for (let wakes = 0; game.ending === undefined && wakes < 5_000; wakes += 1) game.wake();
          expect(game.ending).toBeDefined();
          expect(game.open.size).toBe(0);
          expect(game.started.length).toBeLessThanOrEqual(MAX_ATTEMPTS);
          expect(new Set(game.accepted).size).toBe(game.accepted.length);
          if (game.ending?.do === "finish") expect(game.accepted.length).toBe(blocks.length);
          else expect(game.accepted.length).toBeLessThan(blocks.length);
        },
      );
      fc.assert(property, { seed: 20_261, numRuns: 200 });
    },
  );

  test("delivers everything when one source stays honest and alive, whatever the others do", () => {
    const property = fc.property(fc.array(MOVES, { maxLength: 60 }), (moves) => {
      const game = new Game(inputOf({ strategy: smartStrategy }));
      for (const { which, what, passedMs } of moves) {
        game.nowMs += passedMs;
        const attempt = game.started.length === 0 ? 0 : which % game.started.length;
        const isHonest = game.started[attempt]?.nodeId === "c";
        if (what === "wake") game.wake();
        else if (!isHonest || what === "block-ok") game.move(attempt, what);
      }
      for (let turn = 0; game.ending === undefined && turn < 500; turn += 1) {
        const honest = [...game.open].find(([, open]) => open.nodeId === "c");
        if (honest === undefined) game.wake();
        else game.verifyNext(honest[0]);
      }
      expect(game.ending?.do).toBe("finish");
    });
    fc.assert(property, { seed: 20_262, numRuns: 300 });
  });
});

describe("moveOn()", () => {
  test("moves in place where onEvent() makes a new plan, by the same commands, and leaves that one's plan alone", () => {
    const context = (nowMs: number): PlanContext => ({ nowMs, book: emptyBook(), random: seededRandom(1) });
    const script: readonly PlanEvent[] = [
      { saw: "first-byte", attempt: 0 },
      { saw: "bytes", attempt: 0, bytes: 100 * KIB },
      { saw: "block-ok", attempt: 0, block: 0 },
      { saw: "failed", attempt: 0, kind: "broken", detail: "reset" },
      { saw: "wake" },
      { saw: "stop", reason: "over" },
    ];
    let { plan: value } = beginFetch(inputOf(), context(0));
    const { plan: moved } = beginFetch(inputOf(), context(0));
    for (const [at, event] of script.entries()) {
      const before = structuredClone({ ...value, input: null });
      const step = onEvent(value, event, context(at * 50));
      const commands =
        event.saw === "bytes"
          ? moveOnWithBytes(moved, event.attempt, event.bytes, context(at * 50))
          : moveOn(moved, event, context(at * 50));
      expect(commands, event.saw).toEqual(step.commands);
      expect({ ...moved, input: null }, event.saw).toEqual({ ...step.plan, input: null });
      expect({ ...value, input: null }, event.saw).toEqual(before);
      value = step.plan;
    }
  });
});

describe("onEvent()", () => {
  test("cancels the loser of a race when the winner's first block is verified, not before", () => {
    const game = new Game(inputOf());
    expect(game.started.map((start) => start.because)).toEqual(["first", "race"]);
    game.move(1, "first-byte");
    game.move(1, "bytes");
    expect(game.cancelled.size).toBe(0);
    game.move(1, "block-ok");
    expect([...game.cancelled]).toEqual([0]);
  });

  test("ignores a block of a cancelled attempt", () => {
    const game = new Game(inputOf());
    game.move(1, "block-ok");
    game.tell({ saw: "block-ok", attempt: 0, block: 1 });
    expect(game.accepted).toEqual([0]);
  });

  test("asks for the missing tail alone after a failure", () => {
    const game = new Game(inputOf());
    game.move(1, "block-ok");
    game.move(1, "block-ok");
    game.move(1, "broken");
    const next = game.started[2];
    expect([next?.firstBlock, next?.endBlock, next?.because]).toEqual([2, 9, "failover"]);
    expect(next?.nodeId).not.toBe(game.started[1]?.nodeId);
  });

  test("lets a silent attempt that comes back first win against its replacement", () => {
    const game = new Game(inputOf({ sources: inputOf().sources.slice(0, 2) }));
    game.move(0, "block-ok");
    while (game.nowMs < 700) game.wake();
    const replacement = game.started[2];
    expect(replacement?.because).toBe("failover");
    game.move(0, "block-ok");
    expect(game.cancelled.has(replacement?.attempt ?? -1)).toBe(true);
  });

  test("lets the failover end when somebody is fetching what the silent one left", () => {
    const game = new Game(inputOf({ sources: inputOf().sources.slice(0, 2), strategy: keepingOneBack }));
    while (game.started.length < 2) game.wake();
    expect(game.started.map(({ because, firstBlock, endBlock }) => [because, firstBlock, endBlock])).toEqual([
      ["first", 0, 8],
      ["failover", 0, 8],
    ]);
    game.move(1, "block-ok");
    expect(game.started[2]).toMatchObject({ because: "first", firstBlock: 8, endBlock: 9 });
  });

  test("keeps what was begun ahead of a player that has not come to it, and gives it up in time once it has", () => {
    const ahead = new Game(inputOf({ isAhead: true, strategy: oneBlockAfterTheOther }));
    ahead.move(0, "block-ok");
    while (ahead.nowMs < 60_000) ahead.wake();
    expect(ahead.ending).toBeUndefined();
    ahead.tell({ saw: "wanted", slackMs: 1_000 });
    while (ahead.nowMs < 89_000) ahead.wake();
    expect(ahead.ending).toBeUndefined();
    while (ahead.nowMs < 92_000 && ahead.ending === undefined) ahead.wake();
    expect(ahead.ending?.do).toBe("give-up");
  });

  test("asks a node that was silent again after a second, one that refused only in the next round", () => {
    const game = new Game(inputOf({ sources: inputOf().sources.slice(0, 2), strategy: oneBlockAfterTheOther }));
    while (game.started.length < 2) game.wake();
    const [silent, other] = game.started.map(({ nodeId }) => nodeId);
    game.move(1, "block-ok");
    const after = (ms: number) => {
      game.nowMs += ms;
      game.move(game.started.length - 1, "block-ok");
      return game.started.at(-1)?.nodeId;
    };
    expect([after(500), after(490), after(20)]).toEqual([other, other, silent]);
    game.move(game.started.length - 1, "refused");
    expect([after(5_000), after(5_000)]).toEqual([other, other]);
  });

  test("lets attempts for different blocks run side by side, and replaces only the blocks of one that fails", () => {
    const game = new Game(inputOf({ strategy: halvingStrategy, blocks: chunkBlocks(12 * 64, 64) }));
    expect(game.started.map((start) => [start.firstBlock, start.endBlock])).toEqual([
      [0, 6],
      [6, 12],
    ]);
    game.move(0, "block-ok");
    game.move(1, "block-ok");
    expect(game.cancelled.size).toBe(0);
    game.move(1, "broken");
    expect(game.started.slice(2).map((start) => [start.firstBlock, start.endBlock])).toEqual([
      [7, 10],
      [10, 12],
    ]);
  });

  test("gives up a slow attempt without reproach, and asks for its tail", () => {
    const game = new Game(inputOf({ strategy: impatientStrategy }));
    game.move(0, "block-ok");
    game.wake();
    expect([game.accepted, [...game.cancelled]]).toEqual([[0], [0]]);
    expect(game.started.map(({ because, firstBlock }) => [because, firstBlock])).toEqual([
      ["first", 0],
      ["slow", 1],
    ]);
    expect(game.plan.failedInRound.size).toBe(0);
  });

  test("decides nothing at a block that frees nobody, and then at the wake", () => {
    const game = new Game(inputOf({ strategy: impatientStrategy }));
    game.move(0, "block-ok");
    expect([game.accepted, game.started.length, game.wakeAtMs]).toEqual([[0], 1, REVIEW_MS]);
    game.wake();
    expect(game.started).toHaveLength(2);
  });

  test("decides nothing at a wake that comes before it is time, and asks for another", () => {
    const hurriedAhead: Strategy = { ...naiveStrategy, reviewInMs: ({ isAhead }) => (isAhead ? 1 : 3) * REVIEW_MS };
    const game = new Game(inputOf({ strategy: hurriedAhead, isAhead: true }));
    game.tell({ saw: "wanted", slackMs: null });
    expect(game.wakeAtMs).toBe(REVIEW_MS);
    game.wake();
    expect([game.nowMs, game.wakeAtMs]).toEqual([REVIEW_MS, 3 * REVIEW_MS]);
  });

  test("relieves an attempt of the blocks that another takes over, and ends it with the last one left", () => {
    const game = new Game(inputOf({ strategy: stealingStrategy }));
    game.move(0, "block-ok");
    game.wake();
    expect(game.started.map(({ because, firstBlock, endBlock }) => [because, firstBlock, endBlock])).toEqual([
      ["first", 0, 9],
      ["steal", 5, 9],
    ]);
    for (let block = 1; block < 5; block += 1) game.move(0, "block-ok");
    expect([...game.cancelled]).toEqual([0]);
    expect(game.accepted).toEqual([0, 1, 2, 3, 4]);
  });

  test("asks the thief's blocks of others when the thief fails", () => {
    const game = new Game(inputOf({ strategy: stealingStrategy }));
    game.move(0, "block-ok");
    game.wake();
    game.move(1, "refused");
    expect(game.started[2]).toMatchObject({ because: "failover", firstBlock: 5, endBlock: 9 });
  });

  test("takes a plan that was begun ahead for wanted when it is told so", () => {
    const game = new Game(inputOf({ isAhead: true }));
    expect(game.plan).toMatchObject({ isAhead: true, deadlineMs: null });
    game.nowMs = 50;
    game.tell({ saw: "wanted", slackMs: 700 });
    expect(game.plan).toMatchObject({ isAhead: false, deadlineMs: 750 });
  });

  test("counts no failed round while its only source is merely silent", () => {
    const game = new Game(inputOf({ sources: inputOf().sources.slice(0, 1) }));
    while (game.plan.running[0]?.isSilent === false) game.wake();
    expect([game.plan.running[0]?.isSilent, game.plan.roundsFailed]).toEqual([true, 0]);
  });

  test("asks a liar for nothing more", () => {
    const game = new Game(inputOf());
    const liar = game.started[0]?.nodeId;
    game.move(0, "block-bad");
    for (let turn = 0; turn < 20 && game.ending === undefined; turn += 1) {
      for (const [attempt] of game.open) game.move(attempt, "refused");
      game.wake();
    }
    expect(game.started.slice(1).map((start) => start.nodeId)).not.toContain(liar);
  });

  test("drops a node that another fetch caught lying, and asks it for nothing more while others answer", () => {
    const game = new Game(inputOf({ strategy: smartStrategy }));
    game.book = applyEvent(game.book, { saw: "block-bad", nodeId: node("a"), atMs: 0 });
    game.tell({ saw: "liar", nodeId: node("a") });
    expect(game.started.filter(({ attempt }) => game.cancelled.has(attempt)).map(({ nodeId }) => nodeId)).toEqual([
      "a",
    ]);
    const before = game.started.length;
    for (let turn = 0; turn < 50 && game.ending === undefined; turn += 1) {
      for (const [attempt] of game.open) game.move(attempt, "block-ok");
      game.wake();
    }
    expect(game.ending?.do).toBe("finish");
    expect(game.started.slice(before).map(({ nodeId }) => nodeId)).not.toContain("a");
  });

  test.each([smartStrategy, naiveStrategy])(
    "of $name: a liar is the last resort, after a round in which all others failed",
    (strategy) => {
      const game = new Game(inputOf({ strategy }));
      game.book = applyEvent(game.book, { saw: "block-bad", nodeId: node("a"), atMs: 0 });
      game.tell({ saw: "liar", nodeId: node("a") });
      const askedAfter = () => game.started.filter(({ nodeId, attempt }) => nodeId === "a" && game.open.has(attempt));
      expect(askedAfter()).toEqual([]);
      const [b, c] = [node("b"), node("c")];
      for (let turn = 0; turn < 20 && askedAfter().length === 0; turn += 1) {
        for (const [attempt, { nodeId }] of game.open) if (nodeId !== "a") game.move(attempt, "status");
        if (askedAfter().length === 0) game.wake();
        for (const nodeId of [b, c]) game.book = applyEvent(game.book, { saw: "block-bad", nodeId, atMs: game.nowMs });
      }
      expect(askedAfter().length).toBeGreaterThan(0);
      expect(game.plan.roundsFailed).toBeGreaterThan(0);
    },
  );

  test("blames nobody for the time in which the program itself did not run", () => {
    const game = new Game(inputOf({ strategy: smartStrategy, sources: inputOf().sources.slice(0, 1) }));
    game.move(0, "first-byte");
    game.move(0, "bytes");
    const asked = game.started.length;
    game.nowMs += 2_000;
    game.wake();
    expect(game.plan.running.some(({ isSilent }) => isSilent)).toBe(false);
    game.move(0, "bytes");
    game.wake();
    expect(game.plan.running.some(({ isSilent }) => isSilent)).toBe(false);
    expect(game.started).toHaveLength(asked);
  });

  test("calls a node silent that had sent nothing while the program did not run", () => {
    const game = new Game(inputOf({ strategy: smartStrategy, sources: inputOf().sources.slice(0, 1) }));
    game.move(0, "first-byte");
    game.nowMs += 2_000;
    game.wake();
    const wokenMs = game.nowMs;
    while (game.plan.running.some(({ isSilent }) => !isSilent)) game.wake();
    expect(game.nowMs - wokenMs).toBeLessThanOrEqual(150);
  });

  test("does not give up a chunk because the machine slept", () => {
    const game = new Game(inputOf({ strategy: smartStrategy }));
    game.nowMs += 3_600_000;
    game.wake();
    expect(game.ending).toBeUndefined();
  });

  test("pauses 100 ms, then longer, up to a second between rounds of failures", () => {
    const game = new Game(inputOf());
    const pauses: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      while (game.open.size > 0) for (const [attempt] of game.open) game.move(attempt, "refused");
      const failedAtMs = game.nowMs;
      while (game.open.size === 0) game.wake();
      pauses.push(game.nowMs - failedAtMs);
      expect(game.started.at(-1)?.because).toBe("race");
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  test("cancels everything on stop and says nothing more", () => {
    const game = new Game(inputOf());
    game.tell({ saw: "stop", reason: "seek" });
    expect([...game.cancelled]).toEqual([0, 1]);
    game.tell({ saw: "block-ok", attempt: 0, block: 0 });
    expect(game.accepted).toEqual([]);
  });

  test.each([
    ["unreachable", ["refused", "refused", "refused"]],
    ["not-found", ["missing", "missing", "missing"]],
    ["corrupt", ["corrupt", "corrupt", "corrupt"]],
    ["unreachable", ["corrupt", "refused", "refused"]],
    ["unreachable", ["missing", "refused", "missing"]],
  ] as const)("gives up as %s at the end of a round of %j", (code, kinds) => {
    const game = new Game(inputOf({ strategy: naiveStrategy, givesUpWhenAllUnreachable: true }));
    for (const kind of kinds) {
      const [attempt] = [...game.open.keys()];
      game.move(attempt ?? -1, kind === "corrupt" ? "block-bad" : kind);
    }
    expect(game.ending).toMatchObject({ do: "give-up", code });
    expect(game.ending?.do === "give-up" && game.ending.failures).toHaveLength(3);
  });
});
