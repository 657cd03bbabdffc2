/**
 * What a running node was asked over HTTP and what it answered, told again to core/consensus/acceptor.ts with a memory that
 * is nothing but maps: every answer must come out the same, byte for byte, though the node has been stopped and started.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterAll, expect, test } from "vitest";
import type { AcceptorMemory, GroupMemory, Register, Write } from "#core/consensus/acceptor.ts";
import { answerEntries, answerSeal } from "#core/consensus/acceptor.ts";
import type { Entry } from "#core/consensus/messages.ts";
import { SOUND } from "#core/consensus/rules.ts";
import { parseNodeId } from "#core/ids.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { type Random, seededRandom } from "#core/random.ts";
import { askEntries, askSeal } from "#wire/client/acceptor-client.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { grantSubject } from "#wire/contract/consensus-api.ts";
import { listen } from "#wire/server/listen.ts";
import { silentLog } from "#wire/server/log.ts";
import { nodeMetrics } from "../metrics.ts";
import { createNodeApp } from "../node-app.ts";
import { ServedBook } from "../served-book.ts";
import { liveFileSystem } from "../storage/live-file-system.ts";
import { createMemoryStore } from "../storage/memory-store.ts";
import type { AcceptorStep } from "./node-acceptor.ts";
import { NodeAcceptor } from "./node-acceptor.ts";
import { acceptOf, ballotOf, configOf, keyOf, OWNER, requestOf, valueOf, VIDEO } from "./votes.contract.ts";

const SEED = 20_261_123;
const ASKERS = 8;
const QUESTIONS = 40;
const KEYS = 12;
const EPOCHS = 3;

const folder = mkdtempSync(join(tmpdir(), "vstack-trace-"));
const clusterKey = await importClusterKey(btoa("a key of thirty-two bytes for us"));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A node on a socket, which keeps what it decided. */
async function startNode(steps: AcceptorStep[]) {
  const nodeId = parseNodeId("node-1");
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  const acceptor = await NodeAcceptor.open({
    ...{ fileSystem: liveFileSystem, folder, waitsForVerdict: false, log: silentLog },
    observe: (step) => steps.push(step),
  });
  const registry = new Registry();
  const app = createNodeApp({
    ...{ nodeId, store: createMemoryStore(1e6), acceptor, clusterKey, registry, lab: false, log: silentLog, pid: 1 },
    ...{ metrics: nodeMetrics(registry), served: new ServedBook(), clock: liveClock },
  });
  const listening = await listen(app, { host: "127.0.0.1", port: 0 });
  const close = async () => {
    await listening.close();
    await acceptor.close();
  };
  return { acceptor, target: { nodeId, url: `http://127.0.0.1:${listening.port}` }, close };
}

const mint = (method: "VOTE" | "OWN", subject: string) =>
  mintCapability(clusterKey, { method, subject, nowMs: liveClock.wallMs() });

/** Anything that a proposer may ask, sensible or not. */
function anyEntry(random: Random, name: string): Entry<ChunkRecord> {
  const key = Math.floor(random() * KEYS);
  const ballot = ballotOf(Math.floor(random() * 4), {
    epoch: 1 + Math.floor(random() * EPOCHS),
    proposer: random() < 0.5 ? OWNER : name,
  });
  const kind = random();
  if (kind < 0.2) return { ask: "read", key: keyOf(key) };
  if (kind < 0.45) return { ask: "prepare", key: keyOf(key), ballot };
  const value = valueOf(`${name}.${Math.floor(random() * 3)}`);
  return kind < 0.95 ? acceptOf(key, ballot, value) : { ask: "install", key: keyOf(key), ballot, value };
}

async function askMuch(node: Awaited<ReturnType<typeof startNode>>, asker: number, random: Random): Promise<void> {
  const asking = {
    mint: ({ method, subject }: { method: "VOTE"; subject: string }) => mint(method, subject),
    signal: new AbortController().signal,
  };
  const incarnation = () => (random() < 0.9 ? node.acceptor.incarnation : "gone");
  for (let question = 0; question < QUESTIONS; question += 1) {
    if (random() < 0.05) {
      const toEpoch = 1 + Math.floor(random() * EPOCHS);
      const seal = { group: configOf().group, toEpoch, incarnation: incarnation(), after: "", limit: 5 };
      await askSeal(node.target, seal, asking);
    } else {
      const count = 1 + Math.floor(random() * 5);
      const entries = Array.from({ length: count }, () => anyEntry(random, `p${asker}`));
      const request = requestOf({ incarnation: incarnation() }, entries, 1 + Math.floor(random() * EPOCHS));
      const grants = random() < 0.7 ? [await mint("OWN", grantSubject(VIDEO, request.config.epoch, OWNER))] : [];
      await askEntries(node.target, { ...request, grants }, asking);
    }
  }
}

/** The port of the core on maps. */
class PlainMemory implements AcceptorMemory<ChunkRecord> {
  readonly #groups = new Map<number, GroupMemory>();
  readonly #registers = new Map<string, Register<ChunkRecord>>();
  readonly incarnation: string;

  constructor(incarnation: string) {
    this.incarnation = incarnation;
  }

  group(group: number) {
    return this.#groups.get(group);
  }

  register(key: string) {
    return this.#registers.get(key);
  }

  accepted(_group: number, after: string, limit: number) {
    const keys = [...this.#registers.keys()].filter((key) => key > after).sort();
    return keys
      .flatMap((key) => {
        const accepted = this.#registers.get(key)?.accepted ?? null;
        return accepted === null ? [] : [{ key, accepted }];
      })
      .slice(0, limit);
  }

  write(writes: readonly Write<ChunkRecord>[]): void {
    for (const write of writes) {
      if (write.write === "group") this.#groups.set(write.group, write.memory);
      else this.#registers.set(write.key, write.register);
    }
  }
}

function told(step: AcceptorStep, memory: PlainMemory) {
  if (step.asked === "seal") return answerSeal(step.request, memory, SOUND);
  const isGranted = (key: string, { epoch, proposer }: { epoch: number; proposer: string }) =>
    step.granted.has(grantSubject(key.slice(0, key.indexOf("/")), epoch, proposer));
  return answerEntries(step.request, memory, { rules: SOUND, isGranted });
}

test("a recorded trace of a running node comes out the same in the pure acceptor", async () => {
  const steps: AcceptorStep[] = [];
  let incarnation = "";
  for (let start = 0; start < 2; start += 1) {
    const node = await startNode(steps);
    incarnation = node.acceptor.incarnation;
    const askers = Array.from({ length: ASKERS }, (_, asker) =>
      askMuch(node, asker, seededRandom(SEED + start * 100 + asker)),
    );
    await Promise.all(askers);
    await node.close();
  }
  expect(steps).toHaveLength(2 * ASKERS * QUESTIONS);
  // The order in which concurrent requests came is the recording's own; it is printed with what went wrong.
  const kinds = new Set<string>();
  for (const { answer } of steps) {
    if (answer.say !== "answered") kinds.add(answer.say);
    else for (const { say } of answer.replies) kinds.add(say);
  }
  expect([...kinds].sort()).toEqual([
    ...["accepted", "installed", "page", "promised", "rejected", "sealed", "state", "stranger"],
  ]);
  const memory = new PlainMemory(incarnation);
  for (const [at, step] of steps.entries()) {
    const { answer, writes } = told(step, memory);
    memory.write(writes);
    expect(JSON.stringify(answer), `seed ${SEED}, step ${at}: ${JSON.stringify(step)}`).toBe(
      JSON.stringify(step.answer),
    );
  }
});
