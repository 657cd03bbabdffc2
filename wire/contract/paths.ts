/** Every URL path, built and matched here and nowhere else. Server routes use the patterns, askers the builders. */
import type { ChunkHash, NodeId, RenditionId, VideoId } from "#core/ids.ts";
import { parseRenditionId, parseVideoId } from "#core/ids.ts";
import { parseSeq } from "#core/placement/position.ts";

/** Route patterns in Hono's spelling. */
export const ROUTES = {
  chunk: "/chunks/:hash",
  /** One shard of a chunk; ranges are of the bytes that are stored of it. */
  shard: "/chunks/:hash/shards/:shard",
  /** Of a node: the votes of ChunkPaxos. */
  consensusEntries: "/consensus/entries",
  consensusSeal: "/consensus/seal",
  consensusGroups: "/consensus/groups",
  consensusStates: "/consensus/states",
  ping: "/ping",
  health: "/health",
  apiHealth: "/api/health",
  metrics: "/metrics",
  openapi: "/api/openapi.json",
  docs: "/api/docs",
  docsScript: "/api/docs/rapidoc.js",
  cluster: "/api/cluster",
  nodes: "/api/nodes",
  nodeHeartbeat: "/api/nodes/:nodeId/heartbeat",
  /** PUT: the node shall leave its acceptor groups and get nothing new. DELETE: it may stay after all. */
  nodeDrain: "/api/nodes/:nodeId/drain",
  /** Of the metadata server: acceptor groups, and what was decided. */
  consensus: "/api/consensus",
  consensusPosition: "/api/consensus/positions/:position",
  /** Server-sent events: what the proposer says and hears. */
  consensusEvents: "/api/consensus/events",
  /** GET: how far it is; POST: begins to make the catalogue again from the nodes. */
  rebuild: "/api/consensus/rebuild",
  videos: "/api/videos",
  video: "/api/videos/:videoId",
  videoManifest: "/api/videos/:videoId/manifest",
  videoViews: "/api/videos/:videoId/views",
  /** tus lives at this path and below it. */
  uploads: "/api/uploads",
  upload: "/api/uploads/:uploadId",
  uploadStatus: "/api/uploads/:uploadId/status",
  /** POST: begin a failed job again. */
  uploadRetry: "/api/uploads/:uploadId/retry",
  /** GET: the best rendition as one file. */
  videoDownload: "/api/videos/:videoId/download",
  uploadEvents: "/api/uploads/:uploadId/events",
  /** Of the metadata server under `--lab`: PUT sets an emulated network, GET lists, DELETE takes back (`?session=NAME`; empty: that of everybody; without: all). */
  labNetwork: "/api/lab/network",
  /** Of the metadata server under `--lab`: GET what runs and ran, POST starts, DELETE cancels. */
  bench: "/api/bench",
  benchEvents: "/api/bench/events",
  benchReportJson: "/api/bench/reports/:runId/report.json",
  benchReportHtml: "/api/bench/reports/:runId/report.html",
  /** Of a node under `--lab`: PUT its part of a session's network, DELETE as above. */
  nodeLabNetwork: "/lab/network",
  /** Of a node under `--lab`: what it sent to a session (`?session=NAME`). */
  nodeLabBytes: "/lab/bytes",
} as const;

export const PATHS = {
  chunk: (hash: ChunkHash) => `/chunks/${hash}`,
  shard: (hash: ChunkHash, shard: number) => `/chunks/${hash}/shards/${shard}`,
  nodeHeartbeat: (nodeId: NodeId) => `/api/nodes/${nodeId}/heartbeat`,
  nodeDrain: (nodeId: NodeId) => `/api/nodes/${nodeId}/drain`,
  /** @param position its text */
  consensusPosition: (position: string) => `/api/consensus/positions/${encodeURIComponent(position)}`,
  video: (videoId: VideoId) => `/api/videos/${videoId}`,
  manifest: (videoId: VideoId, rendition: RenditionId, from: number) =>
    `/api/videos/${videoId}/manifest?rendition=${rendition}&from=${from}`,
  views: (videoId: VideoId) => `/api/videos/${videoId}/views`,
  upload: (uploadId: string) => `/api/uploads/${encodeURIComponent(uploadId)}`,
  uploadStatus: (uploadId: string) => `/api/uploads/${encodeURIComponent(uploadId)}/status`,
  uploadEvents: (uploadId: string) => `/api/uploads/${encodeURIComponent(uploadId)}/events`,
  uploadRetry: (uploadId: string) => `/api/uploads/${encodeURIComponent(uploadId)}/retry`,
  download: (videoId: VideoId) => `/api/videos/${videoId}/download`,
  watch: (videoId: VideoId) => `/watch/${videoId}`,
  embed: (videoId: VideoId) => `/embed/${videoId}`,
  /** @param after last key of the page before, "" for the first */
  consensusStates: (group: number, after: string) =>
    `/consensus/states?group=${group}&after=${encodeURIComponent(after)}`,
  /** @param session null: that of everybody; undefined: all of them */
  clearNetwork: (route: "/api/lab/network" | "/lab/network", session: string | null | undefined) =>
    session === undefined ? route : `${route}?session=${encodeURIComponent(session ?? "")}`,
  benchReport: (runId: string, file: "report.json" | "report.html") => `/api/bench/reports/${runId}/${file}`,
  nodeBytes: (session: string) => `/lab/bytes?session=${encodeURIComponent(session)}`,
  poster: (videoId: VideoId) => `/media/${videoId}/poster.jpg`,
  masterPlaylist: (videoId: VideoId) => `/media/${videoId}/master.m3u8`,
  mediaPlaylist: (videoId: VideoId, rendition: RenditionId) => `/media/${videoId}/${rendition}/index.m3u8`,
  init: (videoId: VideoId, rendition: RenditionId) => `/media/${videoId}/${rendition}/init.mp4`,
  segment: (videoId: VideoId, rendition: RenditionId, seq: number) => `/media/${videoId}/${rendition}/${seq}.m4s`,
  subtitles: (videoId: VideoId, rendition: RenditionId) => `/media/${videoId}/${rendition}/0.vtt`,
} as const;

/** What a media address asks for. */
export type MediaAddress =
  | { readonly asks: "master"; readonly videoId: VideoId }
  | { readonly asks: "playlist"; readonly videoId: VideoId; readonly rendition: RenditionId }
  | { readonly asks: "init"; readonly videoId: VideoId; readonly rendition: RenditionId }
  | { readonly asks: "segment"; readonly videoId: VideoId; readonly rendition: RenditionId; readonly seq: number }
  /** The one segment of a subtitles rendition. */
  | { readonly asks: "subtitles"; readonly videoId: VideoId; readonly rendition: RenditionId }
  | { readonly asks: "poster"; readonly videoId: VideoId };

/** Reads a path below `/media/`; undefined when it is no media address. The query is not part of the path. */
export function parseMediaPath(path: string): MediaAddress | undefined {
  const [empty, media, video, second, third, ...rest] = path.split("/");
  if (empty !== "" || media !== "media" || second === undefined || rest.length > 0) return undefined;
  const videoId = parseVideoId(video ?? "");
  if (videoId === undefined) return undefined;
  if (third === undefined) {
    if (second === "poster.jpg") return { asks: "poster", videoId };
    return second === "master.m3u8" ? { asks: "master", videoId } : undefined;
  }
  const rendition = parseRenditionId(second);
  if (rendition === undefined) return undefined;
  if (third === "index.m3u8") return { asks: "playlist", videoId, rendition };
  if (third === "init.mp4") return { asks: "init", videoId, rendition };
  if (third === "0.vtt") return { asks: "subtitles", videoId, rendition };
  const seq = third.endsWith(".m4s") ? parseSeq(third.slice(0, -4)) : undefined;
  return seq === undefined ? undefined : { asks: "segment", videoId, rendition, seq };
}

/** Query parameters. A custom header would cost a preflight per node address; a query does not. */
export const QUERY = {
  /** Names the player that asks; keeps strategy, playhead and traces of two players apart. */
  session: "session",
  strategy: "strategy",
  /** Names one request of the player, so that a message can abort it. */
  request: "request",
  /** What a player believes the network to carry, bits per second; it asks for the multivariant playlist with it. */
  bandwidth: "bandwidth",
  capability: "capability",
  position: "position",
  /** `gateway` keeps the worker's own request to the gateway from being intercepted. */
  via: "via",
} as const;
