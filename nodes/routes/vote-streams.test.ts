import { once } from "node:events";
import { request } from "node:http";
import { Registry } from "prom-client";
import { afterEach, describe, expect, test, vi } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { MAX_CONSENSUS_BYTES } from "#wire/contract/consensus-api.ts";
import { FRAMES_MEDIA_TYPE, messageLine, readAnswerLine } from "#wire/contract/message-stream.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { LineReader } from "#wire/server/line-reader.ts";
import { listen } from "#wire/server/listen.ts";
import { silentLog } from "#wire/server/log.ts";
import { acceptOf, ballotOf, openAcceptor, requestOf, valueOf } from "../consensus/votes.contract.ts";
import { nodeMetrics } from "../metrics.ts";
import { ServedBook } from "../served-book.ts";
import { createNodeApp } from "../node-app.ts";
import { createMemoryStore } from "../storage/memory-store.ts";
import { SimulatedDisk } from "../storage/simulated-disk.ts";
import { MAX_STREAMS } from "./vote-streams.ts";

const clusterKey = await importClusterKey(btoa("a key of thirty-two bytes for us"));
const nodeId = parseNodeId("node-1");
if (nodeId === undefined) throw new Error("node-1 is a node id");

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function startNode() {
  const disk = new SimulatedDisk();
  const acceptor = await openAcceptor(disk);
  const registry = new Registry();
  const stopping = new AbortController();
  let wallMs = 1_700_000_000_000;
  const app = createNodeApp({
    ...{ nodeId: nodeId ?? neverId(), store: createMemoryStore(1024), acceptor, clusterKey, registry, lab: false },
    ...{ log: silentLog, pid: 42, metrics: nodeMetrics(registry), stopping: stopping.signal, served: new ServedBook() },
    clock: { nowMs: () => 0, wallMs: () => wallMs },
  });
  const listening = await listen(app, { host: "127.0.0.1", port: 0 });
  const stop = async () => {
    stopping.abort();
    await listening.close();
  };
  closing.push(stop);
  const mint = (subject: string) => mintCapability(clusterKey, { method: "VOTE", subject, nowMs: wallMs });
  /** A prepare: needs no grant. */
  const question = (seq: number) =>
    JSON.stringify({ ...requestOf(acceptor, [acceptOf(seq, ballotOf(1), valueOf(`v${seq}`))]), grants: [] });
  const url = `http://127.0.0.1:${listening.port}`;
  return { ...{ url, disk, acceptor, registry, mint, question, stop }, pass: (ms: number) => (wallMs += ms) };
}

function neverId(): never {
  throw new Error("node-1 is a node id");
}

/** Opens a stream by hand. */
async function open(url: string, capability: string) {
  const asked = request(`${url}${ROUTES.consensusStream}`, {
    ...{ method: "POST", agent: false },
    headers: { authorization: `Bearer ${capability}`, "content-type": FRAMES_MEDIA_TYPE },
  });
  asked.on("error", () => {});
  asked.flushHeaders();
  const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  const answers: { readonly id: number; readonly status: number; readonly json: unknown }[] = [];
  const reader = new LineReader(MAX_CONSENSUS_BYTES);
  response.on("error", () => {});
  response.on("data", (part: Buffer) => {
    if (response.statusCode !== 200) return;
    for (const line of reader.push(part)) {
      const frame = readAnswerLine(line);
      if (frame === undefined) throw new Error(`"${line}" is no answer`);
      answers.push({ id: frame.id, status: frame.status, json: JSON.parse(frame.text) as unknown });
    }
  });
  const ended = new Promise((resolve) => response.once("close", resolve));
  closing.push(async () => {
    asked.destroy();
    await ended;
  });
  return {
    ...{ status: response.statusCode, answers, ended },
    say: (id: number, text: string) => asked.write(messageLine({ id, text })),
    sayRaw: (text: string) => asked.write(text),
    count: (count: number) => vi.waitFor(() => expect(answers).toHaveLength(count)),
  };
}

const ACCEPTED = { say: "answered", replies: [{ say: "accepted" }] };

describe("POST /consensus/stream", () => {
  test("votes on each message as on a request, and counts it", async () => {
    const { url, mint, question, acceptor, registry } = await startNode();
    const stream = await open(url, await mint("node-1"));
    for (const seq of [1, 2, 3]) stream.say(seq, question(seq));
    await stream.count(3);
    expect(stream.answers.toSorted((a, b) => a.id - b.id)).toEqual(
      [1, 2, 3].map((id) => ({ id, status: 200, json: ACCEPTED })),
    );
    expect(acceptor.keyCount).toBe(3);
    expect(await registry.metrics()).toContain('vstack_vote_messages_total{by="stream"} 3');
  });

  test("answers nothing before it is durable", async () => {
    const { url, mint, question, disk } = await startNode();
    const stream = await open(url, await mint("node-1"));
    let flushes = 0;
    let answersAtFlush = -1;
    disk.before = ({ do: what }) => {
      if (what !== "datasync") return;
      flushes += 1;
      answersAtFlush = Math.max(answersAtFlush, stream.answers.length);
    };
    for (const seq of [1, 2, 3]) stream.say(seq, question(seq));
    await stream.count(3);
    // One flush for what came in one turn.
    expect([flushes, answersAtFlush]).toEqual([1, 0]);
  });

  test("refuses a message that makes no sense, and goes on with the others", async () => {
    const { url, mint, question } = await startNode();
    const stream = await open(url, await mint("node-1"));
    stream.say(1, "{");
    stream.say(2, '{"config":1}');
    stream.say(3, question(3));
    await stream.count(3);
    expect(stream.answers.toSorted((a, b) => a.id - b.id).map(({ status }) => status)).toEqual([400, 400, 200]);
  });

  test("ends where no message can be found", async () => {
    const { url, mint } = await startNode();
    for (const nonsense of ["hello\n", "x".repeat(MAX_CONSENSUS_BYTES + 1)]) {
      const stream = await open(url, await mint("node-1"));
      stream.sayRaw(nonsense);
      await stream.ended;
      expect(stream.answers).toEqual([]);
    }
  });

  test("opens only with a capability for the votes of this node, and ends with it", async () => {
    const { url, mint, question, pass } = await startNode();
    expect((await open(url, "nothing")).status).toBe(401);
    expect((await open(url, await mint("node-2"))).status).toBe(403);
    const stream = await open(url, await mint("node-1"));
    stream.say(1, question(1));
    await stream.count(1);
    pass(3_600_000);
    stream.say(2, question(2));
    await stream.ended;
    expect(stream.answers.map(({ id, status }) => [id, status])).toEqual([
      [1, 200],
      [2, 401],
    ]);
  });

  test("opens no more than it has room for, and again when one has ended", async () => {
    const { url, mint } = await startNode();
    const capability = await mint("node-1");
    const streams = await Promise.all(Array.from({ length: MAX_STREAMS }, () => open(url, capability)));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await open(url, capability)).status).toBe(429);
    streams[0]?.sayRaw("enough\n");
    await streams[0]?.ended;
    expect((await open(url, capability)).status).toBe(200);
  });

  test("answers what is under way when the node stops, and then ends", async () => {
    const { url, mint, question, stop, disk } = await startNode();
    const stream = await open(url, await mint("node-1"));
    let stopped: Promise<void> | undefined;
    disk.before = ({ do: what }) => {
      if (what === "datasync") stopped ??= stop();
    };
    stream.say(1, question(1));
    await stream.ended;
    expect(stream.answers).toEqual([{ id: 1, status: 200, json: ACCEPTED }]);
    await stopped;
  });
});
