/** What a storage node counts besides its requests. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { FileSystem } from "./storage/file-system.ts";

/** 0.1 ms (a disk with a battery) to 1 s (a disk in trouble). */
const FLUSH_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export interface NodeMetrics {
  readonly served: (bytes: number) => void;
  readonly stored: (bytes: number) => void;
  /** The same file system, its flushes timed. */
  timed(fileSystem: FileSystem): FileSystem;
}

export function nodeMetrics(registry: Registry): NodeMetrics {
  const registers = [registry];
  const servedBytes = new Counter({
    name: "vstack_served_bytes_total",
    help: "Chunk bytes sent to readers",
    registers,
  });
  const storedBytes = new Counter({ name: "vstack_stored_bytes_total", help: "Chunk bytes stored by PUT", registers });
  const flush = new Histogram({
    name: "vstack_flush_duration_seconds",
    help: "Time of fdatasync of files and fsync of folders",
    labelNames: ["what"],
    buckets: FLUSH_BUCKETS_SECONDS,
    registers,
  });
  const time = async (what: "file" | "folder", work: () => Promise<void>): Promise<void> => {
    const end = flush.startTimer({ what });
    await work();
    end();
  };
  const timedFile = (file: Awaited<ReturnType<FileSystem["create"]>>) => ({
    write: (bytes: Uint8Array) => file.write(bytes),
    datasync: () => time("file", () => file.datasync()),
    close: () => file.close(),
  });
  return {
    served: (bytes) => {
      servedBytes.inc(bytes);
    },
    stored: (bytes) => {
      storedBytes.inc(bytes);
    },
    timed: (fileSystem) => ({
      ...fileSystem,
      create: async (path) => timedFile(await fileSystem.create(path)),
      append: async (path) => timedFile(await fileSystem.append(path)),
      syncFolder: (path) => time("folder", () => fileSystem.syncFolder(path)),
    }),
  };
}

/** Gauges that are read from the store whenever somebody asks. */
export function storeGauges(
  registry: Registry,
  stats: () => Promise<{ chunkCount: number; usedBytes: number; fillRatio: number }>,
): void {
  new Gauge({
    name: "vstack_chunks_count",
    help: "Chunks on this node",
    registers: [registry],
    async collect() {
      this.set((await stats()).chunkCount);
    },
  });
  new Gauge({
    name: "vstack_used_bytes",
    help: "Bytes of the chunks on this node",
    registers: [registry],
    async collect() {
      this.set((await stats()).usedBytes);
    },
  });
  new Gauge({
    name: "vstack_fill_ratio",
    help: "Share of the node's space in use, 0 to 1",
    registers: [registry],
    async collect() {
      this.set((await stats()).fillRatio);
    },
  });
}
