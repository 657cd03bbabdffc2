/**
 * One chunk from the nodes by the same driver that the worker runs, for every answer of the gateway: a bounded number at
 * once, counted, with estimates of the gateway's own.
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { RenditionId, VideoId } from "#core/ids.ts";
import { sha256 } from "#wire/client/digest.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { liveFetch } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveRandom } from "#wire/client/live-clock.ts";
import type { ManifestEntry } from "#wire/contract/catalog-api.ts";
import type { SegmentTrace, StrategyName } from "#wire/contract/segment-trace.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { memoryEstimates } from "#wire/exchange/memory-estimates.ts";
import { OpenFetches } from "#wire/exchange/open-fetches.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import { openChunkBody } from "./chunk-body.ts";
import { fetchSlots } from "./fetch-slots.ts";
import type { ByteRange } from "./single-range.ts";

/** Fetches at once; each holds at most what its driver has in flight, far below a chunk's 16 MiB. */
const MAX_FETCHES = 48;
/** Askers in front of them; the rest is told to come again. */
const MAX_WAITING = 96;

export interface GatewayFetchPorts {
  readonly directory: Pick<NodeDirectory, "internalUrls">;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly fetch?: FetchPort;
  /** A node sent wrong bytes of a piece, or has it not. */
  readonly onBadPiece?: (piece: BadPiece) => void;
}

/** Which chunk, how it is called in traces, and which part of it. */
export interface WantedChunk {
  readonly videoId: VideoId;
  readonly rendition: RenditionId;
  readonly slot: SegmentTrace["slot"];
  readonly entry: ManifestEntry;
  readonly range: ByteRange;
  readonly session?: string | undefined;
  readonly strategy?: StrategyName;
}

/**
 * Fetches and verifies a chunk as its reader pulls.
 *
 * @param signal fires when the reader is gone
 * @throws VStackError `unavailable` when too many fetches wait, or why the first bytes cannot be had
 */
export type GatewayFetch = (
  wanted: WantedChunk,
  signal: AbortSignal,
) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

export function gatewayFetch({
  directory,
  clock,
  registry,
  fetch = liveFetch,
  onBadPiece,
}: GatewayFetchPorts): GatewayFetch {
  const slots = fetchSlots(MAX_FETCHES, MAX_WAITING);
  const shared = { estimates: memoryEstimates(), openFetches: new OpenFetches() };
  const ports = { clock, random: liveRandom, fetch, digest: sha256, ...shared, ...(onBadPiece && { onBadPiece }) };
  const registers = [registry];
  const fetches = new Counter({
    name: "vstack_gateway_fetches_total",
    help: "Chunks that the gateway fetched from nodes",
    labelNames: ["outcome"],
    registers,
  });
  const bytes = new Counter({
    name: "vstack_gateway_delivered_bytes_total",
    help: "Verified bytes sent to clients",
    registers,
  });
  new Gauge({
    name: "vstack_gateway_fetches_in_flight",
    help: "Fetches under way",
    registers,
    collect() {
      this.set(slots.inUse());
    },
  });

  return async ({ range, session = "gateway", strategy = "smart", ...chunk }, signal) => {
    const giveBack = await slots.take(signal);
    const running = fetchSegment(
      {
        ...chunk,
        traceId: crypto.randomUUID(),
        session,
        strategy,
        driver: "gateway",
        nodeUrls: directory.internalUrls(),
        slackSeconds: null,
        giveUpWhenAllUnreachable: true,
      },
      ports,
    );
    void running.done.then((trace) => {
      fetches.inc({ outcome: trace.outcome });
      bytes.inc(trace.deliveredBytes);
    });
    return await openChunkBody(running, { range, signal, onEnd: giveBack });
  };
}
