/** `/api/storage`: what the nodes keep, counted from them; the map of a video's pieces; clients' complaints about pieces. */
import { Hono } from "hono";
import type { InferOutput } from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type {
  BadPieceAnswerSchema,
  ChunkMap,
  Overhead,
  StorageVideos,
  VideoStorage,
  VideoStorageSort,
} from "#wire/contract/storage-schemas.ts";
import { BadPieceSchema, ChunkMapQuerySchema, StorageVideosQuerySchema } from "#wire/contract/storage-schemas.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput, parseJsonBody } from "#wire/server/validated.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";
import type { RedundancyRoutesPorts } from "./redundancy.ts";
import { videoIdOf } from "./redundancy.ts";

const WORDS = {
  overhead: {
    ...{ tag: "storage", summary: "Bytes on the nodes, counted from them, against content and against three copies" },
    ...{
      answers: { 200: { says: "The count, and of when it is", json: "StorageOverhead" } },
      problems: ["unavailable"],
    },
  },
  videos: {
    ...{ tag: "storage", summary: "Videos as they are kept: form, heat, bytes", query: StorageVideosQuerySchema },
    answers: { 200: { says: "A page of them", json: "StorageVideos" } },
    problems: ["bad-request", "unavailable"],
  },
  map: {
    ...{ tag: "storage", summary: "Where the pieces of a rendition are: chunks by nodes", query: ChunkMapQuerySchema },
    description:
      "Row 0 is the init segment. States come from the nodes' inventories and checks, not from the records alone.",
    answers: { 200: { says: "A page of the map", json: "ChunkMap" } },
    problems: ["bad-request", "not-found", "unavailable"],
  },
  report: {
    ...{ tag: "storage", summary: "A client read wrong bytes: the node shall check that piece" },
    description:
      "Makes a check and never more, whoever says it; none when no record names the piece on that node, or when it was found intact a moment ago.",
    body: { json: "BadPiece", example: { nodeId: "n1", hash: "0".repeat(64), shard: 2 } },
    answers: { 202: { says: "Whether it will be checked", json: "BadPieceAnswer" } },
    problems: ["bad-request", "unavailable"],
  },
} as const satisfies Record<string, RouteWords>;

export interface StorageRoutesPorts extends RedundancyRoutesPorts {
  readonly catalog: Pick<CatalogStore, "video">;
}

export function storageRoutes({ redundancy, catalog }: StorageRoutesPorts): Hono {
  const app = new Hono();

  app.get(ROUTES.storageOverhead, describe(WORDS.overhead), async (context) =>
    context.json((await redundancy.overhead(context.req.raw.signal)) satisfies Overhead),
  );
  app.get(ROUTES.storageVideos, describe(WORDS.videos), async (context) => {
    const { from, limit, sort } = parseInput(StorageVideosQuerySchema, context.req.query(), "query");
    const all = [...(await redundancy.videoStorage(context.req.raw.signal))].sort(ORDERS[sort]);
    const shown = all.slice(from, from + limit);
    const videos = await Promise.all(
      shown.map(async (video) => ({ ...video, title: (await catalog.video(video.videoId))?.title ?? "" })),
    );
    return context.json({ from, total: all.length, videos } satisfies StorageVideos);
  });
  app.get(ROUTES.chunkMap, describe(WORDS.map), async (context) => {
    const videoId = videoIdOf(context.req.param("videoId"));
    const { rendition, from, limit } = parseInput(ChunkMapQuerySchema, context.req.query(), "query");
    const map = await redundancy.chunkMap({ videoId, rendition, from, limit }, context.req.raw.signal);
    if (map !== undefined) return context.json(map satisfies ChunkMap);
    throw new VStackError("not-found", `Cannot find ${rendition ?? "a rendition"} of video "${videoId}"`);
  });
  for (const path of [ROUTES.storageOverhead, ROUTES.storageVideos, ROUTES.chunkMap]) {
    app.all(path, methodNotAllowed("GET", "HEAD"));
  }

  app.post(ROUTES.storageReports, describe(WORDS.report), async (context) => {
    const willCheck = await redundancy.report(await parseJsonBody(context, BadPieceSchema));
    return context.json({ willCheck } satisfies InferOutput<typeof BadPieceAnswerSchema>, 202);
  });
  app.all(ROUTES.storageReports, methodNotAllowed("POST"));
  return app;
}

/** Ties by id, so that pages neither repeat nor leave out. */
const ORDERS: Readonly<Record<VideoStorageSort, (one: VideoStorage, other: VideoStorage) => number>> = {
  largest: by(({ contentBytes }) => contentBytes),
  hottest: by(({ demand }) => demand.short),
  kept: by(({ keptBytes }) => keptBytes ?? 0),
};

function by(measure: (video: VideoStorage) => number) {
  return (one: VideoStorage, other: VideoStorage) =>
    measure(other) - measure(one) || (one.videoId < other.videoId ? -1 : 1);
}
