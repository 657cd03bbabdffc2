/**
 * Does a node remember 100,000 votes within a second of its start? Run it by
 *
 *     npx tsx nodes/consensus/restart.bench.ts [--keys 100000] [--data FOLDER]
 *
 * Prints one line of JSON with the restarts and the memory of a key; exit code 0 when the fastest restart takes less than
 * 1000 ms, else 1.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Entry } from "#core/consensus/messages.ts";
import { parseChunkHash, parseNodeId, parseVideoId, type VideoId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { grantSubject } from "#wire/contract/consensus-api.ts";
import { silentLog } from "#wire/server/log.ts";
import type { FileSystem } from "../storage/file-system.ts";
import { liveFileSystem } from "../storage/live-file-system.ts";
import { NodeAcceptor } from "./node-acceptor.ts";

const KEYS_PER_VIDEO = 500;
const MAX_RESTART_MS = 1_000;
const OWNER = "bench";
/** The same work each time: whatever takes longer than the fastest is the rest of the machine. */
const RESTARTS = 5;

const { values } = parseArgs({
  options: { keys: { type: "string", default: "100000" }, data: { type: "string", default: tmpdir() } },
});
const keyCount = Number(values.keys);

/** Only to fill the journal in seconds. */
const unflushed: FileSystem = {
  ...liveFileSystem,
  append: async (path) => {
    const file = await liveFileSystem.append(path);
    const write = (bytes: Uint8Array) => file.write(bytes);
    return { write, writeThrough: write, datasync: async () => {}, close: () => file.close() };
  },
};

function openAcceptor(folder: string, fileSystem: FileSystem): Promise<NodeAcceptor> {
  return NodeAcceptor.open({ fileSystem, folder, waitsForVerdict: false, log: silentLog });
}

function videoOf(number: number): VideoId {
  const letters = number
    .toString(26)
    .replace(/[0-9a-p]/g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)));
  const videoId = parseVideoId(letters.padStart(26, "a"));
  invariant(videoId !== undefined, "Cannot name the video");
  return videoId;
}

/** The Accept of a record with three holders, as an ingest sends it. */
function acceptOf(videoId: VideoId, seq: number): Entry<ChunkRecord> {
  const hash = parseChunkHash(seq.toString(16).padStart(64, "0"));
  const holders = ["node-1", "node-2", "node-3"].flatMap((name) => parseNodeId(name) ?? []);
  invariant(hash !== undefined && holders.length === 3, "Cannot name chunk and holders");
  const body: ChunkRecord = {
    ...{ schema: 1, version: 1, hash, sizeBytes: 1_000_000, blockSizeBytes: 131_072, blocksDigest: hash },
    scheme: { kind: "replication" },
    holders: holders.map((nodeId) => ({ nodeId, holds: "replica" })),
  };
  const value = { version: 1, id: `${OWNER}.${seq}`, previousId: null, body };
  return { ask: "accept", key: `${videoId}/720p/${seq}`, ballot: { epoch: 1, round: 0, proposer: OWNER }, value };
}

async function fill(folder: string): Promise<void> {
  const acceptor = await openAcceptor(folder, unflushed);
  for (let done = 0; done < keyCount; done += KEYS_PER_VIDEO) {
    const videoId = videoOf(done / KEYS_PER_VIDEO);
    const members = [{ nodeId: "node-1", incarnation: acceptor.incarnation }];
    const config = { group: groupOfVideo(videoId), epoch: 1, members };
    const count = Math.min(KEYS_PER_VIDEO, keyCount - done);
    const entries = Array.from({ length: count }, (_, seq) => acceptOf(videoId, seq));
    const granted = new Set([grantSubject(videoId, 1, OWNER)]);
    await acceptor.entries({ config, incarnation: acceptor.incarnation, entries }, granted);
  }
  await acceptor.close();
}

async function run(folder: string): Promise<boolean> {
  await fill(folder);
  const restartsMs: number[] = [];
  /** What the restarts would take on a machine that does nothing else, but for the disk. */
  const cpuMs: number[] = [];
  const heapBefore = process.memoryUsage().heapUsed;
  let heapBytes = 0;
  for (let count = 0; count < RESTARTS; count += 1) {
    const startedMs = performance.now();
    const before = process.cpuUsage();
    const acceptor = await openAcceptor(folder, liveFileSystem);
    restartsMs.push(Math.round(performance.now() - startedMs));
    const { user, system } = process.cpuUsage(before);
    cpuMs.push(Math.round((user + system) / 1000));
    invariant(acceptor.keyCount === keyCount, `Cannot find all votes: ${acceptor.keyCount} of ${keyCount} are there`);
    if (count === 0) heapBytes = process.memoryUsage().heapUsed - heapBefore;
    await acceptor.close();
  }
  const good = Math.min(...restartsMs) < MAX_RESTART_MS;
  const journalBytes = statSync(join(folder, "acceptor.log")).size;
  const heapBytesPerKey = Math.round(heapBytes / keyCount);
  console.log(
    JSON.stringify({
      verdict: good ? "pass" : "fail",
      keys: keyCount,
      restartsMs,
      cpuMs,
      journalBytes,
      heapBytesPerKey,
    }),
  );
  return good;
}

const base = mkdtempSync(join(values.data, "vstack-votes-"));
try {
  process.exitCode = (await run(base)) ? 0 : 1;
} finally {
  rmSync(base, { recursive: true, force: true });
}
