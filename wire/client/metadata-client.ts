/** Asking the metadata server. Used by page, worker, nodes and the command line. */
import type { NodeId, RenditionId, VideoId } from "#core/ids.ts";
import type { ManifestPage, Video, VideoList, VideoSort } from "#wire/contract/catalog-api.ts";
import { ManifestPageSchema, VideoListSchema, VideoSchema, ViewAnswerSchema } from "#wire/contract/catalog-api.ts";
import type { ClusterAnswerSchema } from "#wire/contract/cluster-api.ts";
import { ClusterAnswerSchema as ClusterSchema } from "#wire/contract/cluster-api.ts";
import type { ConsensusAnswer, DrainAnswer, RebuildState } from "#wire/contract/consensus-view-api.ts";
import { ConsensusAnswerSchema, DrainAnswerSchema, RebuildStateSchema } from "#wire/contract/consensus-view-api.ts";
import type { ClearChoice, NetworkAskWords, NetworksAnswer } from "#wire/contract/emulation-api.ts";
import { NetworksAnswerSchema } from "#wire/contract/emulation-api.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import type { UploadList, UploadStatus } from "#wire/contract/upload-api.ts";
import { UploadListSchema, UploadStatusSchema } from "#wire/contract/upload-api.ts";
import type { InferOutput } from "valibot";
import { ask, askJson } from "./http.ts";

/** Removing waits until the nodes have let go of the bytes, as far as they can be reached. */
const REMOVE_DEADLINE_MS = 60_000;
/** tus 1.0.0 refuses requests that do not say their version. */
const TUS_HEADERS = { "tus-resumable": "1.0.0" };

/** Which page of the library. */
export interface VideoQuery {
  readonly search?: string;
  readonly sort?: VideoSort;
  readonly after?: string;
  readonly limit?: number;
}

/** @param baseUrl origin of the metadata server, without a slash at its end; "" asks the page's own origin */
export function metadataClient(baseUrl: string) {
  return {
    listVideos(query: VideoQuery, signal: AbortSignal): Promise<VideoList> {
      const parameters = new URLSearchParams();
      if (query.search !== undefined) parameters.set("search", query.search);
      if (query.sort !== undefined) parameters.set("sort", query.sort);
      if (query.after !== undefined) parameters.set("after", query.after);
      if (query.limit !== undefined) parameters.set("limit", String(query.limit));
      return askJson(`${baseUrl}${ROUTES.videos}?${parameters}`, VideoListSchema, { signal });
    },
    video(videoId: VideoId, signal: AbortSignal): Promise<Video> {
      return askJson(`${baseUrl}${PATHS.video(videoId)}`, VideoSchema, { signal });
    },
    renameVideo(videoId: VideoId, title: string, signal: AbortSignal): Promise<Video> {
      return askJson(`${baseUrl}${PATHS.video(videoId)}`, VideoSchema, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ title }),
        signal,
      });
    },
    async removeVideo(videoId: VideoId, signal: AbortSignal): Promise<void> {
      const path = `${baseUrl}${PATHS.video(videoId)}`;
      await ask(path, { method: "DELETE", signal, deadlineMs: REMOVE_DEADLINE_MS });
    },
    listUploads(signal: AbortSignal): Promise<UploadList> {
      return askJson(`${baseUrl}${ROUTES.uploads}`, UploadListSchema, { signal });
    },
    uploadStatus(uploadId: string, signal: AbortSignal): Promise<UploadStatus> {
      return askJson(`${baseUrl}${PATHS.uploadStatus(uploadId)}`, UploadStatusSchema, { signal });
    },
    /** Begins a failed job again. */
    async retryUpload(uploadId: string, signal: AbortSignal): Promise<void> {
      await ask(`${baseUrl}${PATHS.uploadRetry(uploadId)}`, { method: "POST", signal });
    },
    /**
     * Cancels an upload in any phase, or dismisses a failed one: whatever there is of its video goes.
     *
     * @throws VStackError `not-found` when the server does not know it
     */
    async removeUpload(uploadId: string, signal: AbortSignal): Promise<void> {
      const path = `${baseUrl}${PATHS.upload(uploadId)}`;
      const options = { method: "DELETE", signal, deadlineMs: REMOVE_DEADLINE_MS };
      const { phase, videoId } = await this.uploadStatus(uploadId, signal);
      // Terminating by the protocol also cuts the connection that is still sending.
      if (phase === "receiving") await ask(path, { ...options, headers: TUS_HEADERS });
      else if (videoId !== null) await ask(`${baseUrl}${PATHS.video(videoId)}`, options);
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
    consensus(signal: AbortSignal): Promise<ConsensusAnswer> {
      return askJson(`${baseUrl}${ROUTES.consensus}`, ConsensusAnswerSchema, { signal });
    },
    /** @param isDraining false takes it back */
    drainNode(nodeId: NodeId, isDraining: boolean, signal: AbortSignal): Promise<DrainAnswer> {
      const method = isDraining ? "PUT" : "DELETE";
      return askJson(`${baseUrl}${PATHS.nodeDrain(nodeId)}`, DrainAnswerSchema, { method, signal });
    },
    rebuildState(signal: AbortSignal): Promise<RebuildState> {
      return askJson(`${baseUrl}${ROUTES.rebuild}`, RebuildStateSchema, { signal });
    },
    /** Begins to make the catalogue again from the nodes, unless that is under way. */
    beginRebuild(signal: AbortSignal): Promise<RebuildState> {
      return askJson(`${baseUrl}${ROUTES.rebuild}`, RebuildStateSchema, { method: "POST", signal });
    },
    /**
     * The networks that a lab cluster emulates.
     *
     * @throws VStackError `not-found` when it was not started with `--lab`; as do the next two
     */
    networks(signal: AbortSignal): Promise<NetworksAnswer> {
      return askJson(`${baseUrl}${ROUTES.labNetwork}`, NetworksAnswerSchema, { signal });
    },
    setNetwork(wanted: NetworkAskWords, signal: AbortSignal): Promise<NetworksAnswer> {
      return askJson(`${baseUrl}${ROUTES.labNetwork}`, NetworksAnswerSchema, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(wanted),
        signal,
      });
    },
    clearNetworks(choice: ClearChoice, signal: AbortSignal): Promise<NetworksAnswer> {
      const path = PATHS.clearNetwork(ROUTES.labNetwork, choice);
      return askJson(`${baseUrl}${path}`, NetworksAnswerSchema, { method: "DELETE", signal });
    },
  };
}

export type MetadataClient = ReturnType<typeof metadataClient>;
