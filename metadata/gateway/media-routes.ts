/**
 * `/media/...` without a service worker: playlists, and chunks fetched by the gateway. ffmpeg, VLC, Safari's native HLS and
 * a page before its worker play through it; posters and subtitles always come this way.
 */
import type { Context } from "hono";
import { Hono } from "hono";
import * as v from "valibot";
import type { RenditionId } from "#core/ids.ts";
import { parseRenditionId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { Position } from "#core/placement/position.ts";
import type { ManifestEntry, Video } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { IMMUTABLE, MEDIA_TYPES, NO_STORE, SERVED_BY, SERVED_BY_GATEWAY } from "#wire/contract/headers.ts";
import type { MediaAddress } from "#wire/contract/paths.ts";
import { parseMediaPath, QUERY } from "#wire/contract/paths.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import { readOnlyCors } from "#wire/server/cors.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { GatewayFetch } from "./gateway-fetch.ts";
import { playableVideo } from "./playable-video.ts";
import { masterPlaylist, mediaPlaylist } from "./playlists.ts";
import { parseSingleRange } from "./single-range.ts";

/** Media is data: whoever opens it as a page gets no script, no frame, no form. */
const MEDIA_CSP = "default-src 'none'; sandbox";
export const GUARD_HEADERS = { "x-content-type-options": "nosniff", "content-security-policy": MEDIA_CSP };

const MediaQuerySchema = v.object({
  [QUERY.session]: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/))),
  [QUERY.strategy]: v.optional(v.picklist(STRATEGIES), "smart"),
});
type MediaQuery = v.InferOutput<typeof MediaQuerySchema>;
type ChunkAddress = Exclude<MediaAddress, { asks: "master" | "playlist" }>;

export interface MediaPorts {
  readonly catalog: CatalogStore;
  readonly gatewayFetch: GatewayFetch;
  readonly lab: boolean;
}

export function mediaRoutes(ports: MediaPorts): Hono {
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
        return playlistAnswer(mediaPlaylist(durations, { session, kind: kindOf(video, address.rendition) }));
      }
      case "init":
      case "segment":
      case "subtitles":
      case "poster":
        return await sendChunk(context, { address, query, video }, ports);
    }
  });
  app.all("/media/*", methodNotAllowed("GET", "HEAD", "OPTIONS"));
  return app;
}

interface Asked {
  readonly address: ChunkAddress;
  readonly query: MediaQuery;
  readonly video: Video;
}

async function sendChunk(
  context: Context,
  { address, query, video }: Asked,
  { catalog, gatewayFetch, lab }: MediaPorts,
): Promise<Response> {
  const entry = isOfItsKind(address, video) ? await catalog.entry(positionOf(address)) : undefined;
  if (entry === undefined) throw noChunk(context.req.path);
  const { sizeBytes } = entry.record;
  const range = parseSingleRange(context.req.header("range"), sizeBytes);
  const headers = chunkHeaders(address, entry, lab);
  const wanted = range ?? { start: 0, end: sizeBytes };
  headers.set("content-length", String(wanted.end - wanted.start));
  if (range !== undefined) headers.set("content-range", `bytes ${range.start}-${range.end - 1}/${sizeBytes}`);
  const status = range === undefined ? 200 : 206;
  if (context.req.method === "HEAD") return new Response(null, { status, headers });
  const chunk = {
    videoId: address.videoId,
    rendition: address.asks === "poster" ? POSTER_IN_TRACES : address.rendition,
    slot: address.asks === "init" ? "init" : "segment",
    ...{ entry, range: wanted, session: query[QUERY.session], strategy: query[QUERY.strategy] },
  } as const;
  return new Response(await gatewayFetch(chunk, context.req.raw.signal), { status, headers });
}

/** Traces know renditions only. */
const POSTER_IN_TRACES = renditionNamed("poster");

function renditionNamed(text: string): RenditionId {
  const id = parseRenditionId(text);
  invariant(id !== undefined, `Cannot name a rendition "${text}"`);
  return id;
}

function kindOf(video: Video, rendition: RenditionId) {
  return video.renditions.find(({ id }) => id === rendition)?.kind ?? "video";
}

/** The type of an answer follows from its address, so an address of the wrong kind must not answer: text is no media. */
function isOfItsKind(address: ChunkAddress, video: Video): boolean {
  if (address.asks === "poster") return true;
  return (address.asks === "subtitles") === (kindOf(video, address.rendition) === "subtitles");
}

function positionOf(address: ChunkAddress): Position {
  const { videoId } = address;
  switch (address.asks) {
    case "init":
      return { slot: "init", videoId, rendition: address.rendition };
    case "segment":
      return { slot: "segment", videoId, rendition: address.rendition, seq: address.seq };
    case "subtitles":
      return { slot: "segment", videoId, rendition: address.rendition, seq: 0 };
    case "poster":
      return { slot: "poster", videoId };
  }
}

/** The only types that a chunk is served with, whatever was uploaded. */
const CHUNK_TYPES: Readonly<Record<ChunkAddress["asks"], string>> = {
  init: MEDIA_TYPES.init,
  segment: MEDIA_TYPES.segment,
  subtitles: "text/vtt; charset=utf-8",
  poster: "image/jpeg",
};

function chunkHeaders(address: ChunkAddress, entry: ManifestEntry, lab: boolean): Headers {
  return new Headers({
    "content-type": CHUNK_TYPES[address.asks],
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

function noChunk(path: string): VStackError {
  return new VStackError("not-found", `The video has nothing at ${path}`);
}
