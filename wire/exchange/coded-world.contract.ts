/** A world for tests of reading shards: one chunk coded 3+2 on nodes in memory, each with one shard, some with a replica. */
import { createHash } from "node:crypto";
import { geometryOf, storedBytes } from "#core/erasure/geometry.ts";
import type { ErasureCode } from "#core/erasure/reed-solomon.ts";
import { DEFAULT_CODE } from "#core/erasure/reed-solomon.ts";
import type { EstimateBook } from "#core/estimate/estimate-book.ts";
import { applyEvent, emptyBook } from "#core/estimate/estimate-book.ts";
import type { ChunkRecord, Holder } from "#core/placement/record.ts";
import { seededRandom } from "#core/random.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import { ErasureCodec } from "#wire/client/erasure-codec.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import type { World } from "./fetch-world.contract.ts";
import { createWorld, id, KIB } from "./fetch-world.contract.ts";
import { OpenFetches } from "./open-fetches.ts";
import type { EstimateStore, SegmentRequest } from "./segment-fetch.ts";
import type { VirtualNode } from "./virtual-network.ts";
import { createVirtualNetwork } from "./virtual-network.ts";

interface CodedOptions {
  /** By shard: how the node with that shard behaves; its name is `s` and the number. */
  readonly shards?: Readonly<Record<number, VirtualNode>>;
  /** Nodes with all of the chunk, `r0`, `r1`, ... */
  readonly replicas?: readonly VirtualNode[];
  readonly code?: ErasureCode;
  readonly sizeBytes?: number;
  readonly blockSizeBytes?: number;
  readonly strategy?: StrategyName;
  /** Of every node that says no other. */
  readonly rateBytesPerSecond?: number;
  /** Whether earlier fetches measured that rate at every node; true when left out. */
  readonly isKnown?: boolean;
  readonly request?: Partial<SegmentRequest>;
  /** What the record says instead. */
  readonly record?: Partial<ChunkRecord>;
}

/** What is stored of every shard, data first. */
function shardsOf(chunk: Uint8Array<ArrayBuffer>, code: ErasureCode): Uint8Array<ArrayBuffer>[] {
  const geometry = geometryOf(code, chunk.length);
  const { shardBytes } = geometry;
  const data = Array.from({ length: code.dataShards }, (_, shard) =>
    chunk.slice(shard * shardBytes, shard * shardBytes + storedBytes(geometry, shard)),
  );
  const parity = new ErasureCodec().encode(code, chunk).map((bytes) => new Uint8Array(bytes));
  return [...data, ...parity];
}

export async function createCodedWorld(options: CodedOptions = {}): Promise<World> {
  const { code = DEFAULT_CODE, sizeBytes = 900 * KIB + 17, blockSizeBytes = 32 * KIB, replicas = [] } = options;
  const rate = options.rateBytesPerSecond ?? 1e6;
  const random = seededRandom(7);
  const chunk = Uint8Array.from({ length: sizeBytes }, () => Math.floor(random() * 256));
  const shards = shardsOf(chunk, code);
  const parity = shards.slice(code.dataShards);
  const { blocks, blocksDigest } = await makeBlockList(chunk, blockSizeBytes, { code, parity });
  const names = [...shards.map((_, shard) => `s${shard}`), ...replicas.map((_, at) => `r${at}`)];
  const holders = [
    ...shards.map((_, shard): Holder => ({ nodeId: id(`s${shard}`), holds: "shard", shard })),
    ...replicas.map((_, at): Holder => ({ nodeId: id(`r${at}`), holds: "replica" })),
  ];
  const record: ChunkRecord = {
    ...{ schema: 1, version: 2, hash: await chunkHashOf(chunk), sizeBytes, blockSizeBytes, blocksDigest },
    ...{ scheme: { kind: "erasure", ...code }, holders, ...options.record },
  };
  // The clock, the digest and the names of what is asked for are those of any other test.
  const plain = await createWorld({ sizeBytes: 1 });
  const { clock } = plain;
  const behaviour = new Map(
    names.map((name, at) => {
      const own = at < shards.length ? options.shards?.[at] : replicas[at - shards.length];
      return [name, { rateBytesPerSecond: rate, ...own }];
    }),
  );
  const network = createVirtualNetwork(
    clock,
    ({ pathname, host }) => {
      const [, , hash, kind, shard] = pathname.split("/");
      if (hash !== record.hash) return undefined;
      if (kind === undefined) return host.startsWith("r") ? chunk : undefined;
      return host === `s${shard ?? ""}` ? shards[Number(shard)] : undefined;
    },
    behaviour,
  );
  let book: EstimateBook = emptyBook();
  const estimates: EstimateStore = {
    read: () => book,
    apply: (event) => {
      book = applyEvent(book, event);
    },
  };
  if (options.isKnown !== false) for (const name of names) teach(estimates, name, rate);
  const request: SegmentRequest = {
    ...plain.request,
    strategy: options.strategy ?? "smart",
    entry: { seq: 0, durationSeconds: 4, record, blocks },
    nodeUrls: new Map(names.map((name) => [id(name), `http://${name}`])),
    ...options.request,
  };
  const digest = async (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(createHash("sha256").update(bytes).digest());
  const ports = { clock, random: seededRandom(2), fetch: network.fetch, digest, estimates };
  return { ...plain, network, estimates, chunk, request, ports: { ...ports, openFetches: new OpenFetches() } };
}

/** One fetch of 1 MB at this rate, its first byte after 10 ms. */
function teach(estimates: EstimateStore, name: string, rateBytesPerSecond: number): void {
  const [wantedBytes, receivedBytes, bodyMs] = [1e6, 1e6, 1e9 / rateBytesPerSecond];
  const facts = { wantedBytes, receivedBytes, answered: true, elapsedMs: bodyMs };
  const events = [
    { saw: "started", wantedBytes, atMs: 0 },
    { saw: "first-byte", latencyMs: 10, atMs: 0 },
    { saw: "bytes", bytes: 1, atMs: 0 },
    { saw: "bytes", bytes: 1e6 - 1, atMs: bodyMs },
    { saw: "ended", how: "complete", ...facts, atMs: bodyMs },
  ] as const;
  for (const event of events) estimates.apply({ ...event, nodeId: id(name) });
}
