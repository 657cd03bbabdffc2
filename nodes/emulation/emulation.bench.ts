/**
 * Does the emulated network deliver what was ordered? Starts a lab cluster of four nodes on this machine, gives sessions
 * networks, reads real chunks over real sockets and prints ordered beside delivered. Needs the built programs
 * (`npm run build`):
 *
 *     npx tsx nodes/emulation/emulation.bench.ts [--servers FOLDER] [--trace FILE.csv] [--seconds 5]
 *
 * Exit code 1 when a figure misses its limit. A trace file is followed for 30 s; without one a generated trace is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { FREE_PATH } from "#core/network/path-phases.ts";
import type { PathConditions } from "#core/network/conditions.ts";
import { bytesBetween, constantRate, type RateCurve } from "#core/network/rate-curve.ts";
import { syntheticTraces } from "#core/network/synthetic-topologies.ts";
import { parseTrace } from "#core/network/trace-file.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import {
  LAB_NETWORK_SUBJECT,
  NodeNetworkAnswerSchema,
  planToWords,
  type SessionNetwork,
} from "#wire/contract/emulation-api.ts";
import { MAX_CHUNK_BYTES } from "#wire/contract/limits.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import { ChunkHashSchema } from "#wire/contract/schemas.ts";

const { values } = parseArgs({
  options: {
    servers: { type: "string", default: "dist/servers" },
    trace: { type: "string" },
    seconds: { type: "string", default: "5" },
  },
});
const NODES = 4;
const SECONDS = Number(values.seconds);
const TRACE_SECONDS = 30;
const ROUNDS = 21;
const START_MS = 60_000;
const MEGABIT = 1_000_000 / 8;
const content = randomBytes(MAX_CHUNK_BYTES);
const hash = v.parse(ChunkHashSchema, createHash("sha256").update(content).digest("hex"));
const data = mkdtempSync(join(tmpdir(), "vstack-emulation-"));
const basePort = 20_000 + Math.floor(Math.random() * 20_000);
const nodePort = (index: number) => basePort + 1 + index;

interface Outcome {
  readonly what: string;
  readonly ordered: number;
  readonly delivered: number;
  readonly unit: string;
  /** Share of the ordered one, or when `unit` is ms the difference. */
  readonly limit: number;
}
const outcomes: Outcome[] = [];

function report(outcome: Outcome): void {
  outcomes.push(outcome);
  const { what, ordered, delivered, unit } = outcome;
  const error =
    unit === "ms" ? `${(delivered - ordered).toFixed(1)} ms` : `${((delivered / ordered - 1) * 100).toFixed(2)} %`;
  const columns = [what.padEnd(52), ordered.toFixed(2).padStart(8), delivered.toFixed(2).padStart(9), unit.padEnd(7)];
  process.stdout.write(`${columns.join(" ")} ${error.padStart(9)}  ${isKept(outcome) ? "ok" : "MISSED"}\n`);
}

function isKept({ ordered, delivered, unit, limit }: Outcome): boolean {
  return Math.abs(unit === "ms" ? delivered - ordered : delivered / ordered - 1) <= limit;
}

async function startCluster(): Promise<ChildProcess> {
  const program = join(values.servers, "cli.js");
  const words = ["up", "--lab", "--no-demo", "--nodes", String(NODES), "--port", String(basePort), "--data", data];
  const up = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const late = setTimeout(() => up.kill("SIGTERM"), START_MS);
  for await (const text of up.stdout) if (String(text).includes("ready")) break;
  clearTimeout(late);
  return up;
}

function ask(
  index: number,
  options: {
    path: string;
    method?: string;
    headers?: Record<string, string>;
    agent?: Agent;
    body?: Uint8Array | string;
  },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const asked = request({ host: "127.0.0.1", port: nodePort(index), ...rest }, resolve);
    asked.on("error", reject);
    asked.end(body);
  });
}

const key = async () => importClusterKey(readFileSync(join(data, "cluster.key"), "utf8"));

async function allow(method: "PUT" | "DELETE", subject: string): Promise<Record<string, string>> {
  const capability = await mintCapability(await key(), { method, subject, nowMs: Date.now() });
  return { authorization: `Bearer ${capability}` };
}

async function storeChunk(): Promise<void> {
  for (let index = 0; index < NODES; index += 1) {
    const headers = { ...(await allow("PUT", hash)), "content-length": String(content.length) };
    const answer = await ask(index, { path: PATHS.chunk(hash), method: "PUT", headers, body: content });
    answer.resume();
    if (answer.statusCode !== 201) throw new Error(`Cannot store the chunk: status ${answer.statusCode ?? 0}`);
  }
}

/** Gives a session its network on all nodes; returns when its time began, monotonic. */
async function setNetwork(
  session: string,
  path: Partial<PathConditions>,
  access = constantRate(1e12),
): Promise<number> {
  const nodes = Array.from({ length: NODES }, (_, index) => ({
    nodeId: `n${index + 1}`,
    path: { ...FREE_PATH, ...path },
  }));
  const plan = planToWords({ id: "bench", expect: "", kind: "independent", access, nodes, changes: [] });
  const network: SessionNetwork = { ...plan, session, seed: 1, startedAtMs: Date.now() };
  const startMs = performance.now();
  const headers = { ...(await allow("PUT", LAB_NETWORK_SUBJECT)), "content-type": "application/json" };
  for (let index = 0; index < NODES; index += 1) {
    const body = JSON.stringify(network);
    const answer = await ask(index, { path: ROUTES.nodeLabNetwork, method: "PUT", headers, body });
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(Buffer.from(part as Uint8Array));
    v.parse(NodeNetworkAnswerSchema, JSON.parse(Buffer.concat(parts).toString()));
  }
  return startMs;
}

interface Reading {
  readonly firstByteMs: number;
  /** When which number of bytes was there. */
  readonly arrivals: readonly (readonly [atMs: number, bytes: number])[];
}

/** Reads until the end, or until the time is over. */
async function read(session: string, index: number, options: { forMs?: number; agent?: Agent; bytes?: number } = {}) {
  const startedMs = performance.now();
  const lastByte = (options.bytes ?? content.length) - 1;
  const headers = { range: `bytes=0-${lastByte}` };
  const path = `${PATHS.chunk(hash)}?session=${session}`;
  const answer = await ask(index, { path, headers, ...(options.agent === undefined ? {} : { agent: options.agent }) });
  const reading: { firstByteMs: number; arrivals: [number, number][] } = { firstByteMs: NaN, arrivals: [] };
  let bytes = 0;
  for await (const part of answer) {
    const atMs = performance.now();
    if (bytes === 0) reading.firstByteMs = atMs - startedMs;
    bytes += Buffer.from(part as Uint8Array).length;
    reading.arrivals.push([atMs, bytes]);
    if (atMs - startedMs > (options.forMs ?? Infinity)) break;
  }
  answer.destroy();
  return reading satisfies Reading;
}

/** Mean rate from the first arrival to the last, in Mbit/s. */
function rateOf({ arrivals }: Reading): number {
  const [first, last] = [arrivals[0], arrivals.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return ((last[1] - first[1]) * 8e-3) / (last[0] - first[0]);
}

async function measureRates(): Promise<void> {
  for (const megabits of [1, 5, 10, 25, 50, 100, 200]) {
    await setNetwork("rate", { rate: constantRate(megabits * MEGABIT) });
    const delivered = rateOf(await read("rate", 0, { forMs: SECONDS * 1000 }));
    report({ what: "rate of one transfer", ordered: megabits, delivered, unit: "Mbit/s", limit: 0.03 });
  }
}

async function measureDelays(): Promise<void> {
  for (const roundTripMs of [10, 20, 50, 100, 200]) {
    await setNetwork("delay", { rate: constantRate(10 * MEGABIT), roundTripMs });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const warm: number[] = [];
    const fresh: number[] = [];
    const plain: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const { firstByteMs } = await read("delay", 1, { agent, bytes: 2_000 });
      // The first one opened the connection.
      if (round > 0) warm.push(firstByteMs);
      const once = new Agent({ maxSockets: 1 });
      if (round % 4 === 0) fresh.push((await read("delay", 1, { agent: once, bytes: 2_000 })).firstByteMs);
      once.destroy();
      // What this machine takes without an emulated network, in turns with it.
      plain.push((await read("nobody", 1, { agent, bytes: 2_000 })).firstByteMs);
    }
    agent.destroy();
    const added = (of: readonly number[]) => median(of) - median(plain);
    const what = `first byte, added, median of ${warm.length}`;
    report({ what, ordered: roundTripMs, delivered: added(warm), unit: "ms", limit: 5 });
    const whatNew = `  on a new connection, median of ${fresh.length}`;
    report({ what: whatNew, ordered: 2 * roundTripMs, delivered: added(fresh), unit: "ms", limit: 5 });
  }
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;
}

/** Together, from when all have begun until the first one stops. */
function totalRate(readings: readonly Reading[]): number {
  const fromMs = Math.max(...readings.map(({ arrivals }) => arrivals[0]?.[0] ?? Infinity));
  const toMs = Math.min(...readings.map(({ arrivals }) => arrivals.at(-1)?.[0] ?? 0));
  return (readings.reduce((sum, one) => sum + bytesAt(one, toMs) - bytesAt(one, fromMs), 0) * 8e-3) / (toMs - fromMs);
}

function bytesAt({ arrivals }: Reading, atMs: number): number {
  return arrivals.findLast(([arrivedMs]) => arrivedMs <= atMs)?.[1] ?? 0;
}

async function measureAccess(): Promise<void> {
  for (const [path, access] of [
    [20, 10],
    [8, 10],
    [50, 50],
  ] as const) {
    await setNetwork("access", { rate: constantRate(path * MEGABIT), roundTripMs: 20 }, constantRate(access * MEGABIT));
    const readings = await Promise.all([0, 1, 2, 3].map((index) => read("access", index, { forMs: SECONDS * 1000 })));
    const what = `four nodes of ${path} behind an access link`;
    report({ what, ordered: access, delivered: totalRate(readings), unit: "Mbit/s", limit: 0.03 });
    const smallest = Math.min(...readings.map(rateOf));
    report({ what: "  the one that got least", ordered: access / 4, delivered: smallest, unit: "Mbit/s", limit: 0.1 });
  }
}

async function measureSessions(): Promise<void> {
  const rate = constantRate(20 * MEGABIT);
  await setNetwork("left", { rate }, rate);
  await setNetwork("right", { rate }, rate);
  const forMs = SECONDS * 1000;
  const [left, right, other] = await Promise.all([
    ...[read("left", 2, { forMs }), read("right", 2, { forMs }), read("right", 2, { forMs })],
  ]);
  if (left === undefined || right === undefined || other === undefined) return;
  report({ what: "a session alone on its path", ordered: 20, delivered: rateOf(left), unit: "Mbit/s", limit: 0.03 });
  const both = totalRate([right, other]);
  report({ what: "another's two transfers beside it", ordered: 20, delivered: both, unit: "Mbit/s", limit: 0.03 });
}

async function measureWindow(): Promise<void> {
  const lossRatio = 0.001;
  await setNetwork("loss", { rate: constantRate(100 * MEGABIT), roundTripMs: 20, lossRatio });
  const mathis = (1.22 * 1460 * 8e-3) / (20 * Math.sqrt(lossRatio));
  const delivered = rateOf(await read("loss", 0, { forMs: 4 * SECONDS * 1000 }));
  report({ what: "loss of 0.1 % at 20 ms, beside Mathis", ordered: mathis, delivered, unit: "Mbit/s", limit: 0.25 });
  await setNetwork("slow", { rate: constantRate(100 * MEGABIT), roundTripMs: 100, slowStart: true });
  const { arrivals } = await read("slow", 1, { forMs: 700 });
  const startMs = arrivals[0]?.[0] ?? 0;
  const bytes = bytesAt({ firstByteMs: 0, arrivals }, startMs + 400) / 1e6;
  report({
    what: "slow start, first four round trips",
    ordered: (14_600 * 15) / 1e6,
    delivered: bytes,
    unit: "MB",
    limit: 0.1,
  });
}

async function measureTrace(): Promise<void> {
  const { name, curve } = traceToFollow();
  const startMs = await setNetwork("trace", { rate: curve });
  const arrivals: [number, number][] = [];
  let before = 0;
  while (performance.now() - startMs < TRACE_SECONDS * 1000) {
    const forMs = TRACE_SECONDS * 1000 - (performance.now() - startMs) + 200;
    const reading = await read("trace", 3, { forMs });
    for (const [atMs, bytes] of reading.arrivals) arrivals.push([atMs - startMs, before + bytes]);
    before = arrivals.at(-1)?.[1] ?? 0;
  }
  // Setting the network took some of the first second.
  for (let fromMs = 1_000; fromMs + 5_000 <= TRACE_SECONDS * 1000; fromMs += 5_000) {
    const toMs = fromMs + 5_000;
    const reading = { firstByteMs: 0, arrivals };
    const delivered = ((bytesAt(reading, toMs) - bytesAt(reading, fromMs)) * 8e-6) / 5;
    const ordered = (bytesBetween(curve, fromMs, toMs) * 8e-6) / 5;
    const what = `${name}, ${fromMs / 1000} to ${toMs / 1000} s`;
    report({ what, ordered, delivered, unit: "Mbit/s", limit: 0.03 });
  }
}

function traceToFollow(): { name: string; curve: RateCurve } {
  if (values.trace === undefined) {
    const trace = syntheticTraces("mobile-b");
    if (trace === undefined) throw new Error("No generated trace is called mobile-b");
    return { name: "generated trace", curve: trace.curve };
  }
  const reading = parseTrace(readFileSync(values.trace, "utf8"));
  if (!reading.ok) throw new Error(`${values.trace}, line ${reading.line}: ${reading.message}`);
  return { name: "trace file", curve: reading.trace.curve };
}

const up = await startCluster();
try {
  await storeChunk();
  process.stdout.write(`${"what".padEnd(52)}  ordered delivered unit        error\n`);
  await measureRates();
  await measureDelays();
  await measureAccess();
  await measureSessions();
  await measureWindow();
  await measureTrace();
} finally {
  up.kill("SIGTERM");
  await once(up, "exit");
  rmSync(data, { recursive: true, force: true });
}
const missed = outcomes.filter((outcome) => !isKept(outcome)).length;
process.stdout.write(`${JSON.stringify({ measured: outcomes.length, missed })}\n`);
process.exitCode = missed === 0 ? 0 : 1;
