/**
 * What does a vote cost that travels with the PUT of its chunk? Run it by
 *
 *     npx tsx nodes/consensus/put-vote.bench.ts [--rounds 1000] [--bytes 1048576] [--data FOLDER] [--seed 1]
 *
 * A real node in a process of its own gets PUTs of fresh bytes, one with its Accept and one without in turn, first the one and
 * then the other, so that whatever else the machine does hits both. Every chunk is deleted again. Before it counts, small
 * chunks go the same ways until the node's compiler has seen enough of both: a node that stores videos has been running.
 *
 * Prints one line of JSON: `ratio` of the two medians; `slices`, the mean ratio of the medians of every 25 rounds with its 95 %
 * interval; `flushMs`, what appending the bytes of one vote to a file and flushing it takes on this disk when nothing else
 * happens: a vote that the PUT waited for could not cost less. Exit code 0 when the ratio is at most 1.05, else 1.
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { pairedRatio } from "#core/benchmark/paired-ratio.ts";
import { type ChunkHash, parseChunkHash, parseNodeId, parseVideoId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import { seededRandom } from "#core/random.ts";
import { carriedAccept } from "#wire/client/acceptor-client.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { NodeHealthSchema, PutChunkAnswerSchema } from "#wire/contract/chunk-api.ts";
import { type GrantedRequest, grantSubject } from "#wire/contract/consensus-api.ts";

const MAX_RATIO = 1.05;
/** Some thousand calls of either kind, which is when compilers of running programs are done. */
const WARM_UP_ROUNDS = 2_000;
const WARM_UP_BYTES = 4_096;
/** The large ones after the small ones, for what depends on the size. */
const LARGE_WARM_UP_ROUNDS = 25;
const SLICE_ROUNDS = 25;
const FLUSHES = 300;
/** About what a vote writes. */
const FLUSHED_BYTES = 900;
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const VIDEO = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
const OWNER = "bench";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    bytes: { type: "string", default: String(1024 * 1024) },
    data: { type: "string", default: tmpdir() },
    seed: { type: "string", default: "1" },
  },
});
const rounds = Number(values.rounds);
const sizeBytes = Number(values.bytes);
const keyText = randomBytes(32).toString("base64");
const clusterKey = await importClusterKey(keyText);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
/** One for the whole video, as an ingest has it. */
const grant = await mint("OWN", grantSubject(VIDEO, 1, OWNER));

async function startNode(folder: string) {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      ...{ VSTACK_NODE_ID: "bench", VSTACK_PORT: "0", VSTACK_DATA: folder, VSTACK_CLUSTER_KEY: keyText },
      // As `vstack up` starts it.
      ...{ VSTACK_LOG_LEVEL: "error", UV_THREADPOOL_SIZE: "16" },
    },
  });
  const [line] = v.parse(v.tuple([v.string()]), await once(createInterface({ input: child.stdout }), "line"));
  const { url } = v.parse(v.object({ url: v.string() }), JSON.parse(line));
  return { child, url };
}

function mint(method: "PUT" | "DELETE" | "OWN", subject: string): Promise<string> {
  return mintCapability(clusterKey, { method, subject, nowMs: liveClock.wallMs() });
}

interface Sent {
  readonly round: number;
  readonly sizeBytes: number;
  readonly votes: boolean;
}

interface Prepared {
  readonly hash: ChunkHash;
  readonly bytes: Buffer;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything that is not the PUT is done before the clock starts. */
async function prepare(node: { url: string; incarnation: string }, sent: Sent): Promise<Prepared> {
  const { round, sizeBytes, votes } = sent;
  const bytes = randomBytes(sizeBytes);
  const hash = parseChunkHash(createHash("sha256").update(bytes).digest("hex"));
  invariant(hash !== undefined, "Cannot name the chunk");
  const key = `${VIDEO}/720p/${round}`;
  const url = `${node.url}/chunks/${hash}?position=${key}&capability=${await mint("PUT", hash)}`;
  const length = { "content-length": String(sizeBytes) };
  if (!votes) return { hash, bytes, url, headers: length };
  return {
    hash,
    bytes,
    url,
    headers: { ...length, ...carriedAccept(acceptOf(node.incarnation, key, { hash, sizeBytes })) },
  };
}

/** As an ingest of five members and three holders sends it. */
function acceptOf(incarnation: string, key: string, chunk: { hash: ChunkHash; sizeBytes: number }): GrantedRequest {
  const videoId = parseVideoId(VIDEO);
  const nodeIds = ["bench", "node-2", "node-3", "node-4", "node-5"].map((name) => parseNodeId(name));
  const known = nodeIds.filter((nodeId) => nodeId !== undefined);
  invariant(videoId !== undefined, "Cannot name the video");
  const members = known.map((nodeId) => ({ nodeId, incarnation: nodeId === "bench" ? incarnation : "ab".repeat(16) }));
  const body = {
    ...({ schema: 1, version: 1, ...chunk, blockSizeBytes: 131_072, blocksDigest: chunk.hash } as const),
    scheme: { kind: "replication" } as const,
    holders: known.slice(0, 3).map((nodeId) => ({ nodeId, holds: "replica" as const })),
  };
  const ballot = { epoch: 1, round: 0, proposer: OWNER };
  const value = { version: 1, id: `${OWNER}.${key.length}`, previousId: null, body };
  return {
    config: { group: groupOfVideo(videoId), epoch: 1, members },
    incarnation,
    entries: [{ ask: "accept", key, ballot, value }],
    grants: [grant],
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(url: string, method: string, sent: { headers?: Readonly<Record<string, string>>; bytes?: Buffer } = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const asked = request(url, { method, agent, headers: sent.headers ?? {} }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(sent.bytes);
  });
}

/** @returns milliseconds of the PUT alone */
async function measure(node: { url: string; incarnation: string }, sent: Sent): Promise<number> {
  const { hash, url, headers, bytes } = await prepare(node, sent);
  const { round, votes } = sent;
  const startedMs = performance.now();
  const answer = await ask(url, "PUT", { headers, bytes });
  const tookMs = performance.now() - startedMs;
  invariant(answer.status === 201, `Cannot measure as PUT was answered by ${answer.status}: ${answer.text}`);
  const { vote } = v.parse(PutChunkAnswerSchema, JSON.parse(answer.text));
  const said = vote?.say === "answered" ? vote.replies[0]?.say : undefined;
  invariant(said === (votes ? "accepted" : undefined), `Cannot measure as the vote was ${said ?? "none"}`);
  const position = `${VIDEO}/720p/${round}`;
  await ask(`${node.url}/chunks/${hash}?position=${position}&capability=${await mint("DELETE", hash)}`, "DELETE");
  return tookMs;
}

/** Milliseconds with a vote, and without, round by round. */
async function measureRounds(
  node: { url: string; incarnation: string },
  { from, rounds: count, sizeBytes: size }: { from: number; rounds: number; sizeBytes: number },
): Promise<[number, number][]> {
  const tookMs: [number, number][] = [];
  for (let round = from; round < from + count; round += 1) {
    const sent = (votes: boolean) => measure(node, { round, sizeBytes: size, votes });
    if (round % 2 === 0) {
      const withVote = await sent(true);
      tookMs.push([withVote, await sent(false)]);
    } else {
      const without = await sent(false);
      tookMs.push([await sent(true), without]);
    }
  }
  return tookMs;
}

/** Milliseconds of appending to a file and flushing it, the median, with nothing else going on. */
async function flushMs(folder: string): Promise<number> {
  const file = await open(join(folder, "flushed"), "ax");
  const line = Buffer.alloc(FLUSHED_BYTES, "a");
  const tookMs: number[] = [];
  for (let flush = 0; flush < FLUSHES; flush += 1) {
    const startedMs = performance.now();
    await file.write(line);
    await file.datasync();
    tookMs.push(performance.now() - startedMs);
  }
  await file.close();
  return quantile(tookMs, 0.5);
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return rounded(sorted[Math.floor(sorted.length * share)] ?? Number.NaN);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function summaryOf(samples: readonly number[]) {
  const at = (share: number) => quantile(samples, share);
  return { p10: at(0.1), p25: at(0.25), p50: at(0.5), p75: at(0.75) };
}

/** The mean ratio of the medians of slices, which tells how sure the ratio of all is. */
function slicesOf(tookMs: readonly (readonly [number, number])[]) {
  const medians: [number, number][] = [];
  for (let from = 0; from + SLICE_ROUNDS <= tookMs.length; from += SLICE_ROUNDS) {
    const slice = tookMs.slice(from, from + SLICE_ROUNDS);
    medians.push([
      quantile(
        slice.map(([withVote]) => withVote),
        0.5,
      ),
      quantile(
        slice.map(([, without]) => without),
        0.5,
      ),
    ]);
  }
  if (medians.length === 0) return null;
  const { ratio, interval } = pairedRatio(medians, seededRandom(Number(values.seed)));
  return { ratio: rounded(ratio), interval: interval.map(rounded) };
}

async function run(folder: string): Promise<boolean> {
  const flush = await flushMs(folder);
  const { child, url } = await startNode(join(folder, "node"));
  try {
    const health = v.parse(NodeHealthSchema, JSON.parse((await ask(`${url}/health`, "GET")).text));
    const node = { url, incarnation: health.acceptor.incarnation };
    const first = WARM_UP_ROUNDS + LARGE_WARM_UP_ROUNDS;
    await measureRounds(node, { from: 0, rounds: WARM_UP_ROUNDS, sizeBytes: WARM_UP_BYTES });
    await measureRounds(node, { from: WARM_UP_ROUNDS, rounds: LARGE_WARM_UP_ROUNDS, sizeBytes });
    const tookMs = await measureRounds(node, { from: first, rounds, sizeBytes });
    const withVote = summaryOf(tookMs.map(([one]) => one));
    const without = summaryOf(tookMs.map(([, other]) => other));
    const ratio = rounded(withVote.p50 / without.p50);
    const verdict = ratio <= MAX_RATIO ? "pass" : "fail";
    const putMs = { withVote, without, ratio, slices: slicesOf(tookMs) };
    console.log(JSON.stringify({ verdict, rounds, sizeBytes, putMs, flushMs: flush }));
    return verdict === "pass";
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}

const base = mkdtempSync(join(values.data, "vstack-put-vote-"));
try {
  process.exitCode = (await run(base)) ? 0 : 1;
} finally {
  agent.destroy();
  rmSync(base, { recursive: true, force: true });
}
