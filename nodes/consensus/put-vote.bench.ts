/**
 * What does a vote cost that travels with the PUT of its chunk? Run it by
 *
 *     npx tsx nodes/consensus/put-vote.bench.ts [--rounds 600] [--bytes 1048576] [--data FOLDER]
 *
 * A real node in a process of its own gets PUTs of fresh bytes, one with its Accept and one without in turn, so that whatever
 * else the machine does hits both. Every chunk is deleted again. Prints one line of JSON; exit code 0 when the median with a
 * vote is within 5 % of the median without, else 1.
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { type ChunkHash, parseChunkHash, parseNodeId, parseVideoId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import { carriedAccept } from "#wire/client/acceptor-client.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { NodeHealthSchema, PutChunkAnswerSchema } from "#wire/contract/chunk-api.ts";
import { type GrantedRequest, grantSubject } from "#wire/contract/consensus-api.ts";

const MAX_RATIO = 1.05;
const WARM_UP_ROUNDS = 50;
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const VIDEO = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
const OWNER = "bench";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "600" },
    bytes: { type: "string", default: String(1024 * 1024) },
    data: { type: "string", default: tmpdir() },
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

interface Prepared {
  readonly hash: ChunkHash;
  readonly bytes: Buffer;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything that is not the PUT is done before the clock starts. */
async function prepare(node: { url: string; incarnation: string }, round: number, votes: boolean): Promise<Prepared> {
  const bytes = randomBytes(sizeBytes);
  const hash = parseChunkHash(createHash("sha256").update(bytes).digest("hex"));
  invariant(hash !== undefined, "Cannot name the chunk");
  const key = `${VIDEO}/720p/${round}`;
  const url = `${node.url}/chunks/${hash}?position=${key}&capability=${await mint("PUT", hash)}`;
  const length = { "content-length": String(sizeBytes) };
  if (!votes) return { hash, bytes, url, headers: length };
  return { hash, bytes, url, headers: { ...length, ...carriedAccept(acceptOf(node.incarnation, key, hash)) } };
}

/** As an ingest of five members and three holders sends it. */
function acceptOf(incarnation: string, key: string, hash: ChunkHash): GrantedRequest {
  const videoId = parseVideoId(VIDEO);
  const nodeIds = ["bench", "node-2", "node-3", "node-4", "node-5"].map((name) => parseNodeId(name));
  const known = nodeIds.filter((nodeId) => nodeId !== undefined);
  invariant(videoId !== undefined, "Cannot name the video");
  const members = known.map((nodeId) => ({ nodeId, incarnation: nodeId === "bench" ? incarnation : "ab".repeat(16) }));
  const body = {
    ...({ schema: 1, version: 1, hash, sizeBytes, blockSizeBytes: 131_072, blocksDigest: hash } as const),
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
async function measure(node: { url: string; incarnation: string }, round: number, votes: boolean): Promise<number> {
  const { hash, url, headers, bytes } = await prepare(node, round, votes);
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

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 1000) / 1000;
}

async function run(folder: string): Promise<boolean> {
  const { child, url } = await startNode(folder);
  try {
    const health = v.parse(NodeHealthSchema, JSON.parse((await ask(`${url}/health`, "GET")).text));
    const node = { url, incarnation: health.acceptor.incarnation };
    const withVoteMs: number[] = [];
    const withoutMs: number[] = [];
    for (let round = 0; round < rounds + WARM_UP_ROUNDS; round += 1) {
      for (const votes of round % 2 === 0 ? [true, false] : [false, true]) {
        const tookMs = await measure(node, round, votes);
        if (round >= WARM_UP_ROUNDS) (votes ? withVoteMs : withoutMs).push(tookMs);
      }
    }
    const summary = (samples: readonly number[]) => ({
      p10: quantile(samples, 0.1),
      p25: quantile(samples, 0.25),
      p50: quantile(samples, 0.5),
      p75: quantile(samples, 0.75),
    });
    const [withVote, without] = [summary(withVoteMs), summary(withoutMs)];
    const ratio = Math.round((withVote.p50 / without.p50) * 1000) / 1000;
    const verdict = ratio <= MAX_RATIO ? "pass" : "fail";
    console.log(JSON.stringify({ verdict, rounds, sizeBytes, putMs: { withVote, without, ratio } }));
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
