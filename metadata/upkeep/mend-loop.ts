/**
 * Gives chunks the copies that they lack, as soon as there are nodes for them, within a budget that leaves the disks to
 * viewers and uploads. It looks at records alone: a holder that is dead is not replaced here.
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import { REPLICA_COUNT } from "#core/placement/record.ts";
import { finishInterrupted } from "./finish-interrupted.ts";
import { mendChunk } from "./mend-chunk.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

/** Between two rounds. */
const ROUND_MS = 5000;
/** Chunks at once: two times 16 MiB of memory. */
const AT_ONCE = 2;
/** Each of them waits so long per byte before it takes the next: 16 MiB/s together, a tenth of a plain disk. */
const PAUSE_MS_PER_BYTE = (AT_ONCE * 1000) / (16 * 1024 * 1024);
const PAGE_CHUNKS = 100;
/** A round ends after so many chunks in a row that could not be mended: their nodes have other worries. */
const MAX_FAILURES = 8;

export interface MendLoop {
  /** Goes once through everything that lacks copies, or until too much fails. @returns copies made */
  round(signal: AbortSignal): Promise<number>;
  /** Rounds until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function mendLoop(ports: UpkeepPorts & { readonly registry: Registry }): MendLoop {
  const { catalog, clock, log } = ports;
  const count = mendMetrics(ports);
  /** Where the last round stopped: chunks that cannot be mended must not stand before the others for ever. */
  let after: Position | null = null;

  const mendOne = async (position: Position, signal: AbortSignal): Promise<boolean> => {
    try {
      const sizeBytes = await mendChunk(position, ports, signal);
      if (sizeBytes > 0) count(sizeBytes);
      await clock.sleep(sizeBytes * PAUSE_MS_PER_BYTE, signal);
      return sizeBytes > 0;
    } catch (error) {
      if (!signal.aborted) log.warn({ position: positionText(position), err: error }, "Cannot mend a chunk yet");
      return false;
    }
  };

  const round = async (signal: AbortSignal): Promise<number> => {
    await finishInterrupted(ports, signal);
    let mended = 0;
    let failures = 0;
    // With fewer nodes every one of them is a holder already.
    while (!signal.aborted && ports.writable().length >= REPLICA_COUNT) {
      const page = await catalog.chunksAtRisk(after, PAGE_CHUNKS);
      after = page.at(-1) ?? null;
      const queue = page.values();
      const worker = async () => {
        for (const position of queue) {
          if (signal.aborted || failures >= MAX_FAILURES) return;
          const isMended = await mendOne(position, signal);
          mended += isMended ? 1 : 0;
          failures = isMended ? 0 : failures + 1;
          if (failures >= MAX_FAILURES) after = position;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      if (after === null || failures >= MAX_FAILURES) break;
    }
    if (mended > 0)
      log.info({ mended, atRisk: await catalog.countAtRisk(null) }, "Chunks have got the copies they lacked");
    return mended;
  };

  return {
    round,
    async run(signal) {
      while (!signal.aborted) {
        await round(signal).catch((error: unknown) => {
          if (!signal.aborted) log.error({ err: error }, "Cannot mend: will try again");
        });
        await clock.sleep(ROUND_MS, signal);
      }
    },
  };
}

/** @returns counts a copy */
function mendMetrics({ registry, catalog }: { registry: Registry } & Pick<UpkeepPorts, "catalog">) {
  const registers = [registry];
  const chunks = new Counter({
    name: "vstack_mended_chunks_total",
    help: "Copies made for chunks that lacked one",
    registers,
  });
  const bytes = new Counter({ name: "vstack_mended_bytes_total", help: "Bytes of those copies", registers });
  new Gauge({
    name: "vstack_chunks_at_risk_count",
    help: "Chunks whose record names fewer holders than wanted",
    registers,
    async collect() {
      this.set(await catalog.countAtRisk(null));
    },
  });
  return (sizeBytes: number) => {
    chunks.inc();
    bytes.inc(sizeBytes);
  };
}
