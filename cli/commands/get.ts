/**
 * `vstack get`: fetches a video from the nodes through the same scheduler as the browser, verifies every block, and writes
 * one playable file (the init segment and all media segments of one rendition, ISO/IEC 14496-12 fragments).
 */
import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import type { VideoId } from "#core/ids.ts";
import { sha256 } from "#wire/client/digest.ts";
import { liveFetch } from "#wire/client/http.ts";
import { liveClock, liveRandom } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import type { ManifestEntry, ManifestPage, Rendition, Video } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import type { SegmentFetchPorts } from "#wire/exchange/segment-fetch.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { memoryEstimates } from "#wire/exchange/memory-estimates.ts";
import { OpenFetches } from "#wire/exchange/open-fetches.ts";
import type { PieceReports } from "#wire/exchange/piece-reports.ts";
import { pieceReports } from "#wire/exchange/piece-reports.ts";
import { interrupted } from "../interrupted.ts";
import { bytesText, printJson, printLine, startProgress } from "../print.ts";

export interface GetOptions {
  readonly url: string;
  readonly output: string;
  readonly rendition?: string;
  readonly strategy: StrategyName;
  readonly json: boolean;
}

export async function get(videoId: VideoId, options: GetOptions): Promise<void> {
  const signal = interrupted();
  const client = metadataClient(options.url);
  const video = await client.video(videoId, signal);
  const rendition = chooseRendition(video, options.rendition);
  const session = randomUUID();
  const partial = `${options.output}.${session.slice(0, 8)}.part`;
  const progress = startProgress({ quiet: options.json });
  const reports = pieceReports(
    { clock: liveClock, send: (piece, stop) => redundancyClient(options.url).report(piece, stop) },
    signal,
  );
  const ports = fetchPorts(reports.saw);
  const startedMs = liveClock.nowMs();
  const file = await open(partial, "wx").catch((cause: unknown) => {
    throw new VStackError(
      "unavailable",
      `Cannot write "${options.output}": does its folder exist, and may you write there?`,
      {
        cause,
      },
    );
  });
  let writtenBytes = 0;
  try {
    let seq = 0;
    do {
      const page = await client.manifestPage({ videoId, rendition: rendition.id, from: seq }, signal);
      if (page.segments.length === 0 && page.total > seq) throw emptyPage(page, seq);
      const pieces = seq === 0 ? [page.init, ...page.segments] : page.segments;
      for (const entry of pieces) {
        const slot = entry === page.init ? "init" : "segment";
        for await (const bytes of verifiedBytes(page, entry, { slot, session, options, ports, signal })) {
          await file.write(bytes);
          writtenBytes += bytes.length;
        }
        progress.show(
          `Getting ${video.title}`,
          writtenBytes / Math.max(1, rendition.sizeBytes),
          bytesText(writtenBytes),
        );
      }
      seq += page.segments.length;
    } while (seq < rendition.segmentCount);
    await file.sync();
    await file.close();
    await rename(partial, options.output);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  } finally {
    progress.end();
  }
  const seconds = (liveClock.nowMs() - startedMs) / 1000;
  if (options.json)
    printJson({ id: videoId, rendition: rendition.id, file: options.output, sizeBytes: writtenBytes, seconds });
  else
    printLine(
      `${options.output}: ${bytesText(writtenBytes)} of rendition ${rendition.id} in ${seconds.toFixed(1)} s, verified`,
    );
}

function chooseRendition(video: Video, wanted: string | undefined): Rendition {
  if (video.state !== "ready") {
    throw new VStackError(
      "not-ready",
      `Cannot get "${video.title}" as it is ${video.state}: ${video.failure ?? "wait until it is ready"}`,
    );
  }
  const byQuality = [...video.renditions].sort((a, b) => b.averageBitsPerSecond - a.averageBitsPerSecond);
  const chosen = wanted === undefined ? byQuality[0] : byQuality.find((rendition) => rendition.id === wanted);
  if (chosen !== undefined) return chosen;
  const known = byQuality.map((rendition) => rendition.id).join(", ");
  throw new VStackError("not-found", `Cannot get rendition "${wanted ?? ""}" as the video has: ${known}`);
}

interface PieceContext {
  readonly slot: "init" | "segment";
  readonly session: string;
  readonly options: GetOptions;
  readonly ports: SegmentFetchPorts;
  readonly signal: AbortSignal;
}

async function* verifiedBytes(
  page: ManifestPage,
  entry: ManifestEntry,
  context: PieceContext,
): AsyncGenerator<Uint8Array> {
  const running = fetchSegment(
    {
      traceId: randomUUID(),
      session: context.session,
      strategy: context.options.strategy,
      driver: "cli",
      videoId: page.videoId,
      rendition: page.rendition,
      slot: context.slot,
      entry,
      nodeUrls: new Map(page.nodes.map((node) => [node.id, node.url])),
      slackSeconds: null,
    },
    context.ports,
  );
  const giveUp = () => {
    running.cancel("interrupted");
  };
  context.signal.addEventListener("abort", giveUp, { once: true });
  try {
    const reader = running.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    context.signal.removeEventListener("abort", giveUp);
    giveUp();
  }
}

function fetchPorts(onBadPiece: PieceReports["saw"]): SegmentFetchPorts {
  const own = { estimates: memoryEstimates(), openFetches: new OpenFetches(), onBadPiece };
  return { clock: liveClock, random: liveRandom, fetch: liveFetch, digest: sha256, ...own };
}

function emptyPage(page: ManifestPage, seq: number): VStackError {
  return new VStackError("bad-answer", `Cannot go on at segment ${seq} of ${page.total} as the server's page is empty`);
}
