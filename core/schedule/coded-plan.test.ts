/** Plans of chunks that are kept as shards: any loss pattern, any order of events. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyBook } from "../estimate/estimate-book.ts";
import type { NodeId } from "../ids.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { seededRandom } from "../random.ts";
import { MATRIX } from "../erasure/reed-solomon.ts";
import { MAX_RUNNING_ATTEMPTS } from "./advance-plan.ts";
import type { CodedBlocks } from "./coded-blocks.ts";
import { codedBlocks, shardSpan } from "./coded-blocks.ts";
import type { Step } from "./fetch-plan.ts";
import { beginFetch, onEvent } from "./fetch-plan.ts";
import { MAX_ATTEMPTS } from "./give-up.ts";
import type { PlanCommand, PlanEvent } from "./plan-events.ts";
import type { FetchPlan } from "./plan-state.ts";
import type { Source } from "./source.ts";
import { covers } from "./source.ts";
import { STRATEGIES_BY_NAME } from "./strategies.ts";
import type { Strategy } from "./strategy.ts";

function node(name: string): NodeId {
  const id = parseNodeId(name);
  invariant(id !== undefined, `Cannot name a node "${name}"`);
  return id;
}

function sourcesOf(coded: CodedBlocks, replicas: number): Source[] {
  const { geometry, code } = coded;
  const shards = Array.from({ length: code.dataShards + code.parityShards }, (_, shard) => ({
    ...{ nodeId: node(`s${shard}`), shard },
    ...shardSpan(geometry, shard),
  }));
  const whole = Array.from({ length: replicas }, (_, at) => ({
    ...{ nodeId: node(`r${at}`), start: 0, end: geometry.sizeBytes },
  }));
  return [...shards.filter(({ start, end }) => start < end), ...whole];
}

/** Plays a plan, and checks that whatever is decoded is decoded from blocks that were verified. */
class Game {
  plan: FetchPlan;
  nowMs = 0;
  wakeAtMs = Infinity;
  readonly open = new Map<number, { nodeId: NodeId; next: number; end: number }>();
  readonly started: (PlanCommand & { do: "start" })[] = [];
  readonly verified = new Set<number>();
  readonly decoded = new Set<number>();
  ending: (PlanCommand & { do: "finish" | "give-up" }) | undefined;
  readonly #coded: CodedBlocks;
  readonly #sources: readonly Source[];
  readonly #random = seededRandom(1);

  constructor(coded: CodedBlocks, strategy: Strategy, replicas = 0, givesUpWhenAllUnreachable = false) {
    this.#coded = coded;
    this.#sources = sourcesOf(coded, replicas);
    const facts = { slackMs: null, isAhead: false, turn: 0, givesUpWhenAllUnreachable };
    const step = beginFetch(
      { ...facts, blocks: coded.blocks, coded, sources: this.#sources, strategy },
      this.#context(),
    );
    this.plan = step.plan;
    this.#take(step);
  }

  #context() {
    return { nowMs: this.nowMs, book: emptyBook(), random: this.#random };
  }

  tell(event: PlanEvent): void {
    this.#take(onEvent(this.plan, event, this.#context()));
  }

  #take(step: Step): void {
    this.plan = step.plan;
    for (const command of step.commands) {
      invariant(this.ending === undefined, `A command after the end: ${command.do}`);
      this.#obey(command);
    }
    expect(this.open.size).toBeLessThanOrEqual(MAX_RUNNING_ATTEMPTS);
  }

  #obey(command: PlanCommand): void {
    switch (command.do) {
      case "start": {
        const own = this.#sources.find(
          ({ nodeId, shard }) => nodeId === command.nodeId && (shard ?? null) === command.shard,
        );
        invariant(own !== undefined && covers(own, command), `A run that ${command.nodeId} does not have`);
        this.started.push(command);
        this.open.set(command.attempt, { nodeId: command.nodeId, next: command.firstBlock, end: command.endBlock });
        break;
      }
      case "cancel":
        invariant(this.open.delete(command.attempt), `Attempt ${command.attempt} was cancelled without running`);
        break;
      case "accept-block":
        invariant(!this.verified.has(command.block), `Block ${command.block} was accepted twice`);
        this.verified.add(command.block);
        break;
      case "decode":
        this.#decode(command);
        break;
      case "wake":
        this.wakeAtMs = command.atMs;
        break;
      case "finish":
      case "give-up":
        this.ending = command;
        break;
      case "explain":
        break;
    }
  }

  #decode({ blocks, shards }: PlanCommand & { do: "decode" }): void {
    const row = this.#coded.rows[this.#coded.places[blocks[0] ?? -1]?.row ?? -1];
    invariant(row !== undefined, "A row that is not there");
    const usable = shards.filter((shard) => {
      const block = row.blocks[shard];
      return block === null || (block !== undefined && this.verified.has(block));
    });
    invariant(usable.length === shards.length, "A shard of the row that is not there");
    invariant(shards.length >= this.#coded.code.dataShards, `${shards.length} shards are too few to decode from`);
    for (const block of blocks) {
      invariant(row.blocks.includes(block), `Block ${block} is of another row`);
      invariant(!this.verified.has(block) && !this.decoded.has(block), `Block ${block} was there already`);
      this.decoded.add(block);
    }
  }

  fail(attempt: number, kind: "refused" | "status" | "broken" | "missing"): void {
    if (this.open.delete(attempt)) this.tell({ saw: "failed", attempt, kind, detail: "by order" });
  }

  verifyNext(attempt: number): void {
    const open = this.open.get(attempt);
    if (open === undefined) return;
    const block = open.next;
    open.next += 1;
    this.tell({ saw: "first-byte", attempt });
    this.tell({ saw: "bytes", attempt, bytes: 1000 });
    this.tell({ saw: "block-ok", attempt, block });
    if (open.next >= open.end && this.open.delete(attempt)) this.tell({ saw: "ended", attempt });
  }

  lie(attempt: number): void {
    const open = this.open.get(attempt);
    if (open !== undefined) this.tell({ saw: "block-bad", attempt, block: open.next });
  }

  wake(): void {
    this.nowMs = Math.max(this.nowMs, this.wakeAtMs);
    this.wakeAtMs = Infinity;
    this.tell({ saw: "wake" });
  }

  isWhole(): boolean {
    const blocks = Array.from({ length: this.#coded.dataBlocks }, (_, block) => block);
    return blocks.every((block) => this.verified.has(block) !== this.decoded.has(block));
  }
}

const CODES = [
  [3, 2],
  [2, 2],
  [4, 1],
  [1, 2],
] as const;
const MOVES = fc.record({
  which: fc.nat(MAX_ATTEMPTS),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant("block-ok" as const) },
    { weight: 1, arbitrary: fc.constant("lie" as const) },
    { weight: 3, arbitrary: fc.constantFrom("refused" as const, "status" as const, "broken" as const) },
    { weight: 4, arbitrary: fc.constant("wake" as const) },
  ),
  passedMs: fc.constantFrom(0, 1, 50, 350, 700),
});

function play(
  game: Game,
  moves: readonly { which: number; what: string; passedMs: number }[],
  spared: ReadonlySet<string>,
) {
  for (const { which, what, passedMs } of moves) {
    game.nowMs += passedMs;
    const attempt = game.started.length === 0 ? 0 : which % game.started.length;
    const isSpared = spared.has(game.started[attempt]?.nodeId ?? "");
    // Who waits for seconds would be kept from those that are spared until the plan gives up.
    if (what === "wake" && (spared.size === 0 || game.wakeAtMs - game.nowMs < 1_000)) game.wake();
    else if (what === "block-ok") game.verifyNext(attempt);
    else if (isSpared || what === "wake") continue;
    else if (what === "lie") game.lie(attempt);
    else game.fail(attempt, what === "refused" || what === "status" ? what : "broken");
  }
}

describe("a plan of shards", () => {
  const strategies = [STRATEGIES_BY_NAME.smart, STRATEGIES_BY_NAME.naive, STRATEGIES_BY_NAME["smart-no-split"]];

  test.each(strategies)(
    "of $name: delivers when any k nodes stay honest and alive, whatever the others do",
    (strategy) => {
      const property = fc.property(
        fc.record({
          code: fc.constantFrom(...CODES),
          sizeBytes: fc.nat(2_000),
          moves: fc.array(MOVES, { maxLength: 80 }),
          draw: fc.nat(1_000),
          replicas: fc.integer({ min: 0, max: 1 }),
        }),
        ({ code: [dataShards, parityShards], sizeBytes, moves, draw, replicas }) => {
          const coded = codedBlocks({ dataShards, parityShards, matrix: MATRIX }, sizeBytes, 64);
          const game = new Game(coded, strategy, replicas);
          const shards = Array.from({ length: dataShards + parityShards }, (_, shard) => `s${shard}`);
          // Any k of them, by rotation and stride.
          const stride = 1 + (draw % Math.max(1, parityShards));
          const alive = new Set(
            shards.flatMap((_, at) => shards[(draw + at * stride) % shards.length] ?? []).slice(0, dataShards),
          );
          for (const name of shards) if (alive.size < dataShards) alive.add(name);
          play(game, moves, alive);
          for (let turn = 0; game.ending === undefined && turn < 2_000; turn += 1) {
            const honest = [...game.open].find(([, { nodeId }]) => alive.has(nodeId));
            const other = [...game.open].find(([, { nodeId }]) => !alive.has(nodeId));
            if (other !== undefined) game.fail(other[0], "refused");
            else if (honest !== undefined) game.verifyNext(honest[0]);
            else game.wake();
          }
          expect(game.ending?.do).toBe("finish");
          expect(game.isWhole()).toBe(true);
          expect(game.open.size).toBe(0);
          expect(game.started.length).toBeLessThanOrEqual(MAX_ATTEMPTS);
        },
      );
      fc.assert(property, { seed: 60_261, numRuns: 300 });
    },
  );

  test.each(strategies)("of $name: comes to a typed end when nobody answers any more", (strategy) => {
    const property = fc.property(fc.nat(2_000), fc.array(MOVES, { maxLength: 80 }), (sizeBytes, moves) => {
      const game = new Game(codedBlocks({ dataShards: 3, parityShards: 2, matrix: MATRIX }, sizeBytes, 64), strategy);
      play(game, moves, new Set());
      for (let wakes = 0; game.ending === undefined && wakes < 5_000; wakes += 1) game.wake();
      expect(game.ending).toBeDefined();
      expect(game.ending?.do === "finish").toBe(game.isWhole());
      expect(game.open.size).toBe(0);
    });
    fc.assert(property, { seed: 60_262, numRuns: 60 });
  });

  test("does not end for two that refused while the others are only busy", () => {
    const coded = codedBlocks({ dataShards: 3, parityShards: 2, matrix: MATRIX }, 2_000, 64);
    const { smart } = STRATEGIES_BY_NAME;
    let asked = 0;
    const hesitant: Strategy = {
      ...smart,
      assign: (situation) => {
        asked += 1;
        if (asked === 1) return smart.assign(situation).slice(0, 2);
        return asked < 6 ? [] : smart.assign(situation);
      },
    };
    const game = new Game(coded, hesitant, 0, true);
    expect(game.open.size).toBe(2);
    for (const attempt of [...game.open.keys()]) game.fail(attempt, "refused");
    expect(game.ending).toBeUndefined();
    for (let turn = 0; game.ending === undefined && turn < 500; turn += 1) {
      const [attempt] = [...game.open.keys()];
      if (attempt === undefined) game.wake();
      else game.verifyNext(attempt);
    }
    expect(game.ending?.do).toBe("finish");
    expect(game.isWhole()).toBe(true);
  });

  test("asks for no parity while the data shards come, whatever the order", () => {
    const property = fc.property(fc.integer({ min: 1, max: 4_000 }), fc.nat(1e6), (sizeBytes, seed) => {
      const coded = codedBlocks({ dataShards: 3, parityShards: 2, matrix: MATRIX }, sizeBytes, 64);
      const game = new Game(coded, STRATEGIES_BY_NAME.smart);
      const random = seededRandom(seed);
      for (let turn = 0; game.ending === undefined && turn < 500; turn += 1) {
        const open = [...game.open.keys()];
        const attempt = open[Math.floor(random() * open.length)];
        if (attempt === undefined) game.wake();
        else game.verifyNext(attempt);
      }
      expect(game.ending?.do).toBe("finish");
      expect(game.started.every(({ shard }) => shard !== null && shard < 3)).toBe(true);
      expect(game.decoded.size).toBe(0);
    });
    fc.assert(property, { seed: 60_263, numRuns: 200 });
  });
});
