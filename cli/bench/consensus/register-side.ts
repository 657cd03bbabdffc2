/** What both sides of `vstack bench consensus` are asked: the same registers, made if absent, by the same client. */
import type { Value } from "#core/consensus/value.ts";
import type { NodeId, RenditionId, VideoId } from "#core/ids.ts";
import { parseChunkHash, parseRenditionId, videoIdFromBytes } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { RECORD_SCHEMA } from "#core/placement/record.ts";
import { VStackError } from "#wire/contract/errors.ts";

/** A register to be made. */
export interface NewRegister {
  readonly position: Position;
  readonly value: Value<ChunkRecord>;
}

/** How registers are put into messages. */
export type Bundling =
  /** One register, one message (to each acceptor, or one transaction). */
  | "single"
  /** What one client makes at once, or ours also what several clients happen to make at once, travels together. */
  | "bundled";

export interface RegisterSide {
  readonly name: "chunkpaxos" | "etcd";
  /** Makes registers that do not exist. @throws when it was not told that all of them stand */
  create(registers: readonly NewRegister[], bundling: Bundling, signal: AbortSignal): Promise<void>;
  /** Kills the process whose death disturbs most with SIGKILL: any acceptor, etcd's leader. Starts it again afterwards. */
  killOne(): Promise<{ readonly restart: () => Promise<void> }>;
  stop(): Promise<void>;
}

/** Positions of one video: a film of an hour in one quality. */
const REGISTERS_OF_VIDEO = 900;
const POOL_BYTES = 65_536;
const RENDITION: RenditionId | undefined = parseRenditionId("720p");

/** Makes ever new registers with records as an upload makes them. */
export function registerSource(holders: readonly NodeId[]): (count: number) => NewRegister[] {
  let videoId: VideoId | undefined;
  let made = 0;
  const proposer = randomHex(16);
  return (count) =>
    Array.from({ length: count }, () => {
      if (videoId === undefined || made % REGISTERS_OF_VIDEO === 0) videoId = videoIdFromBytes(randomBytes(16));
      if (RENDITION === undefined) throw new VStackError("internal", "Cannot make a register without a rendition");
      const seq = made % REGISTERS_OF_VIDEO;
      made += 1;
      const position: Position = { slot: "segment", videoId, rendition: RENDITION, seq };
      const value = { version: 1, id: `${proposer}.${made.toString(36)}`, previousId: null, body: recordOn(holders) };
      return { position, value };
    });
}

function recordOn(holders: readonly NodeId[]): ChunkRecord {
  const [hash, blocksDigest] = [parseChunkHash(randomHex(32)), parseChunkHash(randomHex(32))];
  if (hash === undefined || blocksDigest === undefined) throw new VStackError("internal", "Cannot make a chunk hash");
  return {
    ...{ schema: RECORD_SCHEMA, version: 1, hash, sizeBytes: 1_483_210, blockSizeBytes: 65_536, blocksDigest },
    scheme: { kind: "replication" },
    holders: holders.map((nodeId) => ({ nodeId, holds: "replica" })),
  };
}

/** Made ahead: a client that spends its time on random numbers measures those. */
const pool = Buffer.alloc(POOL_BYTES);
let usedBytes = POOL_BYTES;

function randomBytes(count: number): Buffer {
  if (usedBytes + count > POOL_BYTES) {
    crypto.getRandomValues(pool);
    usedBytes = 0;
  }
  usedBytes += count;
  return pool.subarray(usedBytes - count, usedBytes);
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
