/** The library: list, show, rename, remove, manifests by the page, views. */
import { Hono } from "hono";
import * as v from "valibot";
import type { NodeId, RenditionId, VideoId } from "#core/ids.ts";
import { deadlineSignal } from "#wire/client/deadline.ts";
import type { ManifestEntry, ManifestPage, Video } from "#wire/contract/catalog-api.ts";
import { RenameSchema, VIDEO_SORTS, ViewReportSchema } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MANIFEST_PAGE_SEGMENTS, MAX_PAGE_VIDEOS, MAX_SEGMENTS, MAX_TITLE_CHARACTERS } from "#wire/contract/limits.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { RenditionIdSchema } from "#wire/contract/schemas.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput, parseJsonBody } from "#wire/server/validated.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import { playableVideo, readVideoId } from "../gateway/playable-video.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";

const DEFAULT_PAGE_VIDEOS = 24;
/** Three durable copies of a small chunk. */
const RENAME_DEADLINE_MS = 15_000;
const MAX_CURSOR_CHARACTERS = 2048;

const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,6}$/, "Expected a whole number"),
    v.transform(Number),
    v.minValue(min),
    v.maxValue(max),
  );

const ListQuerySchema = v.object({
  search: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(MAX_TITLE_CHARACTERS)), ""),
  sort: v.optional(v.picklist(VIDEO_SORTS), "newest"),
  after: v.optional(v.pipe(v.string(), v.maxLength(MAX_CURSOR_CHARACTERS))),
  limit: v.optional(wholeNumber(1, MAX_PAGE_VIDEOS), String(DEFAULT_PAGE_VIDEOS)),
});
const ManifestQuerySchema = v.object({
  rendition: RenditionIdSchema,
  from: v.optional(wholeNumber(0, MAX_SEGMENTS), "0"),
});

const WORDS = {
  list: {
    tag: "videos",
    summary: "A page of the library",
    description:
      "`search` finds a part of the title, whatever the case. Give `next` back as `after` for the next page.",
    query: ListQuerySchema,
    answers: { 200: { says: "The page", json: "VideoList" } },
    problems: ["bad-request"],
  },
  show: {
    tag: "videos",
    summary: "A video with its renditions",
    answers: { 200: { says: "The video", json: "Video" } },
    problems: ["not-found"],
  },
  rename: {
    tag: "videos",
    summary: "Give a video another title",
    description: "The title is stored on the nodes too, so it takes as long as storing a small chunk.",
    body: { json: "Rename" },
    answers: { 200: { says: "The video with its new title", json: "Video" } },
    problems: ["bad-request", "not-found", "conflict", "not-ready", "unavailable"],
  },
  remove: {
    tag: "videos",
    summary: "Delete a video, or dismiss a failed upload",
    description:
      "Its chunks leave the nodes unless another video shares them; a node that is away gives them up later.",
    answers: { 204: { says: "It is gone from the library" } },
    problems: ["not-found"],
  },
  manifest: {
    tag: "videos",
    summary: "Records and block hashes of a rendition, by the page",
    description: "What a client needs to fetch segments from the nodes and verify them.",
    query: ManifestQuerySchema,
    answers: { 200: { says: "The init segment and the segments from `from` on", json: "ManifestPage" } },
    problems: ["bad-request", "not-found", "gone", "not-ready"],
  },
  views: {
    tag: "videos",
    summary: "Count a viewing, once",
    body: { json: "ViewReport" },
    answers: { 200: { says: "The count", json: "ViewAnswer" } },
    problems: ["bad-request", "not-found"],
  },
} as const satisfies Record<string, RouteWords>;

export interface VideoRoutesPorts {
  readonly catalog: CatalogStore;
  readonly directory: NodeDirectory;
  readonly ingest: Ingest;
  /** @throws VStackError as rename-video.ts */
  readonly renameVideo: RenameVideo;
}

type RenameVideo = (change: { videoId: VideoId; title: string }, signal: AbortSignal) => Promise<Video>;

export function videoRoutes({ catalog, directory, ingest, renameVideo }: VideoRoutesPorts): Hono {
  const app = new Hono();

  app.get(ROUTES.videos, describe(WORDS.list), async (context) => {
    const query = parseInput(ListQuerySchema, context.req.query(), "query");
    return context.json(await catalog.listVideos({ ...query, after: query.after ?? null }));
  });
  app.all(ROUTES.videos, methodNotAllowed("GET", "HEAD"));

  app.get(ROUTES.video, describe(WORDS.show), async (context) => {
    const videoId = readVideoId(context.req.param("videoId"));
    const video = await catalog.video(videoId);
    if (video === undefined) throw noVideo(videoId);
    return context.json(video);
  });
  app.patch(ROUTES.video, describe(WORDS.rename), async (context) => {
    const videoId = readVideoId(context.req.param("videoId"));
    const { title } = await parseJsonBody(context, RenameSchema);
    // Not the asker's signal: a change that has begun is brought to its end.
    return context.json(await renameVideo({ videoId, title }, deadlineSignal(RENAME_DEADLINE_MS)));
  });
  app.delete(ROUTES.video, describe(WORDS.remove), async (context) => {
    const videoId = readVideoId(context.req.param("videoId"));
    if (!(await ingest.removeVideo(videoId))) throw noVideo(videoId);
    return context.body(null, 204);
  });
  app.all(ROUTES.video, methodNotAllowed("GET", "HEAD", "PATCH", "DELETE"));

  app.get(ROUTES.videoManifest, describe(WORDS.manifest), async (context) => {
    const videoId = readVideoId(context.req.param("videoId"));
    const { rendition, from } = parseInput(ManifestQuerySchema, context.req.query(), "query");
    const video = await playableVideo(catalog, videoId);
    const page = await manifestPage(catalog, { video, rendition, from });
    const nodes = nodesOf(page, directory, context.req.header("host"));
    return context.json({ ...page, nodes } satisfies ManifestPage);
  });
  app.all(ROUTES.videoManifest, methodNotAllowed("GET", "HEAD"));

  app.post(ROUTES.videoViews, describe(WORDS.views), async (context) => {
    const videoId = readVideoId(context.req.param("videoId"));
    const { viewing } = await parseJsonBody(context, ViewReportSchema);
    const counted = await catalog.countView(videoId, viewing);
    if (counted === undefined) throw noVideo(videoId);
    return context.json(counted);
  });
  app.all(ROUTES.videoViews, methodNotAllowed("POST"));
  return app;
}

function noVideo(videoId: VideoId): VStackError {
  return new VStackError("not-found", `There is no video "${videoId}"`);
}

async function manifestPage(
  catalog: CatalogStore,
  { video, rendition, from }: { video: Video; rendition: RenditionId; from: number },
): Promise<Omit<ManifestPage, "nodes">> {
  const facts = video.renditions.find(({ id }) => id === rendition);
  const init = await catalog.entry({ slot: "init", videoId: video.id, rendition });
  if (facts === undefined || init === undefined) {
    const known = video.renditions.map(({ id }) => id).join(", ");
    throw new VStackError("not-found", `The video has no rendition "${rendition}": it has ${known}`);
  }
  const segments = await catalog.segments({ videoId: video.id, rendition, from, limit: MANIFEST_PAGE_SEGMENTS });
  return { schema: 1, videoId: video.id, rendition, init, from, total: facts.segmentCount, segments };
}

/** Every node that the page's records name, as far as it is known, with the address for the asker. */
function nodesOf(
  { init, segments }: { init: ManifestEntry; segments: readonly ManifestEntry[] },
  directory: NodeDirectory,
  askedHost: string | undefined,
): ManifestPage["nodes"] {
  const named = new Set<NodeId>();
  for (const { record } of [init, ...segments]) for (const { nodeId } of record.holders) named.add(nodeId);
  return directory
    .summaries(askedHost)
    .filter(({ id }) => named.has(id))
    .map(({ id, url, state }) => ({ id, url, state }));
}
