/** Asking the metadata server. Used by page, worker, nodes and the command line. */
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { ManifestPage, Video, VideoList } from "#wire/contract/catalog-api.ts";
import { ManifestPageSchema, VideoListSchema, VideoSchema, ViewAnswerSchema } from "#wire/contract/catalog-api.ts";
import type { ClusterAnswerSchema } from "#wire/contract/cluster-api.ts";
import { ClusterAnswerSchema as ClusterSchema } from "#wire/contract/cluster-api.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import type { InferOutput } from "valibot";
import { askJson } from "./http.ts";

/** Which page of the library. */
export interface VideoQuery {
  readonly search?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** @param baseUrl origin of the metadata server, without a slash at its end; "" asks the page's own origin */
export function metadataClient(baseUrl: string) {
  return {
    listVideos(query: VideoQuery, signal: AbortSignal): Promise<VideoList> {
      const parameters = new URLSearchParams();
      if (query.search !== undefined) parameters.set("search", query.search);
      if (query.after !== undefined) parameters.set("after", query.after);
      if (query.limit !== undefined) parameters.set("limit", String(query.limit));
      return askJson(`${baseUrl}${ROUTES.videos}?${parameters}`, VideoListSchema, { signal });
    },
    video(videoId: VideoId, signal: AbortSignal): Promise<Video> {
      return askJson(`${baseUrl}${PATHS.video(videoId)}`, VideoSchema, { signal });
    },
    manifestPage(
      wanted: { videoId: VideoId; rendition: RenditionId; from: number },
      signal: AbortSignal,
    ): Promise<ManifestPage> {
      const path = PATHS.manifest(wanted.videoId, wanted.rendition, wanted.from);
      return askJson(`${baseUrl}${path}`, ManifestPageSchema, { signal });
    },
    reportView(videoId: VideoId, viewing: string, signal: AbortSignal): Promise<InferOutput<typeof ViewAnswerSchema>> {
      return askJson(`${baseUrl}${PATHS.views(videoId)}`, ViewAnswerSchema, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ viewing }),
        signal,
      });
    },
    cluster(signal: AbortSignal): Promise<InferOutput<typeof ClusterAnswerSchema>> {
      return askJson(`${baseUrl}${ROUTES.cluster}`, ClusterSchema, { signal });
    },
  };
}

export type MetadataClient = ReturnType<typeof metadataClient>;
