/**
 * The best rendition as one file: its init segment and all its segments, which together are a fragmented MP4 (ISO/IEC
 * 14496-12). Fetched and verified chunk by chunk as the client reads; a range lets an interrupted download go on.
 */
import type { Context } from "hono";
import { Hono } from "hono";
import type { VideoId } from "#core/ids.ts";
import type { ManifestEntry, Rendition, Video } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { SERVED_BY, SERVED_BY_GATEWAY } from "#wire/contract/headers.ts";
import { MANIFEST_PAGE_SEGMENTS } from "#wire/contract/limits.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";
import { attachmentOf, downloadName } from "./download-name.ts";
import type { GatewayFetch } from "./gateway-fetch.ts";
import { GUARD_HEADERS } from "./media-routes.ts";
import { playableVideo, readVideoId } from "./playable-video.ts";
import type { ByteRange } from "./single-range.ts";
import { parseSingleRange } from "./single-range.ts";

const WORDS = {
  tag: "videos",
  summary: "The best rendition as one fragmented MP4",
  headers: { Range: { says: "One range of bytes" }, "If-Range": { says: "The ETag of an earlier answer" } },
  answers: {
    200: { says: "The file", type: "video/mp4", headers: { "Content-Disposition": "The title as a file name" } },
    206: { says: "The range", type: "video/mp4", headers: { "Content-Range": "Which bytes of how many" } },
  },
  problems: ["not-found", "gone", "range-not-satisfiable", "not-ready", "unavailable"],
} as const satisfies RouteWords;

export interface DownloadPorts {
  readonly catalog: CatalogStore;
  readonly gatewayFetch: GatewayFetch;
}

export function downloadRoutes(ports: DownloadPorts): Hono {
  const app = new Hono();
  app.on(["GET", "HEAD"], ROUTES.videoDownload, describe(WORDS), (context) => download(context, ports));
  app.all(ROUTES.videoDownload, methodNotAllowed("GET", "HEAD"));
  return app;
}

async function download(context: Context, { catalog, gatewayFetch }: DownloadPorts): Promise<Response> {
  const videoId = readVideoId(context.req.param("videoId") ?? "");
  const video = await playableVideo(catalog, videoId);
  const rendition = bestOf(video);
  const [first] = await catalog.segments({ videoId, rendition: rendition.id, from: 0, limit: 1 });
  if (first === undefined) throw new VStackError("not-found", `Cannot download "${video.title}" as it has no segments`);
  const { sizeBytes } = rendition;
  const asked = parseSingleRange(context.req.header("range"), sizeBytes);
  // What a rendition is made of never changes; another title is another name only.
  const etag = `"${videoId}-${rendition.id}-${first.record.hash.slice(0, 16)}"`;
  const ifRange = context.req.header("if-range");
  const range = ifRange === undefined || ifRange === etag ? asked : undefined;
  const isSound = rendition.kind === "audio";
  const wanted = range ?? { start: 0, end: sizeBytes };
  const headers = new Headers({
    "content-type": isSound ? "audio/mp4" : "video/mp4",
    "content-disposition": attachmentOf(downloadName(video.title, isSound ? ".m4a" : ".mp4")),
    "content-length": String(wanted.end - wanted.start),
    "accept-ranges": "bytes",
    "cache-control": "no-cache",
    etag,
    [SERVED_BY]: SERVED_BY_GATEWAY,
    ...GUARD_HEADERS,
  });
  if (range !== undefined) headers.set("content-range", `bytes ${range.start}-${range.end - 1}/${sizeBytes}`);
  const status = range === undefined ? 200 : 206;
  if (context.req.method === "HEAD") return new Response(null, { status, headers });
  const part = { videoId, rendition, range: wanted };
  const { signal } = context.req.raw;
  return new Response(
    streamOf((ended) => partOf(part, { catalog, gatewayFetch }, AbortSignal.any([signal, ended]))),
    {
      status,
      headers,
    },
  );
}

function bestOf(video: Video): Rendition {
  const playable = video.renditions.filter(({ kind }) => kind !== "subtitles");
  const [best] = [...playable].sort(
    (a, b) =>
      Number(b.kind === "video") - Number(a.kind === "video") ||
      (b.height ?? 0) - (a.height ?? 0) ||
      b.averageBitsPerSecond - a.averageBitsPerSecond,
  );
  if (best === undefined)
    throw new VStackError("not-found", `Cannot download "${video.title}" as it has no renditions`);
  return best;
}

interface FilePart {
  readonly videoId: VideoId;
  readonly rendition: Rendition;
  readonly range: ByteRange;
}

/** The bytes of a range of the file; chunks outside of it are not fetched. */
async function* partOf(
  { videoId, rendition, range }: FilePart,
  { catalog, gatewayFetch }: DownloadPorts,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let offset = 0;
  for await (const { slot, entry } of chunksOf({ videoId, rendition }, catalog)) {
    const { sizeBytes } = entry.record;
    const start = Math.max(0, range.start - offset);
    const end = Math.min(sizeBytes, range.end - offset);
    offset += sizeBytes;
    if (start < end) {
      const body = await gatewayFetch({ videoId, rendition: rendition.id, slot, entry, range: { start, end } }, signal);
      yield* body;
    }
    if (offset >= range.end) return;
  }
  throw new VStackError("internal", `Cannot send "${rendition.id}" to its end as its chunks have ${offset} bytes`);
}

/** Init and segments in playing order, by the page. */
async function* chunksOf(
  { videoId, rendition }: Omit<FilePart, "range">,
  catalog: CatalogStore,
): AsyncGenerator<{ slot: "init" | "segment"; entry: ManifestEntry }, void, void> {
  const init = await catalog.entry({ slot: "init", videoId, rendition: rendition.id });
  if (init !== undefined) yield { slot: "init", entry: init };
  for (let from = 0; ; ) {
    const page = await catalog.segments({ videoId, rendition: rendition.id, from, limit: MANIFEST_PAGE_SEGMENTS });
    for (const entry of page) yield { slot: "segment", entry };
    const last = page.at(-1);
    if (last === undefined) return;
    from = last.seq + 1;
  }
}

/** Pulled by the client; whoever goes ends what is under way. */
function streamOf(
  open: (ended: AbortSignal) => AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const ended = new AbortController();
  const parts = open(ended.signal);
  return new ReadableStream(
    {
      async pull(controller) {
        const { value } = await parts.next();
        if (value === undefined) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        ended.abort();
        await parts.return();
      },
    },
    { highWaterMark: 0 },
  );
}
