/** What a storage node counts besides its requests. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Reply } from "#core/consensus/messages.ts";
import type { PieceVerdict } from "#wire/contract/piece-api.ts";
import type { AcceptorStep } from "./consensus/node-acceptor.ts";
import { MESSAGE_WAYS, type MessageWay } from "./routes/vote-streams.ts";
import type { StoreStats } from "./storage/chunk-store.ts";
import type { FileSystem, WritableFile } from "./storage/file-system.ts";

/** 0.1 ms (a disk with a battery) to 1 s (a disk in trouble). */
const FLUSH_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export interface NodeMetrics {
  readonly served: (bytes: number) => void;
  readonly stored: (bytes: number) => void;
  /** Counts a message to the acceptor. */
  readonly messaged: (by: MessageWay) => void;
  /** A piece of so many bytes was read from the disk to see whether it is intact. */
  readonly verified: (verdict: PieceVerdict, bytes: number) => void;
  /** Counts what the acceptor has decided. */
  readonly voted: (step: AcceptorStep) => void;
  /** The same file system, its flushes timed: those of files under `what`. */
  timed(fileSystem: FileSystem, what?: FlushedFiles): FileSystem;
}

/** Chunks and references, or votes. */
type FlushedFiles = "file" | "votes";

export function nodeMetrics(registry: Registry): NodeMetrics {
  const registers = [registry];
  const servedBytes = new Counter({
    name: "vstack_served_bytes_total",
    help: "Chunk bytes sent to readers",
    registers,
  });
  const storedBytes = new Counter({ name: "vstack_stored_bytes_total", help: "Chunk bytes stored by PUT", registers });
  const verifiedPieces = new Counter({
    name: "vstack_verified_pieces_total",
    help: "Pieces that were asked to be verified, and what they were found to be",
    labelNames: ["verdict"],
    registers,
  });
  const verifiedBytes = new Counter({
    name: "vstack_verified_bytes_total",
    help: "Bytes of pieces that were read from the disk to be verified",
    registers,
  });
  const flush = new Histogram({
    name: "vstack_flush_duration_seconds",
    help: "Time of fdatasync of files and fsync of folders",
    labelNames: ["what"],
    buckets: FLUSH_BUCKETS_SECONDS,
    registers,
  });
  const votes = new Counter({
    name: "vstack_votes_total",
    help: "What the acceptor was asked of a key, and what it said",
    labelNames: ["ask", "reply"],
    registers,
  });
  const refusals = new Counter({
    name: "vstack_vote_refusals_total",
    help: "Messages that the acceptor does not vote on: sealed epochs, strange incarnations",
    labelNames: ["reason"],
    registers,
  });
  const messages = new Counter({
    name: "vstack_vote_messages_total",
    help: "Messages to the acceptor beside those that a PUT carries: through a stream, to open one, or as a request of its own",
    labelNames: ["by"],
    registers,
  });
  for (const by of MESSAGE_WAYS) messages.inc({ by }, 0);
  const time = async (what: FlushedFiles | "folder", work: () => Promise<void>): Promise<void> => {
    const end = flush.startTimer({ what });
    await work();
    end();
  };
  const timedFile = (file: WritableFile, what: FlushedFiles) => ({
    write: (bytes: Uint8Array) => file.write(bytes),
    writeThrough: (bytes: Uint8Array) => time(what, () => file.writeThrough(bytes)),
    datasync: () => time(what, () => file.datasync()),
    close: () => file.close(),
  });
  return {
    served: (bytes) => {
      servedBytes.inc(bytes);
    },
    stored: (bytes) => {
      storedBytes.inc(bytes);
    },
    messaged: (by) => {
      messages.inc({ by });
    },
    verified: (verdict, bytes) => {
      verifiedPieces.inc({ verdict });
      verifiedBytes.inc(bytes);
    },
    voted: ({ asked, request, answer }) => {
      if (answer.say === "sealed" || answer.say === "stranger") refusals.inc({ reason: answer.say });
      else if (answer.say === "page") votes.inc({ ask: "seal", reply: "page" });
      else if (asked === "entries") {
        for (const [at, reply] of answer.replies.entries()) {
          votes.inc({ ask: request.entries[at]?.ask ?? "read", reply: replyName(reply) });
        }
      }
    },
    timed: (fileSystem, what = "file") => ({
      ...fileSystem,
      create: async (path) => timedFile(await fileSystem.create(path), what),
      append: async (path) => timedFile(await fileSystem.append(path), what),
      syncFolder: (path) => time("folder", () => fileSystem.syncFolder(path)),
    }),
  };
}

/** A rejection goes by its reason; a higher ballot that was promised is not the promise. */
function replyName(reply: Reply<unknown>): string {
  if (reply.say !== "rejected") return reply.say;
  return reply.because === "promised" ? "outbid" : reply.because;
}

export function acceptorGauge(registry: Registry, keyCount: () => number): void {
  new Gauge({
    name: "vstack_acceptor_keys_count",
    help: "Keys that the acceptor of this node remembers",
    registers: [registry],
    collect() {
      this.set(keyCount());
    },
  });
}

/** What the store is asked of for each gauge. */
const STORE_GAUGES = [
  { name: "vstack_chunks_count", help: "Whole chunks on this node", of: "chunkCount" },
  { name: "vstack_shards_count", help: "Shards on this node", of: "shardCount" },
  { name: "vstack_used_bytes", help: "Bytes of the chunks and shards on this node", of: "usedBytes" },
  { name: "vstack_other_bytes", help: "Apparent size of what else is in the node's folder", of: "otherBytes" },
  { name: "vstack_fill_ratio", help: "Share of the node's space in use, 0 to 1", of: "fillRatio" },
] as const;

/** Gauges that are read from the store whenever somebody asks. */
export function storeGauges(registry: Registry, stats: () => Promise<StoreStats>): void {
  for (const { name, help, of } of STORE_GAUGES) {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set((await stats())[of]);
      },
    });
  }
}
