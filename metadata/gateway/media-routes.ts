/**
 * `/media/...` without a service worker: playlists, and segments fetched by the same driver that the worker runs, with
 * estimates of the gateway's own. ffmpeg, VLC, Safari's native HLS and a page before its worker play through it.
 */
import type { Context } from "hono";
import { Hono } from "hono";
import { Counter, Gauge, type Registry } from "prom-client";
import * as v from "valibot";
import type { Position } from "#core/placement/position.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { liveFetch } from "#wire/client/http.ts";
import { sha256 } from "#wire/client/digest.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveRandom } from "#wire/client/live-clock.ts";
import type { ManifestEntry } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { IMMUTABLE, MEDIA_TYPES, NO_STORE, SERVED_BY, SERVED_BY_GATEWAY } from "#wire/contract/headers.ts";
import type { MediaAddress } from "#wire/contract/paths.ts";
import { parseMediaPath, QUERY } from "#wire/contract/paths.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { readOnlyCors } from "#wire/server/cors.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import { openChunkBody } from "./chunk-body.ts";
import { fetchSlots } from "./fetch-slots.ts";
import { gatewayEstimates } from "./gateway-estimates.ts";
import { playableVideo } from "./playable-video.ts";
import { masterPlaylist, mediaPlaylist } from "./playlists.ts";
import { parseSingleRange } from "./single-range.ts";

/** Fetches at once; each holds at most what its driver has in flight, far below a chunk's 16 MiB. */
const MAX_FETCHES = 48;
/** Askers in front of them; the rest is told to come again. */
const MAX_WAITING = 96;
/** Media is data: whoever opens it as a page gets no script, no frame, no form. */
const MEDIA_CSP = "default-src 'none'; sandbox";

const MediaQuerySchema = v.object({
  [QUERY.session]: v.optional(v.pipe(v.string(), v.maxLength(128))),
  [QUERY.strategy]: v.optional(v.picklist(STRATEGIES), "smart"),
});
type MediaQuery = v.InferOutput<typeof MediaQuerySchema>;
type ChunkAddress = Extract<MediaAddress, { asks: "init" | "segment" }>;

export interface MediaPorts {
  readonly catalog: CatalogStore;
  readonly directory: NodeDirectory;
  readonly clock: Clock;
  readonly lab: boolean;
  readonly registry: Registry;
  readonly fetch?: FetchPort;
}

export function mediaRoutes(ports: MediaPorts): Hono {
  const sendChunk = chunkSender(ports);
  const app = new Hono();
  app.use("/media/*", readOnlyCors);
  app.on(["GET", "HEAD"], "/media/*", async (context) => {
    const address = parseMediaPath(context.req.path);
    if (address === undefined) throw new VStackError("not-found", `Nothing is played at ${context.req.path}`);
    const query = parseInput(MediaQuerySchema, context.req.query(), "query");
    const session = query[QUERY.session] ?? null;
    const video = await playableVideo(ports.catalog, address.videoId);
    switch (address.asks) {
      case "master":
        return playlistAnswer(masterPlaylist(video, session));
      case "playlist": {
        const durations = await ports.catalog.segmentDurations(address.videoId, address.rendition);
        if (durations.length === 0) throw noChunk(context.req.path);
        return playlistAnswer(mediaPlaylist(durations, session));
      }
      case "init":
      case "segment":
        return await sendChunk(context, address, query);
    }
  });
  app.all("/media/*", methodNotAllowed("GET", "HEAD", "OPTIONS"));
  return app;
}

function chunkSender({ catalog, directory, clock, lab, registry, fetch = liveFetch }: MediaPorts) {
  const slots = fetchSlots(MAX_FETCHES, MAX_WAITING);
  const segmentPorts = { clock, random: liveRandom, fetch, digest: sha256, estimates: gatewayEstimates() };
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

  return async (context: Context, address: ChunkAddress, query: MediaQuery): Promise<Response> => {
    const entry = await catalog.entry(positionOf(address));
    if (entry === undefined) throw noChunk(context.req.path);
    const { sizeBytes } = entry.record;
    const range = parseSingleRange(context.req.header("range"), sizeBytes);
    const headers = chunkHeaders(address, entry, lab);
    const wanted = range ?? { start: 0, end: sizeBytes };
    headers.set("content-length", String(wanted.end - wanted.start));
    if (range !== undefined) headers.set("content-range", `bytes ${range.start}-${range.end - 1}/${sizeBytes}`);
    const status = range === undefined ? 200 : 206;
    if (context.req.method === "HEAD") return new Response(null, { status, headers });

    const { signal } = context.req.raw;
    const giveBack = await slots.take(signal);
    const running = fetchSegment(
      {
        traceId: crypto.randomUUID(),
        session: query[QUERY.session] ?? "gateway",
        strategy: query[QUERY.strategy],
        driver: "gateway",
        videoId: address.videoId,
        rendition: address.rendition,
        slot: address.asks,
        entry,
        nodeUrls: directory.internalUrls(),
        slackSeconds: null,
        giveUpWhenAllUnreachable: true,
      },
      segmentPorts,
    );
    void running.done.then((trace) => {
      fetches.inc({ outcome: trace.outcome });
      bytes.inc(trace.deliveredBytes);
    });
    const body = await openChunkBody(running, { range: wanted, signal, onEnd: giveBack });
    return new Response(body, { status, headers });
  };
}

function positionOf(address: ChunkAddress): Position {
  const { videoId, rendition } = address;
  return address.asks === "init"
    ? { slot: "init", videoId, rendition }
    : { slot: "segment", videoId, rendition, seq: address.seq };
}

function chunkHeaders(address: ChunkAddress, entry: ManifestEntry, lab: boolean): Headers {
  return new Headers({
    "content-type": address.asks === "init" ? MEDIA_TYPES.init : MEDIA_TYPES.segment,
    "accept-ranges": "bytes",
    etag: `"${entry.record.hash}"`,
    "cache-control": lab ? NO_STORE : IMMUTABLE,
    [SERVED_BY]: SERVED_BY_GATEWAY,
    ...GUARD_HEADERS,
  });
}

function playlistAnswer(text: string): Response {
  return new Response(text, {
    headers: {
      "content-type": MEDIA_TYPES.playlist,
      "content-length": String(Buffer.byteLength(text)),
      "cache-control": "no-cache",
      [SERVED_BY]: SERVED_BY_GATEWAY,
      ...GUARD_HEADERS,
    },
  });
}

const GUARD_HEADERS = { "x-content-type-options": "nosniff", "content-security-policy": MEDIA_CSP };

function noChunk(path: string): VStackError {
  return new VStackError("not-found", `The video has nothing at ${path}`);
}
