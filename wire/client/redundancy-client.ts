/** Asking the metadata server about redundancy and storage. Used by page and command line. */
import type { InferOutput } from "valibot";
import type { RenditionId, VideoId } from "#core/ids.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import type {
  ConfigPatch,
  CurrentForm,
  Decision,
  Efficiency,
  Override,
  Queue,
  StartAnswer,
} from "#wire/contract/redundancy-schemas.ts";
import {
  ConfigAnswerSchema,
  CurrentFormSchema,
  DecisionsAnswerSchema,
  EfficiencySchema,
  QueueSchema,
  StartAnswerSchema,
} from "#wire/contract/redundancy-schemas.ts";
import type {
  BadPiece,
  ChunkMap,
  LabPiece,
  Overhead,
  StorageVideos,
  VideoStorageSort,
} from "#wire/contract/storage-schemas.ts";
import {
  BadPieceAnswerSchema,
  ChunkMapSchema,
  LabPieceAnswerSchema,
  OverheadSchema,
  StorageVideosSchema,
} from "#wire/contract/storage-schemas.ts";
import { askJson } from "./http.ts";

export type ConfigAnswer = InferOutput<typeof ConfigAnswerSchema>;

/** Counting waits for the inventories of all nodes. */
const COUNT_DEADLINE_MS = 30_000;

export interface MapQuery {
  readonly videoId: VideoId;
  /** The first one when null. */
  readonly rendition: RenditionId | null;
  readonly from: number;
  readonly limit: number;
}

/**
 * Every question is refused with `unavailable` by a server that does not look after redundancy.
 *
 * @param baseUrl origin of the metadata server, without a slash at its end; "" asks the page's own origin
 */
export function redundancyClient(baseUrl: string) {
  const send = (method: "PUT" | "POST", body: unknown, signal: AbortSignal) => ({
    ...{ method, signal, body: JSON.stringify(body) },
    headers: { "content-type": "application/json" },
  });
  return {
    config(signal: AbortSignal): Promise<ConfigAnswer> {
      return askJson(`${baseUrl}${ROUTES.redundancyConfig}`, ConfigAnswerSchema, { signal });
    },
    /** @throws VStackError `bad-request` when the settings do not fit each other */
    setConfig(patch: ConfigPatch, signal: AbortSignal): Promise<ConfigAnswer> {
      return askJson(`${baseUrl}${ROUTES.redundancyConfig}`, ConfigAnswerSchema, send("PUT", patch, signal));
    },
    override(videoId: VideoId, form: Override, signal: AbortSignal): Promise<CurrentForm> {
      const path = `${baseUrl}${PATHS.redundancyOverride(videoId)}`;
      return askJson(path, CurrentFormSchema, send("PUT", { form }, signal));
    },
    async decisions(limit: number, signal: AbortSignal): Promise<readonly Decision[]> {
      const path = `${baseUrl}${ROUTES.redundancyDecisions}?limit=${limit}`;
      return (await askJson(path, DecisionsAnswerSchema, { signal })).decisions;
    },
    efficiency(signal: AbortSignal): Promise<Efficiency> {
      return askJson(`${baseUrl}${ROUTES.redundancyEfficiency}`, EfficiencySchema, { signal });
    },
    queue(signal: AbortSignal): Promise<Queue> {
      return askJson(`${baseUrl}${ROUTES.redundancyQueue}`, QueueSchema, { signal });
    },
    start(what: "repair" | "scrub", signal: AbortSignal): Promise<StartAnswer> {
      const route = what === "repair" ? ROUTES.redundancyRepair : ROUTES.redundancyScrub;
      return askJson(`${baseUrl}${route}`, StartAnswerSchema, { method: "POST", signal });
    },
    overhead(signal: AbortSignal): Promise<Overhead> {
      const path = `${baseUrl}${ROUTES.storageOverhead}`;
      return askJson(path, OverheadSchema, { signal, deadlineMs: COUNT_DEADLINE_MS });
    },
    storageVideos(
      { from, limit, sort }: { from: number; limit: number; sort: VideoStorageSort },
      signal: AbortSignal,
    ): Promise<StorageVideos> {
      const path = `${baseUrl}${ROUTES.storageVideos}?from=${from}&limit=${limit}&sort=${sort}`;
      return askJson(path, StorageVideosSchema, { signal, deadlineMs: COUNT_DEADLINE_MS });
    },
    chunkMap({ videoId, rendition, from, limit }: MapQuery, signal: AbortSignal): Promise<ChunkMap> {
      const of = rendition === null ? "" : `rendition=${rendition}&`;
      const path = `${baseUrl}${PATHS.chunkMap(videoId)}?${of}from=${from}&limit=${limit}`;
      return askJson(path, ChunkMapSchema, { signal, deadlineMs: COUNT_DEADLINE_MS });
    },
    /** Says that a piece had wrong bytes. @returns whether it will be checked */
    async report(piece: BadPiece, signal: AbortSignal): Promise<boolean> {
      const path = `${baseUrl}${ROUTES.storageReports}`;
      return (await askJson(path, BadPieceAnswerSchema, send("POST", piece, signal))).willCheck;
    },
    /** @throws VStackError `not-found` when the cluster was not started with `--lab`, or the piece is not there */
    async damage(piece: LabPiece, signal: AbortSignal): Promise<void> {
      await askJson(`${baseUrl}${ROUTES.labPieces}`, LabPieceAnswerSchema, send("POST", piece, signal));
    },
  };
}
